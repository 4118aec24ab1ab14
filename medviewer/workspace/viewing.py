"""Looking around: slices, zoom, shift, window, slab, reset. Views are not undoable; reset brings them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane, Slab, SlabMode
from medviewer.core.window import Window
from medviewer.imaging.presets import WindowPreset, window_presets
from medviewer.imaging.reslice import Interpolation
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.pane_state import CameraState, PaneState, ViewName
from medviewer.workspace.pane_view import PaneView, Slices, scale_of

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

MOST_ZOOM, LEAST_ZOOM = 200.0, 0.02
SLABS_MM = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
SLAB_MODES: tuple[SlabMode | None, ...] = (None, "max", "min", "mean")

PRESET_KEYS = (
    "lung", "mediastinum", "bone", "abdomen", "liver", "brain", "stroke", "subdural", "vessels",
)  # fmt: skip
"""CT presets in the order of the keys 1 to 9."""


class Viewing:
    """Commands that change how panes look; `index` counts panes from 0. Each does nothing on an empty pane."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    # ---- where a pane is

    def loaded(self, index: int) -> LoadedSeries | None:
        """The series in a pane, where any voxels of it are in memory."""
        return self._ws.volumes.get(self._ws.panes[index].key or "")

    def view(self, index: int) -> PaneView | None:
        """Geometry of a pane: its pixels against patient space. None: empty, or 3D."""
        series, pane = self.loaded(index), self._ws.panes[index]
        return PaneView.of(pane, series.geometry) if series is not None and pane.is_image else None

    def slices(self, index: int) -> Slices | None:
        """The row of slices across a pane."""
        series, pane = self.loaded(index), self._ws.panes[index]
        if series is None or not pane.is_image:
            return None
        return Slices.across(series.geometry, pane.right, pane.down)

    def slice_index(self, index: int) -> int | None:
        """Number of the slice shown, from 0."""
        slices = self.slices(index)
        return slices.nearest(self._ws.panes[index].center) if slices else None

    # ---- slices

    def scroll(self, index: int, steps: float) -> None:
        """So many slices on; linked panes of the same plane go the same way in mm."""
        slices = self.slices(index)
        if slices is None:
            return
        pane = self._ws.panes[index]
        at = slices.index(pane.center)
        to = (round(at) if slices.on_grid else at) + steps
        self._move_along(index, slices, to)

    def scroll_to(self, index: int, slice_index: float) -> None:
        """To a slice by its number, from 0."""
        slices = self.slices(index)
        if slices is not None:
            self._move_along(index, slices, slice_index)

    def _move_along(self, index: int, slices: Slices, to: float) -> None:
        pane = self._ws.panes[index]
        before = pane.center
        after = slices.moved_to(before, to)
        if slices.on_grid:
            after = slices.snapped(after)
        moved = float((after - before) @ pane.normal)
        if abs(moved) < 1e-9:
            return
        pane.center = after
        self._carry_crosshair(pane, moved)
        self._ws.pane_changed.emit(index)
        for other in self._linked(index):
            theirs = self._ws.panes[other]
            across = self.slices(other)
            if across is not None and theirs.view == pane.view:
                shifted = theirs.center + theirs.normal * moved
                theirs.center = across.snapped(shifted)
                self._ws.pane_changed.emit(other)

    def _carry_crosshair(self, pane: PaneState, mm: float) -> None:
        """The crosshair is where the panes' planes meet: it goes along with the slice."""
        ws = self._ws
        if ws.crosshair_lps is not None and ws.shares_space(pane.key, ws.crosshair_key):
            ws.crosshair_lps = ws.crosshair_lps + pane.normal * mm
            ws.crosshair_changed.emit()

    # ---- zoom and shift

    def pan(self, index: int, dx: float, dy: float) -> None:
        """Shift the picture by logical pixels, right and down."""
        self._pan_one(index, dx, dy)
        for other in self._like(index):
            self._pan_one(other, dx, dy)

    def _pan_one(self, index: int, dx: float, dy: float) -> None:
        pane, view = self._ws.panes[index], self.view(index)
        if view is not None:
            pane.zoom = view.scale
            pane.center = pane.center - (dx * pane.right + dy * pane.down) / view.scale
            self._ws.pane_changed.emit(index)

    def zoom(self, index: int, factor: float, at: tuple[float, float] | None = None) -> None:
        """Enlarge by a factor; the point of the pane `at` (logical pixels) stays where it is."""
        self._zoom_one(index, factor, at)
        for other in self._like(index):
            self._zoom_one(other, factor, at)

    def _zoom_one(self, index: int, factor: float, at: tuple[float, float] | None) -> None:
        pane, view = self._ws.panes[index], self.view(index)
        if pane.view == "3d":
            pane.camera.zoom = float(np.clip(pane.camera.zoom * factor, 0.2, 20))
        elif view is not None:
            scale = float(np.clip(view.scale * factor, LEAST_ZOOM, MOST_ZOOM))
            if at is not None:
                held = view.to_lps(at)
                offset = (np.array(at, float) - np.array(pane.size) / 2) / scale
                pane.center = held - offset[0] * pane.right - offset[1] * pane.down
            pane.zoom = scale
        self._ws.pane_changed.emit(index)

    def fit(self, index: int) -> None:
        """The whole image in the pane; the slice stays."""
        pane, series = self._ws.panes[index], self.loaded(index)
        if series is None:
            return
        pane.zoom = None
        pane.center = middle_through(series.geometry, pane.normal, pane.center)
        self._ws.pane_changed.emit(index)

    def true_size(self, index: int) -> None:
        """One voxel to one logical pixel."""
        series, pane = self.loaded(index), self._ws.panes[index]
        if series is not None and pane.is_image:
            self.zoom(index, 1 / min(series.geometry.spacing[:2]) / scale_of(pane, series.geometry))

    # ---- brightness

    def window(self, index: int) -> Window | None:
        """The window a pane is shown with."""
        pane, series = self._ws.panes[index], self.loaded(index)
        return pane.window or (series.window if series else None)

    def set_window(self, index: int, window: Window | None) -> None:
        """None: as the series opens. Panes of the same series follow."""
        pane = self._ws.panes[index]
        for n, other in enumerate(self._ws.panes):
            if n == index or (other.key == pane.key and pane.key is not None and other.is_image):
                other.window = window
                self._ws.pane_changed.emit(n)

    def presets(self, index: int) -> tuple[WindowPreset, ...]:
        """Presets that fit the series, in the order of the keys 1 to 9."""
        series = self.loaded(index)
        found = window_presets(series.volume) if series is not None else ()
        order = {name: n for n, name in enumerate(PRESET_KEYS)}
        return tuple(sorted(found, key=lambda p: order.get(p.id, len(order))))

    def apply_preset(self, index: int, number: int) -> None:
        """Number 1 to 9 as the keys have them; 0: as stored."""
        if number == 0:
            self.set_window(index, None)
        elif number <= len(self.presets(index)):
            self.set_window(index, self.presets(index)[number - 1].window)

    def toggle_invert(self, index: int) -> None:
        pane = self._ws.panes[index]
        pane.invert = not pane.invert
        self._ws.pane_changed.emit(index)

    # ---- slab, interpolation, cine

    def set_slab(self, index: int, slab: Slab | None) -> None:
        pane, series = self._ws.panes[index], self.loaded(index)
        if series is not None and series.is_stack:
            slab = None
        pane.slab = slab
        self._ws.pane_changed.emit(index)

    def next_slab_mode(self, index: int) -> None:
        """None, MIP, MinIP, mean, none (10 mm at first)."""
        slab = self._ws.panes[index].slab
        mode = SLAB_MODES[(SLAB_MODES.index(slab.mode if slab else None) + 1) % len(SLAB_MODES)]
        self.set_slab(index, Slab(slab.thickness_mm if slab else 10.0, mode) if mode else None)

    def change_slab(self, index: int, step: int) -> None:
        """Thicker (1) or thinner (-1) by one of the usual thicknesses; a MIP where there was no slab."""
        slab = self._ws.panes[index].slab
        now = slab.thickness_mm if slab else 0.0
        nearest = int(np.abs(np.array(SLABS_MM) - now).argmin())
        mm = SLABS_MM[int(np.clip(nearest + step, 0, len(SLABS_MM) - 1))]
        self.set_slab(index, Slab(mm, slab.mode if slab else "max") if mm > 0 else None)

    def set_interpolation(self, index: int, interpolation: Interpolation) -> None:
        self._ws.panes[index].interpolation = interpolation
        self._ws.pane_changed.emit(index)

    def toggle_cine(self, index: int) -> None:
        """Play or stop; a film's own frame time sets the pace."""
        pane, series = self._ws.panes[index], self.loaded(index)
        slices = self.slices(index)
        if series is None or slices is None or slices.count < 2:
            return
        if series.volume.frame_time_ms:
            pane.cine.per_second = float(np.clip(1000 / series.volume.frame_time_ms, 1, 60))
        pane.cine.playing = not pane.cine.playing
        self._ws.pane_changed.emit(index)

    def cine_step(self, index: int) -> None:
        """The next slice, from the last to the first."""
        slices, at = self.slices(index), self.slice_index(index)
        if slices is not None and at is not None:
            self.scroll_to(index, (at + 1) % slices.count)

    # ---- orientation, reset

    def set_view(self, index: int, view: ViewName) -> None:
        """Another plane, or 3D, of the same series through the same point."""
        pane = self._ws.panes[index]
        pane.view = view
        self.straighten(index)

    def straighten(self, index: int) -> None:
        """Back to the named plane where it was turned; fitted."""
        pane, series = self._ws.panes[index], self.loaded(index)
        if series is not None and pane.is_image:
            through = pane.center
            if self._ws.crosshair_lps is not None and self._ws.shares_space(pane.key, self._ws.crosshair_key):
                through = self._ws.crosshair_lps
            place(pane, series, through)
        self._ws.pane_changed.emit(index)

    def reset(self, index: int) -> None:
        """Window, zoom, shift, slab and orientation as at the start; the slice stays."""
        pane = self._ws.panes[index]
        pane.invert, pane.slab, pane.interpolation, pane.fusion = False, None, "linear", None
        pane.camera = CameraState(preset=pane.camera.preset)
        pane.cine.playing = False
        self.set_window(index, None)
        self.straighten(index)

    def reset_all(self) -> None:
        for index in range(len(self._ws.panes)):
            self.reset(index)

    def maximise(self, index: int) -> None:
        """Full pane, and back."""
        layout = self._ws.layout
        layout.maximised = None if layout.maximised is not None else index
        layout.changed.emit()

    def resize(self, index: int, width: int, height: int) -> None:
        """The pane's size in logical pixels changed."""
        pane = self._ws.panes[index]
        if pane.size != (width, height):
            pane.size = (max(1, width), max(1, height))
            self._ws.pane_changed.emit(index)

    # ---- links

    def toggle_link(self, index: int) -> None:
        """Take the pane out of its link group, or back into it."""
        pane = self._ws.panes[index]
        pane.link = None if pane.link is not None else 1
        self._ws.pane_changed.emit(index)

    def _linked(self, index: int) -> list[int]:
        group = self._ws.panes[index].link
        if group is None:
            return []
        return [n for n, p in enumerate(self._ws.panes) if n != index and p.link == group and p.key]

    def _like(self, index: int) -> list[int]:
        """Linked panes of the same plane."""
        view = self._ws.panes[index].view
        return [n for n in self._linked(index) if self._ws.panes[n].view == view and view != "3d"]


def middle_through(geometry: Geometry, normal: NDArray[np.float64], lps: ArrayLike) -> NDArray[np.float64]:
    """The grid's middle, moved along the normal onto the plane through a point."""
    center = geometry.center_lps
    return center + normal * float((np.asarray(lps, float) - center) @ normal)


def place(pane: PaneState, series: LoadedSeries, through: ArrayLike | None = None) -> None:
    """Orient a pane by its view's name, fit it, and lay it through a point (the middle when none)."""
    geometry = series.geometry
    if series.is_stack:
        pane.view = "film"
        pane.right, pane.down = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    elif pane.view == "film":
        pane.view = "axial"
    if pane.view in ("axial", "coronal", "sagittal"):
        plane: Plane = geometry.plane(pane.view)  # type: ignore[arg-type]  # film and 3d are out
        pane.right, pane.down = plane.right, plane.down
    slices = Slices.across(geometry, pane.right, pane.down)
    at = geometry.center_lps if through is None else np.asarray(through, float)
    pane.center = slices.snapped(middle_through(geometry, pane.normal, at))
    pane.zoom = None
