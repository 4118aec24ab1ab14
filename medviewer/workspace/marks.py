"""The reader's marks, by series."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from psygnal import Signal

from medviewer.core.measurement import Measurement
from medviewer.core.units import angle_text, area_text, length_text, signed, value_text
from medviewer.core.words import Words

MARK_WORDS: dict[str, Words] = {
    "length": Words("length", "长度"),
    "angle": Words("angle", "角度"),
    "ellipse": Words("ellipse", "椭圆"),
    "probe": Words("probe", "探针"),
}


class MarkStore:
    """Marks in the order in which they were made; one of them may be selected."""

    changed = Signal(str)
    """The marks of that series, or which one is selected."""

    def __init__(self) -> None:
        self._marks: dict[str, list[Measurement]] = {}
        self.selected: str | None = None

    def of(self, key: str | None) -> list[Measurement]:
        return list(self._marks.get(key, ())) if key is not None else []

    def series_keys(self) -> list[str]:
        """The series that have marks."""
        return [key for key, marks in self._marks.items() if marks]

    def get(self, mark_id: str | None) -> Measurement | None:
        return next((m for marks in self._marks.values() for m in marks if m.id == mark_id), None)

    def put(self, mark: Measurement) -> None:
        """Add it, or replace the one with its id. Not undoable: commands call this."""
        marks = self._marks.setdefault(mark.series_key, [])
        at = next((n for n, m in enumerate(marks) if m.id == mark.id), None)
        if at is None:
            marks.append(mark)
        else:
            marks[at] = mark
        self.changed.emit(mark.series_key)

    def drop(self, mark: Measurement) -> None:
        """Take it away. Not undoable: commands call this."""
        marks = self._marks.get(mark.series_key, [])
        self._marks[mark.series_key] = [m for m in marks if m.id != mark.id]
        if self.selected == mark.id:
            self.selected = None
        self.changed.emit(mark.series_key)

    def restore(self, marks: Iterable[Measurement]) -> None:
        for mark in marks:
            self.put(mark)

    def select(self, mark_id: str | None) -> None:
        if mark_id == self.selected:
            return
        before, self.selected = self.get(self.selected), mark_id
        for mark in {m.series_key for m in (before, self.get(mark_id)) if m is not None}:
            self.changed.emit(mark)


def mark_lines(mark: Measurement, full: bool = False) -> list[str]:
    """What is written beside a mark; figures only, alike in both languages. full: range and number of voxels too."""
    told = mark.statistics
    if mark.kind == "length":
        return [length_text(mark.length, mark.unit)]
    if mark.kind == "angle":
        return [angle_text(mark.angle_deg)]
    if mark.kind == "probe":
        return [value_text(told.get("value"), str(told.get("unit", "")))]
    area = area_text(mark.area, mark.unit)
    if not told.get("n"):
        return [area]
    unit = str(told["unit"])
    sd = float(told["sd"])
    digits = 0 if unit == "HU" or sd >= 100 else max(0, 2 - int(np.floor(np.log10(sd)))) if sd > 0 else 0
    lines = [f"{value_text(told['mean'], unit)} ± {signed(sd, min(digits, 6))}", area]
    if full:
        low, high = (value_text(told[end], unit if end == "max" else "") for end in ("min", "max"))
        lines.append(f"{low} … {high} · n {told['n']}")
    return lines
