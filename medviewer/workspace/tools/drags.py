"""Tools that change the view while they are dragged: window, pan, zoom, scroll."""

from __future__ import annotations

from dataclasses import replace

from medviewer.workspace.tools.base import DragTool
from medviewer.workspace.tools.pointer import Pointer

WINDOW_PX = 400.0
"""A drag over so many pixels changes the width by itself once."""
ZOOM_PX = 200.0
"""A drag over so many pixels enlarges e-fold."""


class WindowTool(DragTool):
    """Right: wider; down: brighter (the centre falls). Steps follow the width, so that MR and PET drag alike."""

    cursor = "arrow"

    def press(self, at: Pointer) -> None:
        super().press(at)
        window = self.ws.viewing.window(self.pane)
        self._step = max(window.width, 1e-6) / WINDOW_PX if window else 0.0

    def drag(self, dx: float, dy: float, at: Pointer) -> None:
        window = self.ws.viewing.window(self.pane)
        series = self.ws.viewing.loaded(self.pane)
        if window is None or series is None or series.volume.is_color:
            return
        least = 1.0 if window.function == "LINEAR" else self._step
        width = max(least, window.width + dx * self._step)
        center = window.center - dy * self._step
        self.ws.viewing.set_window(self.pane, replace(window, center=center, width=width, name=""))


class PanTool(DragTool):
    cursor = "hand"

    def drag(self, dx: float, dy: float, at: Pointer) -> None:
        self.ws.viewing.pan(self.pane, dx, dy)


class ZoomTool(DragTool):
    """Up: larger, about the point where the drag began."""

    def press(self, at: Pointer) -> None:
        super().press(at)
        self._start = at

    def drag(self, dx: float, dy: float, at: Pointer) -> None:
        self.ws.viewing.zoom(self.pane, 2.718281828 ** (-dy / ZOOM_PX), self._start.xy)


class ScrollTool(DragTool):
    """Down: on; the whole height of the pane goes through all slices, but never slower than 12 px a slice."""

    cursor = "arrow"

    def press(self, at: Pointer) -> None:
        super().press(at)
        self._rest = 0.0

    def drag(self, dx: float, dy: float, at: Pointer) -> None:
        slices = self.ws.viewing.slices(self.pane)
        if slices is None:
            return
        self._rest += dy / min(12.0, max(1.0, self.ws.panes[self.pane].size[1] / slices.count))
        steps = int(self._rest)
        if steps:
            self._rest -= steps
            self.ws.viewing.scroll(self.pane, steps)
