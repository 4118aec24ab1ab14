"""What is known of a series' geometry, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from medviewer.core.words import Words

Verdict = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class ReportItem:
    """One thing that was noticed; `code` is stable, `sentence` is for people."""

    code: str
    sentence: Words
    slices: tuple[int, ...] = ()
    """The slices concerned, by index in the sorted series."""


@dataclass(frozen=True)
class GeometryReport:
    """green: right as it is; amber: put right, or to be read with care; red: no millimetre is vouched for."""

    verdict: Verdict = "green"
    tilt_deg: float = 0.0
    """Angle between the slice normal and the line of slice positions, degrees, never negative."""
    missing_slices: int = 0
    duplicates: int = 0
    items: tuple[ReportItem, ...] = field(default_factory=tuple)

    @property
    def words(self) -> Words:
        """The trust mark of the series."""
        if self.verdict == "green":
            return Words("Geometry right as it is", "几何正常")
        if self.items:
            return self.items[0].sentence
        return Words("Stack: lengths in pixels", "仅堆叠：长度以像素计")
