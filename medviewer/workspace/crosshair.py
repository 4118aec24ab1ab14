"""The point that all panes share, and planes turned about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.plane import rotation
from medviewer.workspace.pane_state import cross
from medviewer.workspace.pane_view import PaneView, Slices

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

Vector = NDArray[np.float64]
MARGIN = 0.06
"""Share of a pane at its edge where a point counts as out of sight."""


def move(workspace: Workspace, lps: ArrayLike, key: str, center: bool = False) -> None:
    """Put the crosshair there and lay every pane of the same patient space through it.

    Pictures stay where they are sideways unless the point would be out of sight, or `center` asks for the
    point in the middle of panes that are enlarged.
    """
    point = np.array(lps, float)
    point.setflags(write=False)
    workspace.crosshair_lps, workspace.crosshair_key = point, key
    for index, pane in enumerate(workspace.panes):
        series = workspace.volumes.get(pane.key or "")
        if series is None or not workspace.shares_space(pane.key, key):
            continue
        if not pane.is_image:
            continue
        slices = Slices.across(series.geometry, pane.right, pane.down)
        before = pane.center
        along = before + pane.normal * float((point - before) @ pane.normal)
        pane.center = slices.snapped(along)
        _bring_in(workspace, index, point, center)
        if not np.array_equal(before, pane.center):
            workspace.pane_changed.emit(index)
    workspace.crosshair_changed.emit()


def _bring_in(workspace: Workspace, index: int, point: Vector, center: bool) -> None:
    pane = workspace.panes[index]
    view = workspace.viewing.view(index)
    if view is None or pane.zoom is None:
        return
    x, y = view.to_xy(point)
    w, h = pane.size
    out = not (w * MARGIN <= x <= w * (1 - MARGIN) and h * MARGIN <= y <= h * (1 - MARGIN))
    if out or center:
        d = point - pane.center
        pane.center = pane.center + (d @ pane.right) * pane.right + (d @ pane.down) * pane.down


def turn(workspace: Workspace, index: int, degrees: float) -> None:
    """Turn the other panes' planes about this pane's normal through the crosshair: they become oblique.

    Positive is clockwise on the screen.
    """
    mine = workspace.panes[index]
    point = workspace.crosshair_lps
    if point is None or not workspace.shares_space(mine.key, workspace.crosshair_key):
        return
    spin = rotation(mine.normal, degrees)
    for n, pane in enumerate(workspace.panes):
        series = workspace.volumes.get(pane.key or "")
        if n == index or series is None or series.is_stack or not pane.is_image:
            continue
        if not workspace.shares_space(pane.key, mine.key) or abs(float(pane.normal @ mine.normal)) > 0.999:
            continue
        if pane.zoom is None:
            pane.zoom = PaneView.of(pane, series.geometry).scale
        pane.center = point + spin @ (pane.center - point)
        pane.right, pane.down = spin @ pane.right, spin @ pane.down
        workspace.pane_changed.emit(n)
    workspace.crosshair_changed.emit()


def lines(workspace: Workspace, index: int) -> list[tuple[str, Vector, Vector]]:
    """Crosshair lines in a pane: (view of the plane that cuts it, a point of the line, unit direction), LPS.

    One for each other plane through the crosshair that is open and not parallel; the first of each view.
    """
    mine = workspace.panes[index]
    point = workspace.crosshair_lps
    if point is None or not mine.is_image or not workspace.shares_space(mine.key, workspace.crosshair_key):
        return []
    found: dict[str, tuple[str, Vector, Vector]] = {}
    for n, pane in enumerate(workspace.panes):
        if n == index or not pane.is_image or pane.view in found or pane.view == "film":
            continue
        if not workspace.shares_space(pane.key, mine.key):
            continue
        way = cross(mine.normal, pane.normal)
        size = float(np.linalg.norm(way))
        if size < 0.05:
            continue
        # Where both planes meet, nearest to the crosshair.
        a, b = float((mine.center - point) @ mine.normal), float((pane.center - point) @ pane.normal)
        c = float(mine.normal @ pane.normal)
        s, t = (a - b * c) / (1 - c * c), (b - a * c) / (1 - c * c)
        found[pane.view] = (pane.view, point + s * mine.normal + t * pane.normal, way / size)
    return list(found.values())
