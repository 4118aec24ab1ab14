"""The image of a pane: which voxels, at which resolution, how bright. Cached as long as nothing of it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from medviewer.core.plane import Plane
from medviewer.core.window import Window
from medviewer.imaging.lut import GreyTable, to_grey
from medviewer.imaging.reslice import ResliceResult, reslice, reslice_stored
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.pane_state import PaneState
from medviewer.workspace.pane_view import PaneView, grid_plane, in_plane_axes

MOST_REDUCED = 8
OBLIQUE_STEP, MOVING_STEP = 0.75, 1.25
"""Oblique planes are sampled no finer than this share of the smallest voxel side, at rest and while they move; the
painter enlarges."""


@dataclass(eq=False)
class SliceImage:
    """A picture and where it lies: pixels of `image` are those of `plane`. buffer: what `image` reads from."""

    image: QImage
    plane: Plane
    buffer: NDArray[np.uint8]
    smooth: bool

    def target(self, view: PaneView) -> QRectF:
        """Where it belongs in the pane, logical pixels, outer edges included."""
        return target_of(self.plane, view)


def target_of(plane: Plane, view: PaneView) -> QRectF:
    """The rectangle of a plane's pixels, outer edges included, in a pane of the same orientation."""
    x0, y0 = view.to_xy(plane.to_lps((-0.5, -0.5)))
    return QRectF(
        float(x0), float(y0), plane.size[0] * plane.spacing[0] * view.scale,
        plane.size[1] * plane.spacing[1] * view.scale,
    )  # fmt: skip


class SliceImages:
    """Makes the image of one pane; keeps the last cut and the last picture."""

    def __init__(self) -> None:
        self._cut_key: tuple[Any, ...] = ()
        self._cut: ResliceResult | None = None
        self._plane: Plane | None = None
        self._picture_key: tuple[Any, ...] = ()
        self._picture: SliceImage | None = None

    def get(
        self,
        series: LoadedSeries,
        pane: PaneState,
        view: PaneView,
        window: Window,
        ratio: float,
        moving: bool,
    ) -> SliceImage | None:
        """The picture for a pane; ratio: device pixels to a logical pixel. None where the plane misses the
        voxels."""
        plane, factor = self._plane_for(series, pane, view, ratio, moving)
        if plane is None:
            return None
        here = 0 if series.done else int(series.loaded.sum())
        interpolation = "linear" if moving and pane.interpolation == "cubic" else pane.interpolation
        place = (*plane.center_lps.tolist(), *plane.right.tolist(), *plane.down.tolist(), *plane.spacing)
        cut_key = (id(series.volume), place, plane.size, factor, pane.slab, interpolation, here)
        if cut_key != self._cut_key:
            self._cut, self._plane = _cut(series, pane, plane, factor, interpolation)
            self._cut_key = cut_key
        assert self._cut is not None and self._plane is not None
        invert = pane.invert != series.volume.invert
        picture_key = (cut_key, window, invert)
        if picture_key != self._picture_key or self._picture is None:
            shade = _shade(series, self._cut, self._plane, factor, window, invert)
            self._picture = SliceImage(_image(shade), self._plane, shade, pane.interpolation != "nearest")
            self._picture_key = picture_key
        return self._picture

    def clear(self) -> None:
        self._cut_key, self._picture_key, self._picture, self._cut = (), (), None, None

    def _plane_for(
        self, series: LoadedSeries, pane: PaneState, view: PaneView, ratio: float, moving: bool
    ) -> tuple[Plane | None, int]:
        on_grid = grid_plane(series.geometry, pane.right, pane.down, pane.center)
        cubic = pane.interpolation == "cubic" and not moving and not series.is_stack
        if on_grid is not None and not cubic:
            per_device = min(on_grid.spacing) * view.scale * ratio
            factor = int(np.clip(np.floor(1 / max(per_device, 1e-6) + 0.05), 1, MOST_REDUCED))
            return on_grid, factor if pane.interpolation != "nearest" else 1
        native = min(series.geometry.spacing)
        finest = 1 / (view.scale * ratio)
        if cubic:
            return visible_plane(series, view, finest), 1
        return visible_plane(series, view, max(finest, native * (MOVING_STEP if moving else OBLIQUE_STEP))), 1


