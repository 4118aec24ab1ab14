"""Open studies, layout and views to and from JSON, so that a session goes on after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from medviewer.core.plane import Slab
from medviewer.core.window import Window
from medviewer.workspace.layout import LAYOUTS, LayoutName
from medviewer.workspace.pane_state import CameraState, FusionState, PaneState, Vector, ViewName

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

VERSION = 1


def session_of(workspace: Workspace) -> dict[str, Any]:
    """As JSON; no patient data but the paths that were opened."""
    cross = workspace.crosshair_lps
    return {
        "version": VERSION,
        "opened": [str(p) for p in workspace.studies.opened],
        "layout": workspace.layout.name,
        "active": workspace.active_pane,
        "crosshair": None if cross is None else [*map(float, cross)],
        "crosshair_key": workspace.crosshair_key,
        "panes": [_pane_to_json(p) for p in workspace.panes],
    }


def opened_paths(session: dict[str, Any] | None) -> list[Path]:
    """What has to be opened before `restore`."""
    told = (session or {}).get("opened")
    return [Path(p) for p in told if isinstance(p, str)] if isinstance(told, list) else []


def restore(workspace: Workspace, session: dict[str, Any] | None) -> None:
    """Layout and views as they were, of the series that are known again; asks for their voxels.

    What the JSON has wrong or leaves out stays as it is.
    """
    if not session or session.get("version") != VERSION:
        return
    name = session.get("layout")
    if name in LAYOUTS:
        workspace.layout.name = cast(LayoutName, name)
    cross, key = session.get("crosshair"), session.get("crosshair_key")
    if isinstance(cross, list) and len(cross) == 3 and isinstance(key, str) and workspace.studies.get(key):
        workspace.crosshair_lps, workspace.crosshair_key = _vector(cross), key
    for index, told in enumerate(session.get("panes") or []):
        if index >= len(workspace.panes) or not isinstance(told, dict):
            continue
        if workspace.studies.get(told.get("key")) is not None:
            try:
                pane = _pane_from_json(told)
            except (KeyError, TypeError, ValueError):
                continue
            pane.size = workspace.panes[index].size
            if pane.fusion is not None and workspace.studies.get(pane.fusion.key) is None:
                pane.fusion = None
            workspace.panes[index] = pane
    active = session.get("active")
    if isinstance(active, int) and 0 <= active < workspace.layout.count:
        workspace.active_pane = active
    workspace.layout.changed.emit()
    workspace.active_changed.emit(workspace.active_pane)
    for index in range(workspace.layout.count):
        workspace.pane_changed.emit(index)
    over = [p.fusion.key for p in workspace.panes[: workspace.layout.count] if p.fusion is not None]
    for shown in dict.fromkeys([*workspace.open_keys, *over]):
        if shown not in workspace.volumes:
            workspace.series_wanted.emit(shown, -1)


def _pane_to_json(pane: PaneState) -> dict[str, Any]:
    window, slab, camera = pane.window, pane.slab, pane.camera
    return {
        "key": pane.key, "view": pane.view, "center": pane.center.tolist(), "right": pane.right.tolist(),
        "down": pane.down.tolist(), "zoom": pane.zoom, "invert": pane.invert,
        "window": window and [window.center, window.width, window.function, window.name],
        "slab": slab and [slab.thickness_mm, slab.mode], "interpolation": pane.interpolation,
        "link": pane.link, "fusion": pane.fusion and [pane.fusion.key, pane.fusion.opacity],
        "camera": [camera.azimuth, camera.elevation, camera.zoom, *camera.pan, camera.preset],
    }  # fmt: skip


def _pane_from_json(told: dict[str, Any]) -> PaneState:
    view = told["view"]
    if view not in get_args(ViewName):
        raise ValueError(view)
    pane = PaneState(
        key=str(told["key"]), view=view, center=_vector(told["center"]), right=_vector(told["right"]),
        down=_vector(told["down"]), invert=bool(told.get("invert")), link=told.get("link"), as_saved=True,
    )  # fmt: skip
    if abs(float(pane.right @ pane.down)) > 1e-6 or abs(float(np.linalg.norm(pane.normal)) - 1) > 1e-6:
        raise ValueError("not a plane")
    zoom = told.get("zoom")
    pane.zoom = float(zoom) if zoom is not None and float(zoom) > 0 else None
    if told.get("window"):
        center, width, function, name = told["window"]
        pane.window = Window(float(center), float(width), function, str(name))
    if told.get("slab"):
        pane.slab = Slab(float(told["slab"][0]), told["slab"][1])
    if told.get("fusion"):
        key, opacity = told["fusion"]
        pane.fusion = FusionState(str(key), min(1.0, max(0.0, float(opacity))))
    if told.get("interpolation") in ("nearest", "linear", "cubic"):
        pane.interpolation = told["interpolation"]
    if told.get("camera"):
        azimuth, elevation, enlarged, x, y, preset = told["camera"]
        pane.camera = CameraState(
            float(azimuth), float(elevation), float(enlarged), (float(x), float(y)), preset
        )
    return pane


def _vector(told: Any) -> Vector:
    vector = np.array(told, float)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ValueError("not a vector")
    return vector
