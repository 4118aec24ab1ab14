"""How panes share the space: 1x1, 1x2, 2x2, 3+1, and the three planes with 3D."""

from __future__ import annotations

from typing import Literal, get_args

from psygnal import Signal

from medviewer.core.words import Words

LayoutName = Literal["1x1", "1x2", "2x2", "3+1", "planes"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
LAYOUT_WORDS: dict[LayoutName, Words] = {
    "1x1": Words("One pane", "单窗格"),
    "1x2": Words("Two side by side", "左右双窗格"),
    "2x2": Words("Two by two", "四窗格"),
    "3+1": Words("One large, three small", "一大三小"),
    "planes": Words("Three planes and 3D", "三平面与三维"),
}
Cell = tuple[float, float, float, float]
"""x, y, width, height as shares of the whole."""

LARGE = 2 / 3
VIEWS: dict[LayoutName, tuple[str, ...]] = {
    "1x1": ("axial",),
    "1x2": ("axial", "axial"),
    "2x2": ("axial", "coronal", "sagittal", "3d"),
    "3+1": ("axial", "coronal", "sagittal", "3d"),
    "planes": ("axial", "coronal", "sagittal", "3d"),
}
"""What each pane shows of a volume at first."""


class LayoutState:
    """Name of the layout, and which pane fills it for now."""

    changed = Signal()

    def __init__(self, name: LayoutName = "1x1") -> None:
        self.name: LayoutName = name
        self.maximised: int | None = None

    @property
    def count(self) -> int:
        return len(VIEWS[self.name])

    @property
    def is_planes(self) -> bool:
        """Whether a series that is opened here fills all panes with its planes."""
        return self.count == 4

    def cells(self, wide: bool = True) -> list[Cell | None]:
        """Where each pane lies; None: not shown. wide: the large pane of 3+1 on top, else at the left."""
        if self.maximised is not None and self.maximised < self.count:
            whole: Cell = (0.0, 0.0, 1.0, 1.0)
            return [whole if n == self.maximised else None for n in range(self.count)]
        if self.name == "1x1":
            return [(0, 0, 1, 1)]
        if self.name == "1x2":
            return [(0, 0, 0.5, 1), (0.5, 0, 0.5, 1)]
        if self.name == "3+1":
            third, rest = 1 / 3, 1 - LARGE
            if wide:
                return [(0, 0, 1, LARGE), *((n * third, LARGE, third, rest) for n in range(3))]
            return [(0, 0, LARGE, 1), *((LARGE, n * third, rest, third) for n in range(3))]
        return [(0, 0, 0.5, 0.5), (0.5, 0, 0.5, 0.5), (0, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)]
