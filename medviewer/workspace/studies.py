"""Everything that was opened: one index over all openings, growing while a scan goes on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from psygnal import Signal

from medviewer.io.study import Index, Refused, SeriesInfo


class Studies:
    """Patients, studies and series of all openings, in one order; the same key twice is the same series."""

    changed = Signal()

    def __init__(self) -> None:
        self.index = Index()
        self.opened: list[Path] = []
        """What was asked to be opened, in order: the session reopens it."""
        self._series: dict[str, SeriesInfo] = {}
        self._refused: list[Refused] = []

    def add(self, series: SeriesInfo) -> None:
        """A series became known, or more of it (while a scan goes on)."""
        self._series[series.key] = series
        self._rebuild()

    def merge(self, index: Index, paths: Iterable[Path] = ()) -> None:
        """The outcome of one opening."""
        self._series.update({s.key: s for s in index.series()})
        self._refused += [r for r in index.refused if r not in self._refused]
        self.opened += [p for p in paths if p not in self.opened]
        self._rebuild()

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._series.pop(key, None)
        self._rebuild()

    def clear(self) -> None:
        """Nothing is open any more."""
        self._series, self._refused, self.opened = {}, [], []
        self._rebuild()

    def get(self, key: str | None) -> SeriesInfo | None:
        return self._series.get(key) if key is not None else None

    def images(self) -> list[SeriesInfo]:
        """The series that a pane can show, in the browser's order."""
        return [s for s in self.index.series() if s.is_image]

    def after(self, key: str | None, step: int) -> SeriesInfo | None:
        """The series `step` places further in its own study; None at the ends."""
        return _neighbour([s for s in self.images() if s.study_uid == self._study(key)], key, step)

    def study_after(self, key: str | None, step: int) -> SeriesInfo | None:
        """The first image of the study `step` places further; None at the ends."""
        firsts: dict[tuple[tuple[str, str], str | None], SeriesInfo] = {}
        for one in self.images():
            firsts.setdefault((one.patient_key, one.study_uid), one)
        here = self.get(key)
        listed = list(firsts.values())
        own = firsts.get((here.patient_key, here.study_uid)) if here else None
        return _neighbour(listed, own.key if own else None, step)

    def _study(self, key: str | None) -> str | None:
        here = self.get(key)
        return here.study_uid if here else None

    def _rebuild(self) -> None:
        self.index = Index.of(list(self._series.values()), list(self._refused))
        self.changed.emit()


def _neighbour(listed: list[SeriesInfo], key: str | None, step: int) -> SeriesInfo | None:
    at = next((n for n, s in enumerate(listed) if s.key == key), None)
    if at is None:
        return listed[0] if listed else None
    return listed[at + step] if 0 <= at + step < len(listed) else None
