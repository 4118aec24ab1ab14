"""The demo: three synthetic studies are made and opened, the models that fit are run, the first finding is explained.

Nothing is stored: what a model misses is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.io.study import Index, SeriesInfo
from medviewer.ui.explaining import Explaining
from medviewer.ui.jobs import Jobs
from medviewer.ui.opening import Opening
from medviewer.ui.running import ModelRuns
from medviewer.workspace.workspace import Workspace

MAKE = Words("Making the demo studies", "正在生成演示检查")


class DemoTour(QObject):
    """`start(then)`; `then` is called once every run and map has ended, well or not."""

    def __init__(
        self,
        workspace: Workspace,
        jobs: Jobs,
        opening: Opening,
        runs: ModelRuns,
        explaining: Explaining,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._jobs, self._opening = workspace, jobs, opening
        self._runs, self._explaining = runs, explaining
        self._then: Callable[[], None] | None = None

    def start(
        self, then: Callable[[], None] | None = None, failed: Callable[[MedViewerError], None] | None = None
    ) -> None:
        self._then = then

        def work(progress: Progress) -> Path:
            from medviewer import paths
            from medviewer.demo.studies import make_demo

            make_demo(progress=progress)
            return paths.demo_folder()

        self._jobs.run("scan", MAKE, work, self._open, failed)

    def _open(self, folder: Path) -> None:
        self._opening.open_paths([folder], self._opened)

    def _opened(self, index: Index) -> None:
        if not self._workspace.open_keys:
            self._workspace.open_series(index.find(None).key)
        if self._runs.searched:
            self._run(index)
        else:
            self._runs.look_for_packages(lambda: self._run(index))

    def _run(self, index: Index) -> None:
        """The series looked at first, then the others."""
        listed = sorted(
            (s for s in index.series() if s.is_image), key=lambda s: s.key != self._workspace.active_key
        )
        for series in listed:
            for row in self._runs.rows(series.key):
                if row.state in ("ready", "failed") and row.package is not None:
                    self._opening.want(series.key)
                    self._runs.run(series.key, row.package, lambda s=series: self._ended(s))  # type: ignore[misc]
        self._runs.when_all_ended(self._explain)

    def _ended(self, series: SeriesInfo) -> None:
        """Take the panes to the first finding as soon as there is one where the person has not moved on."""
        if series.key != self._workspace.active_key or self._workspace.results.chosen is not None:
            return
        found = self._workspace.results.findings(series.key)
        if found:
            self._workspace.go_to_finding(series.key, found[0].id)

    def _explain(self) -> None:
        results = self._workspace.results
        if not results.of(self._workspace.active_key):
            elsewhere = next(iter(results.series_keys()), None)
            if elsewhere is not None:
                self._workspace.open_series(elsewhere)
        if self._explaining.target is None:
            self._end()
            return
        self._explaining.explain()
        self._wait()

    def _wait(self) -> None:
        if self._explaining.running is not None:
            QTimer.singleShot(100, self._wait)
        else:
            self._end()

    def _end(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()
