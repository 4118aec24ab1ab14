"""Results of models by series, and what the reader says to each finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medviewer.core.finding import ClassScore, Finding, Review
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.core.words import Words

if TYPE_CHECKING:
    from medviewer.inference.run import RunResult


class ResultStore:
    """Runs as they came, untouched; reviews lie beside them and are put in when findings are asked for."""

    changed = Signal(str)
    """Runs, reviews or edits of that series."""
    chosen_changed = Signal()
    map_changed = Signal(str)
    """The saliency map over that series."""

    def __init__(self) -> None:
        self._runs: dict[str, list[RunResult]] = {}
        self._reviews: dict[tuple[str, str], Review] = {}
        self._edits: dict[tuple[str, str], dict[str, Any]] = {}
        self._maps: dict[str, SaliencyMap] = {}
        self._findings: dict[str, list[Finding]] = {}
        self.chosen: tuple[str, str] | None = None
        """(series key, finding id) of the finding that is looked at."""
        self.titles: dict[str, Words] = {}
        """How the packages that ran title their labels."""

    def add(self, key: str, result: RunResult) -> None:
        """A run's outcome; it takes the place of an earlier run of the same model on that series."""
        name = run_name(result)
        runs = self._runs.setdefault(key, [])
        at = next((n for n, r in enumerate(runs) if name and run_name(r) == name), None)
        if at is None:
            runs.append(result)
        else:
            runs[at] = result
        self._findings.pop(key, None)
        if self.chosen and self.chosen[0] == key and self.get(*self.chosen) is None:
            self.choose(None)
        self.changed.emit(key)

    def remove(self, key: str, result: RunResult) -> None:
        self._runs[key] = [r for r in self._runs.get(key, []) if r is not result]
        self._findings.pop(key, None)
        self.changed.emit(key)

    def title(self, label: str) -> Words:
        """A label as it is read: its package's title, a number behind it kept ("nodule 3"), else the label itself."""
        name, _, number = label.rpartition(" ")
        if label not in self.titles and name in self.titles and number.isdigit():
            words = self.titles[name]
            return Words(f"{words.en} {number}", f"{words.zh} {number}")
        return self.titles.get(label, Words(label, label))

    def of(self, key: str | None) -> list[RunResult]:
        return list(self._runs.get(key, ())) if key is not None else []

    def series_keys(self) -> list[str]:
        """The series that have results."""
        return [key for key, runs in self._runs.items() if runs]

    def findings(self, key: str | None) -> list[Finding]:
        """All findings of a series, most probable first, with the reader's reviews and edits."""
        if key is None:
            return []
        if key not in self._findings:
            found = [self._with_review(key, f) for run in self._runs.get(key, []) for f in run.findings]
            found.sort(key=lambda f: -(f.probability if f.probability is not None else 2.0))
            self._findings[key] = found
        return list(self._findings[key])

    def classes(self, key: str | None) -> list[ClassScore]:
        return [c for run in self.of(key) for c in run.classes]

    def segmentations(self, key: str | None) -> list[Segmentation]:
        return [run.segmentation for run in self.of(key) if run.segmentation is not None]

    def get(self, key: str, finding_id: str) -> Finding | None:
        return next((f for f in self.findings(key) if f.id == finding_id), None)

    def choose(self, key: str | None, finding_id: str | None = None) -> None:
        """Which finding is looked at; does not move any pane (see `finding_navigation.go_to`)."""
        chosen = (key, finding_id) if key is not None and finding_id is not None else None
        if chosen != self.chosen:
            self.chosen = chosen
            self.chosen_changed.emit()

    @property
    def chosen_finding(self) -> Finding | None:
        return self.get(*self.chosen) if self.chosen else None

    def review_of(self, key: str, finding_id: str) -> Review:
        return self._reviews.get((key, finding_id), Review())

    def put_review(self, key: str, finding_id: str, review: Review) -> None:
        """Not undoable: commands call this."""
        self._reviews[key, finding_id] = review
        self._findings.pop(key, None)
        self.changed.emit(key)

    def edits_of(self, key: str, finding_id: str) -> dict[str, Any]:
        return dict(self._edits.get((key, finding_id), {}))

    def put_edits(self, key: str, finding_id: str, edits: dict[str, Any]) -> None:
        """Fields of a finding that the reader changed ("label", "diameter_mm"). Not undoable: commands call."""
        self._edits[key, finding_id] = dict(edits)
        self._findings.pop(key, None)
        self.changed.emit(key)

    def reviewed(self, key: str | None) -> tuple[int, int]:
        """(findings that were accepted, rejected or edited, all findings) of a series."""
        findings = self.findings(key)
        return sum(f.review.state != "open" for f in findings), len(findings)

    def map_of(self, key: str | None) -> SaliencyMap | None:
        return self._maps.get(key) if key is not None else None

    def show_map(self, key: str, saliency: SaliencyMap | None) -> None:
        """Put a map over a series, or take it away."""
        if saliency is None:
            self._maps.pop(key, None)
        else:
            self._maps[key] = saliency
        self.map_changed.emit(key)

    def _with_review(self, key: str, finding: Finding) -> Finding:
        edits = self._edits.get((key, finding.id))
        review = self._reviews.get((key, finding.id))
        if edits:
            finding = replace(finding, **edits)
        return replace(finding, review=review) if review is not None else finding


def run_name(result: Any) -> str:
    """Which model made it; "" where the result does not say so."""
    model = getattr(result, "model", None) or {}
    findings: Sequence[Finding] = getattr(result, "findings", ())
    return str(model.get("name") or (findings[0].source.name if findings else ""))
