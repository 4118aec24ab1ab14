"""The angle: arm, vertex, arm. Drag the first arm and click the second, or click all three."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.workspace.tools.base import STILL_PX
from medviewer.workspace.tools.drawing import DrawingTool
from medviewer.workspace.tools.pointer import Pointer


class AngleTool(DrawingTool):
    kind = "angle"
    _placed: list[Pointer]

    def press(self, at: Pointer) -> None:
        if not self.busy:
            self._placed, self.busy = [at], True
            return
        if at.distance(self._placed[-1]) < STILL_PX:
            return
        self._placed.append(at)
        if len(self._placed) == 3:
            self.finish(self._points(self._placed))

    def move(self, at: Pointer) -> None:
        self.hover(at)

    def hover(self, at: Pointer) -> None:
        if self.busy and at.distance(self._placed[-1]) >= STILL_PX:
            self.show(self._points([*self._placed, at]))

    def release(self, at: Pointer) -> None:
        if self.busy and len(self._placed) == 1 and at.distance(self._placed[0]) >= STILL_PX:
            self._placed.append(at)

    def _points(self, placed: list[Pointer]) -> NDArray[np.float64] | None:
        """Until the second arm is there it lies on the first (an angle of 0)."""
        view = self.ws.viewing.view(self.pane)
        if view is None:
            return None
        three = [*placed, placed[0]][:3] if len(placed) < 3 else placed
        return view.to_lps(np.array([p.xy for p in three]))
