"""Taking hold of a mark that is already there: the whole of it, or one of its handles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.measurement import Measurement
from medviewer.workspace.pane_view import PaneView, Slices
from medviewer.workspace.statistics import with_statistics
from medviewer.workspace.tools.base import STILL_PX, Draft, Tool
from medviewer.workspace.tools.pointer import Pointer
from medviewer.workspace.workspace import Workspace

REACH_PX = 7.0


@dataclass(frozen=True, eq=False)
class Hit:
    """A mark under the pointer; handle: which of its points, None: the mark as a whole."""

    mark: Measurement
    handle: int | None


def on_plane(mark: Measurement, view: PaneView, slices: Slices) -> bool:
    """Whether a mark lies in the slice that a pane shows: all its points within half a step of the plane."""
    away = np.abs(np.asarray(view.distance(mark.points)))
    return bool(away.max() <= abs(slices.step) / 2 + 1e-6)


def handles(mark: Measurement, view: PaneView) -> NDArray[np.float64]:
    """Pane coordinates (n, 2) of a mark's points."""
    return view.to_xy(mark.points)


def path_of(mark: Measurement, view: PaneView) -> NDArray[np.float64]:
    """Pane coordinates of the line that a mark is drawn with."""
    points = handles(mark, view)
    if mark.kind != "ellipse":
        return points
    turn = np.linspace(0, 2 * np.pi, 97)[:, None]
    a, b = points[1] - points[0], points[2] - points[0]
    curve: NDArray[np.float64] = points[0] + np.cos(turn) * a + np.sin(turn) * b
    return curve


def hit(workspace: Workspace, pane: int, at: Pointer) -> Hit | None:
    """The mark under the pointer; handles before lines, later marks before earlier ones."""
    view, slices = workspace.viewing.view(pane), workspace.viewing.slices(pane)
    if view is None or slices is None or not (workspace.overlays.visible and workspace.overlays.marks):
        return None
    here = np.array(at.xy)
    marks = [m for m in reversed(workspace.marks.of(workspace.panes[pane].key)) if on_plane(m, view, slices)]
    for mark in marks:
        away = np.linalg.norm(handles(mark, view) - here, axis=1)
        if away.min() <= REACH_PX:
            middle = mark.kind == "probe" or (mark.kind == "ellipse" and int(away.argmin()) == 0)
            return Hit(mark, None if middle else int(away.argmin()))
    for mark in marks:
        if _distance_to_path(here, path_of(mark, view)) <= REACH_PX:
            return Hit(mark, None)
    return None


def _distance_to_path(xy: NDArray[np.float64], path: NDArray[np.float64]) -> float:
    if len(path) < 2:
        return float(np.linalg.norm(path[0] - xy))
    a, b = path[:-1], path[1:]
    along = b - a
    share = ((xy - a) * along).sum(1) / np.maximum((along**2).sum(1), 1e-12)
    nearest = a + np.clip(share, 0, 1)[:, None] * along
    return float(np.linalg.norm(nearest - xy, axis=1).min())


class GrabTool(Tool):
    """Selects on press; a drag moves the mark or the handle, in one undoable step."""

    cursor = "hand"

    def __init__(self, workspace: Workspace, pane: int, grabbed: Hit) -> None:
        super().__init__(workspace, pane)
        self._hit = grabbed

    def press(self, at: Pointer) -> None:
        self._start = at
        self._moved = False
        self.ws.marks.select(self._hit.mark.id)

    def move(self, at: Pointer) -> None:
        if not self._moved and at.distance(self._start) < STILL_PX:
            return
        self._moved = True
        self.ws.set_draft(Draft(self.pane, self._changed(at)))

    def release(self, at: Pointer) -> None:
        self.ws.set_draft(None)
        if self._moved:
            self.ws.change_mark(self._hit.mark, self._changed(at))

    def _changed(self, at: Pointer) -> Measurement:
        view, series = self.ws.viewing.view(self.pane), self.ws.viewing.loaded(self.pane)
        mark = self._hit.mark
        if view is None or series is None:
            return mark
        shift = view.to_lps(at.xy) - view.to_lps(self._start.xy)
        points = mark.points.copy()
        n = self._hit.handle
        if n is None:
            points = points + shift
        elif mark.kind == "ellipse":
            # The half axis keeps its direction and takes the length that the pointer shows.
            way = points[n] - points[0]
            way = way / max(float(np.linalg.norm(way)), 1e-9)
            length = max(float((points[n] + shift - points[0]) @ way), 1 / view.scale)
            points[n] = points[0] + way * length
        else:
            points[n] = points[n] + shift
        return with_statistics(series, mark.with_points(points))
