"""The crosshair: dragged it moves all panes; dragged by the outer part of a line it turns their planes."""

from __future__ import annotations

import math

import numpy as np

from medviewer.workspace import crosshair
from medviewer.workspace.tools.base import Tool
from medviewer.workspace.tools.pointer import Pointer

GRIP_PX = 8.0
"""How near to a line a drag has to begin to turn it."""
INNER_PX = 48.0
"""Nearer to the point than this a drag always moves it."""


class CrosshairTool(Tool):
    def press(self, at: Pointer) -> None:
        self._angle = self._angle_of(at) if grips(self, at) else None
        if self._angle is None:
            self._put(at)

    def move(self, at: Pointer) -> None:
        if self._angle is None:
            self._put(at)
            return
        angle = self._angle_of(at)
        if angle is not None:
            turned = (angle - self._angle + 180) % 360 - 180
            self._angle = angle
            crosshair.turn(self.ws, self.pane, turned)

    def _put(self, at: Pointer) -> None:
        view, key = self.ws.viewing.view(self.pane), self.ws.panes[self.pane].key
        series = self.ws.viewing.loaded(self.pane)
        if view is None or key is None or series is None:
            return
        ijk = series.geometry.to_ijk(view.to_lps(at.xy))
        inside = np.clip(ijk, -0.5, np.array(series.geometry.size) - 0.5)
        crosshair.move(self.ws, series.geometry.to_lps(inside), key)

    def _angle_of(self, at: Pointer) -> float | None:
        """Degrees about the crosshair, clockwise on the screen."""
        view = self.ws.viewing.view(self.pane)
        if view is None or self.ws.crosshair_lps is None:
            return None
        x, y = view.to_xy(self.ws.crosshair_lps)
        return math.degrees(math.atan2(at.y - y, at.x - x))


def grips(tool: CrosshairTool, at: Pointer) -> bool:
    """Whether a drag from there turns the planes: on a line's outer part."""
    view = tool.ws.viewing.view(tool.pane)
    series = tool.ws.viewing.loaded(tool.pane)
    if view is None or tool.ws.crosshair_lps is None or series is None or series.is_stack:
        return False
    x, y = view.to_xy(tool.ws.crosshair_lps)
    if math.hypot(at.x - x, at.y - y) < INNER_PX:
        return False
    for _, point, way in crosshair.lines(tool.ws, tool.pane):
        px, py = view.to_xy(point)
        dx, dy = float(way @ view.right), float(way @ view.down)
        if abs((at.x - px) * dy - (at.y - py) * dx) / max(math.hypot(dx, dy), 1e-9) <= GRIP_PX:
            return True
    return False