def visible_plane(series: LoadedSeries, view: PaneView, pixel: float) -> Plane | None:
    """The part of a pane's plane that lies both in sight and within the voxels' box, with pixels of that size.

    Its pixels keep to a lattice that is fixed to the volume, so that the picture does not swim while it is
    shifted.
    """
    corners = view.to_xy(series.geometry.corners_lps(edges=True))
    low = np.maximum(corners.min(0), 0)
    high = np.minimum(corners.max(0), view.size)
    if (high - low < 1e-6).any():
        return None
    step = pixel * view.scale
    anchor = view.to_xy(series.geometry.center_lps)
    low = anchor + np.floor((low - anchor) / step) * step
    size = np.maximum(1, np.ceil((high - low) / step).astype(int))
    center = view.to_lps(low + size * step / 2)
    return Plane(center, view.right, view.down, (pixel, pixel), (int(size[0]), int(size[1])))


def _cut(
    series: LoadedSeries, pane: PaneState, plane: Plane, factor: int, interpolation: Any
) -> tuple[ResliceResult, Plane]:
    if series.is_stack:
        cut = reslice_stored(series.volume, _frame(series, plane), plane, interpolation)
    else:
        cut = reslice(series.volume, plane, pane.slab, interpolation)
    if factor == 1:
        return cut, plane
    stored, reduced = _reduced(cut.stored, plane, factor)
    return ResliceResult(stored, cut.scale, cut.index_plane, cut.grid_size, cut.thickness_mm), reduced


def _frame(series: LoadedSeries, plane: Plane) -> int:
    k = round(float(series.geometry.to_ijk(plane.center_lps)[2]))
    return min(max(k, 0), series.volume.size[2] - 1)


def _reduced(stored: NDArray[Any], plane: Plane, factor: int) -> tuple[NDArray[Any], Plane]:
    """Means of factor x factor pixels: a picture that is shown much smaller must not leave pixels out."""
    h, w = (max(1, n // factor) for n in stored.shape[:2])
    fy, fx = min(factor, stored.shape[0]), min(factor, stored.shape[1])
    kind = np.float32 if stored.dtype.kind == "f" else np.int64 if stored.dtype.itemsize > 2 else np.int32
    total = np.zeros((h, w, *stored.shape[2:]), kind)
    for y in range(fy):
        for x in range(fx):
            total += stored[y : y + h * fy : fy, x : x + w * fx : fx]
    mean = total / (fx * fy) if stored.dtype.kind == "f" else total // (fx * fy)
    center = plane.to_lps(((w * fx - 1) / 2, (h * fy - 1) / 2))
    spacing = (plane.spacing[0] * fx, plane.spacing[1] * fy)
    return mean.astype(stored.dtype), plane.resized((w, h), spacing, center)


def _shade(
    series: LoadedSeries, cut: ResliceResult, plane: Plane, factor: int, window: Window, invert: bool
) -> NDArray[np.uint8]:
    # Outside stands the darkest number: black by itself, unless low values are shown bright.
    inside = cut.inside if factor == 1 and (invert or cut.stored.ndim == 3) else None
    grey = to_grey(cut.stored, GreyTable(window, cut.scale, cut.stored.dtype, invert), inside)
    if not series.loaded.all():
        grey = without_missing(series, plane, grey)
    return np.ascontiguousarray(grey)


def without_missing(series: LoadedSeries, plane: Plane, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What isn't loaded yet is black (RGBA: clear), not tissue of value 0."""
    axes = in_plane_axes(series.geometry, plane.right, plane.down)
    if axes is not None and 2 not in (axes[0][0], axes[1][0]):
        k = _frame(series, plane)
        return grey if series.loaded[k] else np.zeros_like(grey)
    y, x = np.mgrid[: plane.size[1], : plane.size[0]]
    at = np.rint(series.geometry.to_ijk(plane.to_lps(np.stack([x, y], axis=-1)))[..., 2]).astype(int)
    there = series.loaded[np.clip(at, 0, len(series.loaded) - 1)]
    return grey * (there if grey.ndim == 2 else there[..., None]).astype(np.uint8)


def _image(shade: NDArray[np.uint8]) -> QImage:
    h, w = shade.shape[:2]
    if shade.ndim == 3:
        return QImage(shade.data, w, h, w * 3, QImage.Format.Format_RGB888)
    return QImage(shade.data, w, h, w, QImage.Format.Format_Grayscale8)


def rgba_image(rgba: NDArray[np.uint8]) -> tuple[QImage, NDArray[np.uint8]]:
    """A picture with opacity, and the buffer that has to live as long."""
    buffer = np.ascontiguousarray(rgba)
    h, w = buffer.shape[:2]
    return QImage(buffer.data, w, h, w * 4, QImage.Format.Format_RGBA8888), buffer
