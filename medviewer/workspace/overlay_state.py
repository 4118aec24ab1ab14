"""What lies over the images: segments, findings, maps, marks, crosshair lines; how strongly and in which colour."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from psygnal import Signal

MapStyle = Literal["outline", "fill", "both"]
Corners = Literal["full", "short", "none"]


@dataclass(eq=False)
class OverlayState:
    """Change it with `set`, so that it is told; all shares are 0 to 1.

    visible: everything (H). segments_hidden, segment_colors: by (series key, segment number).
    """

    visible: bool = True
    segments: bool = True
    findings: bool = True
    marks: bool = True
    map: bool = True
    crosshair: bool = True
    fill_opacity: float = 0.25
    outline: bool = True
    map_opacity: float = 0.4
    map_threshold: float = 0.3
    map_colors: str = "inferno"
    map_style: MapStyle = "both"
    corners: Corners = "full"
    patient: bool = True
    """Whether the patient's name is written in the pane."""
    finding_threshold: float = 0.0
    segments_hidden: set[tuple[str, int]] = field(default_factory=set)
    segment_colors: dict[tuple[str, int], tuple[int, int, int]] = field(default_factory=dict)

    changed = Signal()

    def set(self, **values: Any) -> None:
        """Change some of it; told once, and only where something is new."""
        known = {f.name for f in fields(self)}
        new = {name: value for name, value in values.items() if getattr(self, name) != value}
        if not set(values) <= known:
            raise AttributeError(f"no such overlay setting: {sorted(set(values) - known)}")
        for name, value in new.items():
            setattr(self, name, value)
        if new:
            self.changed.emit()

    def toggle(self, name: str) -> None:
        self.set(**{name: not getattr(self, name)})

    def show_segment(self, key: str, number: int, shown: bool) -> None:
        hidden = self.segments_hidden - {(key, number)} if shown else self.segments_hidden | {(key, number)}
        self.set(segments_hidden=hidden)

    def is_segment_shown(self, key: str, number: int) -> bool:
        return self.segments and (key, number) not in self.segments_hidden

    def color_segment(self, key: str, number: int, color: tuple[int, int, int]) -> None:
        self.set(segment_colors={**self.segment_colors, (key, number): color})
