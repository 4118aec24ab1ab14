"""3D cut open at the crosshair: half of the volume is taken away, so that one looks onto the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from medviewer.core.words import Words
from medviewer.imaging.volume3d.camera3d import Camera3D

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

Kept = Literal["all", "behind", "front"]
KEPT: tuple[Kept, ...] = get_args(Kept)
KEPT_WORDS: dict[Kept, Words] = {
    "all": Words("Off", "关闭"),
    "behind": Words("Keep what lies behind it", "保留其后方"),
    "front": Words("Keep what lies in front of it", "保留其前方"),
}


def pane_of(ws: Workspace) -> int | None:
    """The 3D pane that is meant: the active one, else the first that is shown."""
    shown = range(ws.layout.count)
    solid = [n for n in shown if ws.panes[n].view == "3d" and ws.viewing.loaded(n) is not None]
    return ws.active_pane if ws.active_pane in solid else next(iter(solid), None)


def kept(ws: Workspace, index: int) -> Kept:
    """Which half of a 3D pane is shown, as seen from where its eye stands now."""
    camera = ws.panes[index].camera
    if camera.clip is None:
        return "all"
    return "behind" if float(np.array(camera.clip) @ _into(ws, index)) >= 0 else "front"


def clip(ws: Workspace, index: int, keep: Kept) -> None:
    """Cut a 3D pane by the one of the volume's three planes through the crosshair that faces the eye most."""
    series, camera = ws.viewing.loaded(index), ws.panes[index].camera
    if series is None or series.is_stack:
        return
    if keep == "all":
        camera.clip = None
    else:
        into = _into(ws, index)
        normals = [series.normal_of(view) for view in ("axial", "coronal", "sagittal")]
        facing = max(normals, key=lambda n: abs(float(n @ into)))
        side = np.sign(float(facing @ into)) * (1 if keep == "behind" else -1)
        camera.clip = tuple((facing * side).tolist())
    ws.pane_changed.emit(index)


def clip_next(ws: Workspace, index: int) -> None:
    """Behind, front, all again."""
    clip(ws, index, KEPT[(KEPT.index(kept(ws, index)) + 1) % len(KEPT)])


def plane_of(ws: Workspace, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """(point, normal to the side that stays), LPS: through the crosshair, else through the volume's middle."""
    pane, series = ws.panes[index], ws.viewing.loaded(index)
    if pane.camera.clip is None or series is None:
        return None
    through = series.geometry.center_lps
    if ws.crosshair_lps is not None and ws.shares_space(pane.key, ws.crosshair_key):
        through = ws.crosshair_lps
    return through, np.array(pane.camera.clip)


def _into(ws: Workspace, index: int) -> NDArray[np.float64]:
    camera = ws.panes[index].camera
    return Camera3D(camera.azimuth, camera.elevation).axes()[2]
