"""Tools that draw a mark: length, ellipse, probe. Drag, or click, move and click again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.core.measurement import Measurement, MeasurementKind
from medviewer.workspace.statistics import with_statistics
from medviewer.workspace.tools.base import STILL_PX, Draft, Tool
from medviewer.workspace.tools.pointer import Pointer


class DrawingTool(Tool):
    """Shows a draft while it is drawn; the finished mark is one undoable step."""

    kind: MeasurementKind = "length"

    def mark(self, points: NDArray[np.float64]) -> Measurement | None:
        series, pane = self.ws.viewing.loaded(self.pane), self.ws.panes[self.pane]
        if series is None or pane.key is None:
            return None
        unit = "mm" if series.mm_known else "px"
        return with_statistics(series, Measurement(self.kind, points, pane.key, unit, pane.normal))  # type: ignore[arg-type]

    def lps(self, at: Pointer) -> NDArray[np.float64] | None:
        view = self.ws.viewing.view(self.pane)
        return None if view is None else view.to_lps(at.xy)

    def show(self, points: NDArray[np.float64] | None) -> None:
        mark = None if points is None else self.mark(points)
        self.ws.set_draft(None if mark is None else Draft(self.pane, mark))

    def finish(self, points: NDArray[np.float64] | None) -> None:
        self.cancel()
        mark = None if points is None else self.mark(points)
        if mark is not None:
            self.ws.add_mark(mark)


class TwoPointTool(DrawingTool):
    _start: Pointer

    def press(self, at: Pointer) -> None:
        if self.busy:
            self.finish(self.points(self._start, at))
            return
        self._start, self.busy = at, True

    def move(self, at: Pointer) -> None:
        if self.busy and at.distance(self._start) >= STILL_PX:
            self.show(self.points(self._start, at))

    hover = move

    def release(self, at: Pointer) -> None:
        if self.busy and at.distance(self._start) >= STILL_PX:
            self.finish(self.points(self._start, at))

    def points(self, start: Pointer, end: Pointer) -> NDArray[np.float64] | None:
        raise NotImplementedError


class LengthTool(TwoPointTool):
    """Shift keeps to multiples of 45 degrees."""

    kind = "length"

    def points(self, start: Pointer, end: Pointer) -> NDArray[np.float64] | None:
        if end.shift:
            d = np.array([end.x - start.x, end.y - start.y])
            turn = np.round(np.arctan2(d[1], d[0]) / (np.pi / 4)) * (np.pi / 4)
            way = np.array([np.cos(turn), np.sin(turn)])
            x, y = np.array(start.xy) + way * (d @ way)
            end = Pointer(float(x), float(y))
        a, b = self.lps(start), self.lps(end)
        return None if a is None or b is None else np.stack([a, b])


class EllipseTool(TwoPointTool):
    """From corner to corner of the box around it; Shift makes a circle about the first point."""

    kind = "ellipse"

    def points(self, start: Pointer, end: Pointer) -> NDArray[np.float64] | None:
        if end.shift:
            r = end.distance(start)
            three = [start.xy, (start.x + r, start.y), (start.x, start.y + r)]
        else:
            x, y = (start.x + end.x) / 2, (start.y + end.y) / 2
            three = [(x, y), (max(start.x, end.x), y), (x, max(start.y, end.y))]
            if abs(start.x - end.x) < 1 or abs(start.y - end.y) < 1:
                return None
        view = self.ws.viewing.view(self.pane)
        return None if view is None else view.to_lps(np.array(three))


class ProbeTool(DrawingTool):
    """A click leaves the value there; while pressed it follows the pointer."""

    kind = "probe"

    def press(self, at: Pointer) -> None:
        self._draw(at)

    def move(self, at: Pointer) -> None:
        self._draw(at)

    def release(self, at: Pointer) -> None:
        point = self.lps(at)
        self.finish(None if point is None else point[None])

    def _draw(self, at: Pointer) -> None:
        point = self.lps(at)
        self.show(None if point is None else point[None])
