"""Which models there are, which fit the series looked at, and running those that are ticked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Job, JobState, Progress
from medviewer.core.words import Words
from medviewer.io.study import SeriesInfo
from medviewer.logs import plain
from medviewer.ui.jobs import Jobs
from medviewer.ui.settings import Settings
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.workspace import Workspace

if TYPE_CHECKING:
    from medviewer.inference.package import BrokenPackage, ModelPackage
    from medviewer.inference.run import RunResult
    from medviewer.inference.spec import ViewerSpec

LOG = logging.getLogger("medviewer.ui.running")
FIND = Words("Looking for models", "正在查找模型")
GONE = Words("The series was closed before the model could run.", "模型运行前序列已关闭。")
State = Literal["ready", "unfit", "broken", "waiting", "running", "done", "failed"]


@dataclass
class Row:
    """One model against the series looked at. words: reason, estimate, outcome, by state."""

    name: str
    title: Words
    version: str
    state: State
    words: Words
    share: float = 0.0
    seconds_left: float | None = None
    ticked: bool = False
    package: ModelPackage | None = None


class ModelRuns(QObject):
    """State of all runs; `changed` when any row may read differently."""

    changed = Signal()
    finished = Signal(str, object)
    """Series key and RunResult of a run that ended well."""

    def __init__(self, workspace: Workspace, jobs: Jobs, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._jobs, self._settings = workspace, jobs, settings
        self.packages: list[ModelPackage | BrokenPackage] = []
        self.searched = False
        self._unticked: set[tuple[str, str]] = set()
        self._jobs_of: dict[tuple[str, str], Job[RunResult]] = {}
        self._ended: dict[tuple[str, str], Words] = {}
        self._failed: dict[tuple[str, str], MedViewerError] = {}
        self._fits: dict[tuple[str, str, bool], tuple[bool, Words]] = {}
        self._asked: set[tuple[str, str, bool]] = set()
        self._all_ended: list[Callable[[], None]] = []
        jobs.progressed.connect(self._on_job)
        jobs.started.connect(self._on_job)
        workspace.volume_changed.connect(lambda *_: self.changed.emit())
        workspace.active_changed.connect(lambda *_: self.changed.emit())
        workspace.pane_changed.connect(self._on_pane)
        self._key: str | None = None

    def look_for_packages(self, then: Callable[[], None] | None = None) -> None:
        """Read the packages in a job (again)."""

        def work(_: Progress) -> list[ModelPackage | BrokenPackage]:
            from medviewer.inference.package import find_packages

            return find_packages()

        def done(found: list[ModelPackage | BrokenPackage]) -> None:
            self.packages, self.searched = found, True
            self._fits.clear()
            self._asked.clear()
            self.changed.emit()
            if then is not None:
                then()

        self._jobs.run("check", FIND, work, done, quiet=True)

    def add_packages(self, packages: list[ModelPackage]) -> None:
        """Packages that lie elsewhere, from now on offered too."""
        known = {p.name for p in self.packages}
        self.packages += [p for p in packages if p.name not in known]
        self._fits.clear()
        self.changed.emit()

    def package(self, name: str) -> ModelPackage | None:
        from medviewer.inference.package import ModelPackage

        return next((p for p in self.packages if isinstance(p, ModelPackage) and p.name == name), None)

    def spec_of(self, result: RunResult) -> ViewerSpec | None:
        """The spec of the package that made a result, where it is still here."""
        package = self.package(result.model.get("name", ""))
        return package.spec if package else None

    def label_words(self, result: RunResult, label: str) -> Words:
        """A label as its package titles it."""
        spec = self.spec_of(result)
        found = spec.label(label) if spec else None
        return found.title if found else self._workspace.results.title(label)

    # ---- rows

    def rows(self, key: str | None = None) -> list[Row]:
        """Models that fit the series first, then those that do not with the reason."""
        if not self.packages:
            return []
        key = key or self._workspace.active_key
        found = [self._row(key, package) for package in self.packages]
        return sorted(found, key=lambda row: row.state in ("unfit", "broken"))

    def _row(self, key: str | None, package: ModelPackage | BrokenPackage) -> Row:
        from medviewer.inference.package import ModelPackage

        if not isinstance(package, ModelPackage):
            name = Words(package.name, package.name)
            return Row(package.name, name, "", "broken", package.error.sentence)
        spec = package.spec
        row = Row(package.name, spec.title, spec.version, "unfit", Words("", ""), package=package)
        ok, reason = self._fit(key, package)
        if key is None or not ok:
            row.words = reason
            return row
        pair = (key, package.name)
        row.ticked = pair not in self._unticked
        job = self._jobs_of.get(pair)
        if job is not None:
            row.state = "waiting" if job.state is JobState.WAITING else "running"
            row.share, row.seconds_left = job.progress.share, job.progress.seconds_left
            row.words = job.progress.words or Words("Starting", "正在启动")
            if row.state == "waiting":
                row.words = Words("Waiting", "等待中")
        elif pair in self._failed:
            row.state, row.words = "failed", self._failed[pair].sentence
        elif pair in self._ended:
            row.state, row.words = "done", self._ended[pair]
        else:
            row.state, row.words = "ready", self._estimate(key, package)
        if row.state == "done":
            row.ticked = False
        return row

    def _fit(self, key: str | None, package: ModelPackage) -> tuple[bool, Words]:
        from medviewer.inference.fit import fits

        if key is None:
            return False, Words("No series is open", "未打开序列")
        loaded = self._workspace.volumes.get(key)
        whole = loaded is not None and loaded.done and loaded.error is None
        place = (key, package.name, whole)
        if place in self._fits:
            return self._fits[place]
        info = self._workspace.studies.get(key)
        if loaded is not None and whole and (info is None or not info.modality):
            self._ask_voxels(place, package, loaded)
            place = (key, package.name, False)
            if place in self._fits:
                return self._fits[place]
        of: Any = info if info is not None else loaded.volume if loaded is not None else None
        if of is None:
            return False, Words("No series is open", "未打开序列")
        fit = fits(package.spec, of)
        self._fits[place] = (fit.ok, fit.reason)
        return self._fits[place]

    def _ask_voxels(self, place: tuple[str, str, bool], package: ModelPackage, loaded: LoadedSeries) -> None:
        """A file without a Modality is judged by all its values, in a job; until then by its header."""
        if place in self._asked:
            return
        self._asked.add(place)

        def work(_: Progress) -> tuple[bool, Words]:
            from medviewer.inference.fit import fits

            fit = fits(package.spec, loaded.volume)
            return fit.ok, fit.reason

        def done(told: tuple[bool, Words]) -> None:
            self._fits[place] = told
            self.changed.emit()

        self._jobs.run("check", FIND, work, done, quiet=True)

    def _estimate(self, key: str, package: ModelPackage) -> Words:
        series = self._workspace.studies.get(key)
        if series is None:
            return Words("Ready", "就绪")
        seconds = estimate_s(package.spec, series)
        if seconds < 90:
            return Words("About {n} s on this CPU", "在本机 CPU 上约 {n} 秒").format(n=max(1, round(seconds)))
        return Words("About {n} min on this CPU", "在本机 CPU 上约 {n} 分钟").format(n=round(seconds / 60))

    def tick(self, name: str, on: bool) -> None:
        """Tick or untick a model for the series looked at."""
        key = self._workspace.active_key
        if key is not None:
            (self._unticked.discard if on else self._unticked.add)((key, name))
            if on:
                self._ended.pop((key, name), None)
                self._failed.pop((key, name), None)
            self.changed.emit()

    def ticked(self) -> list[Row]:
        return [row for row in self.rows() if row.ticked and row.state in ("ready", "failed")]

    # ---- running

    def run_ticked(self) -> None:
        """Run the ticked models that fit, one after the other."""
        key = self._workspace.active_key
        for row in self.ticked():
            if key is not None and row.package is not None:
                self.run(key, row.package)

    def run(self, key: str, package: ModelPackage, then: Callable[[], None] | None = None) -> None:
        """Run one model on a series in a job; it waits for the voxels where they still arrive."""
        pair = (key, package.name)
        if pair in self._jobs_of:
            return
        self._failed.pop(pair, None)
        self._ended.pop(pair, None)
        device = self._settings.device

        def work(progress: Progress) -> RunResult:
            from medviewer.inference.run import RunRequest, run

            loaded = self._wait_for(key, progress)
            return run(RunRequest(package, loaded.volume, device), progress)

        def done(result: RunResult) -> None:
            self._jobs_of.pop(pair, None)
            when = datetime.now().strftime("%H:%M")
            self._ended[pair] = Words("Done {t} · {s} s · {d}", "{t} 完成 · {s} 秒 · {d}").format(
                t=when, s=_seconds(result.seconds), d=result.device.upper()
            )
            LOG.info("run %s on %s: %d findings in %.1f s on %s", plain(package.name), key, len(result.findings),
                     result.seconds, plain(result.device))  # fmt: skip
            self._workspace.results.titles.update({label.name: label.title for label in package.spec.labels})
            self._workspace.results.add(key, result)
            self.changed.emit()
            self.finished.emit(key, result)
            self._tell_ended(then)

        def failed(fault: MedViewerError) -> None:
            self._jobs_of.pop(pair, None)
            if not isinstance(fault, Cancelled):
                self._failed[pair] = fault
            LOG.info("run %s ended: %s", plain(package.name), plain(fault.code))
            self.changed.emit()
            self._tell_ended(then)

        self._jobs_of[pair] = self._jobs.run("model", package.spec.title, work, done, failed)
        self.changed.emit()

    def run_again(self, package: ModelPackage) -> None:
        """Run that model on the series looked at once more."""
        key = self._workspace.active_key
        if key is not None:
            self.run(key, package)

    def _wait_for(self, key: str, progress: Progress) -> LoadedSeries:
        while True:
            progress.check()
            loaded = self._workspace.volumes.get(key)
            if loaded is not None and loaded.done:
                if loaded.error is not None:
                    raise loaded.error
                return loaded
            if loaded is None and key in self._workspace.failures:
                raise self._workspace.failures[key]
            if self._workspace.studies.get(key) is None and loaded is None:
                raise MedViewerError("fit.series", GONE)
            time.sleep(0.02)

    def cancel(self, name: str) -> None:
        """Cancel the run of that model on the series looked at."""
        job = self._jobs_of.get((self._workspace.active_key or "", name))
        if job is not None:
            job.cancel()

    @property
    def running(self) -> bool:
        return bool(self._jobs_of)

    def when_all_ended(self, call: Callable[[], None]) -> None:
        """Call once no run waits or goes on."""
        if not self._jobs_of:
            call()
        else:
            self._all_ended.append(call)

    def _tell_ended(self, then: Callable[[], None] | None) -> None:
        if then is not None:
            then()
        if not self._jobs_of:
            calls, self._all_ended = self._all_ended, []
            for call in calls:
                call()

    def _on_job(self, job: Job[Any]) -> None:
        if job in self._jobs_of.values():
            self.changed.emit()

    def _on_pane(self, *_: object) -> None:
        if self._workspace.active_key != self._key:
            self._key = self._workspace.active_key
            self.changed.emit()


def estimate_s(spec: ViewerSpec, series: SeriesInfo) -> float:
    """Seconds on two cores by the package's own figure; an organ mask spares about half of the tiles."""
    columns, rows, slices = series.size
    high, wide = spec.input.size
    if spec.input.plane == "film" or series.kind != "volume":
        pixels = float(high * wide)
    else:
        mm = spec.input.pixel_mm or series.spacing_mm[0] or 1.0
        sx, sy = (s or mm for s in series.spacing_mm[:2])
        pixels = max(columns * sx / mm, wide) * max(rows * sy / mm, high) * slices
        pixels *= 1 / (1 - min(spec.input.overlap, 0.75)) ** 2 * (0.5 if spec.input.organ else 1.0)
    return 0.5 + pixels / 1e6 / spec.megapixels_per_s


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"
