"""Why: the map of a label or finding, computed in a job, and what is known of how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Job, Progress
from medviewer.core.segmentation import SaliencyMap
from medviewer.core.units import length_text
from medviewer.core.words import Words
from medviewer.ui.jobs import Jobs
from medviewer.ui.running import ModelRuns
from medviewer.ui.settings import Settings
from medviewer.ui.thread_bridge import ThreadBridge
from medviewer.workspace.workspace import Workspace

if TYPE_CHECKING:
    from medviewer.inference.package import ModelPackage
    from medviewer.inference.run import RunResult

WHY = Words("Why: {what}", "依据：{what}")
TARGET = Words("{n} {what}", "{n} {what}")


@dataclass(frozen=True, eq=False)
class Target:
    """What can be explained: a label of a film, or a finding. id: label name, or finding id."""

    id: str
    words: Words
    package: ModelPackage
    result: RunResult
    is_finding: bool


class Explaining(QObject):
    """Targets of the series looked at, the map on show and the job that makes one."""

    changed = Signal()

    def __init__(
        self, workspace: Workspace, runs: ModelRuns, jobs: Jobs, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._workspace, self._runs, self._jobs, self._settings = workspace, runs, jobs, settings
        self._bridge = ThreadBridge(self)
        self._job: Job[SaliencyMap] | None = None
        self._maps: dict[tuple[str, str, str, str], SaliencyMap] = {}
        self._chosen: dict[str, str] = {}
        self._methods: dict[str, str] = {}
        self.measured: set[int] = set()
        """ids of maps whose figures are there."""
        self.fault: MedViewerError | None = None
        workspace.results.changed.connect(self._on_results)
        workspace.results.chosen_changed.connect(self._on_chosen)
        workspace.results.map_changed.connect(lambda *_: self.changed.emit())
        workspace.active_changed.connect(lambda *_: self.changed.emit())
        runs.changed.connect(self.changed.emit)
        jobs.progressed.connect(self._on_job)

    # ---- what can be explained

    @property
    def key(self) -> str | None:
        return self._workspace.active_key

    def results_here(self) -> list[RunResult]:
        return self._workspace.results.of(self.key)

    def targets(self) -> list[Target]:
        """Of the series looked at: labels by probability, findings in the list's order."""
        found: list[Target] = []
        if self.key is None:
            return found
        for result in self.results_here():
            package = self._runs.package(result.model.get("name", ""))
            if package is None or package.spec.saliency is None:
                continue
            for score in sorted(result.classes, key=lambda c: -c.probability):
                words = self._runs.label_words(result, score.label)
                found.append(Target(score.label, words, package, result, False))
        listed = self._workspace.results.findings(self.key)
        for n, finding in enumerate(listed, 1):
            owner = next(
                (r for r in self.results_here() if any(f.id == finding.id for f in r.findings)), None
            )
            package = self._runs.package(owner.model.get("name", "")) if owner else None
            if owner is None or package is None or package.spec.saliency is None:
                continue
            size = f" {length_text(finding.diameter_mm)}" if finding.diameter_mm else ""
            title = self._runs.label_words(owner, finding.label)
            words = TARGET.format(n=n, what=Words(title.en + size, title.zh + size))
            found.append(Target(finding.id, words, package, owner, True))
        return found

    @property
    def target(self) -> Target | None:
        """The one chosen, else the first."""
        listed = self.targets()
        wanted = self._chosen.get(self.key or "")
        return next((t for t in listed if t.id == wanted), listed[0] if listed else None)

    def choose(self, target_id: str) -> None:
        """Explain that one next; a map that is there already is shown at once."""
        if self.key is None or self._chosen.get(self.key) == target_id:
            return
        self._chosen[self.key] = target_id
        self._show_known()
        self.changed.emit()

    def methods(self) -> list[str]:
        target = self.target
        spec = target.package.spec.saliency if target else None
        return list(spec.methods) if spec else []

    @property
    def method(self) -> str:
        target = self.target
        spec = target.package.spec.saliency if target else None
        if target is None or spec is None:
            return ""
        wanted = self._methods.get(target.package.name, spec.default)
        return wanted if wanted in spec.methods else spec.default

    def choose_method(self, method: str) -> None:
        target = self.target
        if target is not None and method != self.method:
            self._methods[target.package.name] = method
            self._show_known()
            self.changed.emit()

    @property
    def map(self) -> SaliencyMap | None:
        """The map of the chosen target and method, where it was made."""
        return self._maps.get(self._place())

    def package_without_maps(self) -> Words | None:
        """Title of a model that ran here and gives no map."""
        for result in self.results_here():
            package = self._runs.package(result.model.get("name", ""))
            if package is not None and package.spec.saliency is None:
                return package.spec.title
        return None

    def _place(self) -> tuple[str, str, str, str]:
        target = self.target
        if target is None:
            return ("", "", "", "")
        run_id = str(target.result.manifest.get("run_id", id(target.result)))
        return (self.key or "", f"{target.package.name}/{run_id}", target.id, self.method)

    # ---- making one

    @property
    def running(self) -> Progress | None:
        return self._job.progress if self._job is not None else None

    def explain(self) -> None:
        """Make the map of the chosen target; what is known already is only shown."""
        target, key = self.target, self.key
        if target is None or key is None:
            return
        if self.map is not None and id(self.map) in self.measured:
            self._show_known()
            return
        loaded = self._workspace.volumes.get(key)
        if loaded is None:
            return
        self.cancel()
        self.fault = None
        place, method, device = self._place(), self.method, self._settings.device

        def arrived(found: SaliencyMap) -> None:
            self._maps[place] = found
            if place == self._place():
                self._workspace.results.show_map(key, found)

        def work(progress: Progress) -> SaliencyMap:
            from medviewer.inference.explain import explain

            options: dict[str, Any] = {"finding": target.id} if target.is_finding else {"label": target.id}
            return explain(
                target.package, loaded.volume, progress, method=method, run_result=target.result, device=device,
                on_map=lambda found: self._bridge.call_soon(lambda: arrived(found)), **options,
            )  # fmt: skip

        def done(found: SaliencyMap) -> None:
            self._job = None
            self.measured.add(id(found))
            arrived(found)
            self.changed.emit()

        def failed(fault: MedViewerError) -> None:
            if self._job is job:
                self._job = None
            if not isinstance(fault, Cancelled):
                self.fault = fault
            self.changed.emit()

        job = self._jobs.run("explain", WHY.format(what=target.words), work, done, failed)
        self._job = job
        self.changed.emit()

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.changed.emit()

    def show_on_image(self, on: bool) -> None:
        """Put the map over the image, or take it away."""
        if self.key is not None:
            self._workspace.results.show_map(self.key, self.map if on else None)

    @property
    def is_on_image(self) -> bool:
        return self.map is not None and self._workspace.results.map_of(self.key) is self.map

    def _show_known(self) -> None:
        if self.key is not None:
            self._workspace.results.show_map(self.key, self.map)

    def _on_results(self, key: str) -> None:
        self.changed.emit()

    def _on_chosen(self) -> None:
        chosen = self._workspace.results.chosen
        if chosen is not None:
            self._chosen[chosen[0]] = chosen[1]
            if chosen[0] == self.key and self._workspace.results.map_of(self.key) is not None:
                self._show_known()
        self.changed.emit()

    def _on_job(self, job: Job[Any]) -> None:
        if job is self._job:
            self.changed.emit()
