"""Cutting planes and slabs out of a grid of voxels, on the CPU, exact for oblique and sheared grids.

A plane that lies on the voxel grid is a numpy view and costs nothing. Every other plane goes through
`vtkImageReslice` in *index* space: the image has unit spacing and the whole affine stands in the reslice
axes, so that a sheared grid (a tilted gantry) is sampled through its inverse affine and nothing is resampled
beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane, Slab, SlabMode
from medviewer.core.volume import Volume
from medviewer.imaging import fast_linear, sampling
from medviewer.imaging.sampling import IndexPlane
from medviewer.imaging.slabs import slab_along_axis

Interpolation = Literal["nearest", "linear", "cubic"]
Pixels = NDArray[Any]


@dataclass(eq=False)
class ResliceResult:
    """A cut plane.

    stored: [y, x] (or [y, x, 3] of colour), of the volume's dtype or float32. scale: value = stored *
    scale[0] + scale[1], in the volume's unit. Outside the volume stands the darkest number of the dtype
    (colour: black), so that it is not taken for tissue; `inside` tells it apart.
    """

    stored: Pixels
    scale: tuple[float, float]
    index_plane: IndexPlane
    grid_size: tuple[int, int, int]
    thickness_mm: float = 0.0

    @cached_property
    def inside(self) -> NDArray[np.bool_] | None:
        """[y, x] whether a pixel (or its line through the slab) meets the voxels, to their outer edges; None:
        all.
        """
        return self.index_plane.inside(self.grid_size, self.thickness_mm)

    def values(self) -> NDArray[np.float32]:
        """float32 [y, x] in the volume's unit; NaN outside."""
        slope, intercept = self.scale
        out = self.stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
        if self.inside is not None:
            out[~self.inside] = np.nan
        return out


def reslice(
    volume: Volume,
    plane: Plane,
    slab: Slab | None = None,
    interpolation: Interpolation = "linear",
    unrounded: bool = False,
) -> ResliceResult:
    """Pixels of a plane through a volume.

    slab: put together what lies within half its thickness on both sides (max, min, mean of the linear
    interpolant). unrounded: interpolated numbers stay float32 instead of being rounded to the stored type.
    Volumes whose slices have slopes of their own come back as float32 values with scale (1, 0), except where
    the plane is one of the slices itself.
    """
    cut = IndexPlane.of(volume.geometry, plane)
    array, values = volume.array, volume.values
    thickness = slab.thickness_mm if slab else 0.0
    k = cut.own_slice() if thickness <= 0 else None
    own_slice = k is not None and 0 <= k < volume.size[2]
    if volume.is_color or values.is_uniform or own_slice:
        scale = (1.0, 0.0) if volume.is_color else values.at(k if k is not None and own_slice else 0)
        if slab is not None and scale[0] < 0:
            slab = Slab(thickness, _mirrored(slab.mode))
        stored = _cut(array, cut, slab, interpolation, _darkest(array.dtype, scale[0]), unrounded)
        return ResliceResult(stored, scale, cut, volume.size, thickness)
    background = _darkest(np.dtype(np.float32), 1.0)
    box = cut.box(volume.size, thickness)
    if box is None:
        stored = np.full(plane.size[::-1], background, np.float32)
        return ResliceResult(stored, (1.0, 0.0), cut, volume.size, thickness)
    (i0, i1), (j0, j1), (k0, k1) = box
    part = array[k0:k1, j0:j1, i0:i1].astype(np.float32)
    for n in range(k1 - k0):
        slope, intercept = values.at(k0 + n)
        part[n] = part[n] * np.float32(slope) + np.float32(intercept)
    stored = _cut(part, cut.shifted((-i0, -j0, -k0)), slab, interpolation, background, unrounded)
    return ResliceResult(stored, (1.0, 0.0), cut, volume.size, thickness)


def stored_plane(volume: Volume, k: int = 0) -> Plane:
    """The picture of a stored slice or frame as it is: columns to the right, rows downwards, square pixels.

    For films, stacks and cines, which have no place: x and y run along columns and rows in mm (or in pixels
    where no spacing is known), z is the frame's number. Pixels that are not square are resampled to the
    smaller side.
    """
    geometry = stored_geometry(volume)
    width, height = volume.size[:2]
    sx, sy = geometry.spacing[:2]
    pixel = min(sx, sy)
    out = max(1, round(width * sx / pixel)), max(1, round(height * sy / pixel))
    spacing = width * sx / out[0], height * sy / out[1]
    center = geometry.to_lps([(width - 1) / 2, (height - 1) / 2, k])
    return Plane(center, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), spacing, out)


def stored_geometry(volume: Volume) -> Geometry:
    """The grid of `stored_plane`: pixel spacing, or 1 px with the true aspect, and frames 1 apart."""
    sx, sy = volume.pixel_spacing or (1.0, volume.pixel_aspect)
    return Geometry(np.diag([sx, sy, 1.0, 1.0]), volume.size)


def reslice_stored(
    volume: Volume,
    k: int = 0,
    plane: Plane | None = None,
    interpolation: Interpolation = "linear",
    unrounded: bool = False,
) -> ResliceResult:
    """A stored slice or frame on `stored_plane` (or on a plane like it with another frame or size)."""
    cut = IndexPlane.of(stored_geometry(volume), plane or stored_plane(volume, k))
    scale = (1.0, 0.0) if volume.is_color else volume.values.at(k)
    one = volume.array[k : k + 1]
    background = _darkest(one.dtype, scale[0])
    stored = _cut(one, cut.shifted((0, 0, -k)), None, interpolation, background, unrounded)
    return ResliceResult(stored, scale, cut, volume.size)


def reslice_grid(
    array: Pixels,
    geometry: Geometry,
    plane: Plane,
    interpolation: Interpolation = "nearest",
    slab: Slab | None = None,
    background: float = 0.0,
    unrounded: bool = False,
) -> Pixels:
    """Pixels [y, x] of a plane through a bare array [k, j, i] on its geometry: label maps, probabilities,
    maps.
    """
    return _cut(array, IndexPlane.of(geometry, plane), slab, interpolation, background, unrounded)


def _cut(
    array: Pixels,
    cut: IndexPlane,
    slab: Slab | None,
    interpolation: Interpolation,
    background: float,
    unrounded: bool,
) -> Pixels:
    if slab is None or slab.thickness_mm <= 0:
        view = sampling.on_grid(array, cut, background)
        if view is not None:
            return view
        return _between_voxels(array, cut, None, interpolation, background, unrounded)
    if interpolation != "nearest":
        straight = slab_along_axis(array, cut, slab, background, unrounded)
        if straight is not None:
            return straight
    return _between_voxels(array, cut, slab, interpolation, background, unrounded)


def _between_voxels(
    array: Pixels,
    cut: IndexPlane,
    slab: Slab | None,
    interpolation: Interpolation,
    background: float,
    unrounded: bool,
) -> Pixels:
    if interpolation == "linear" and array.ndim == 3 and fast_linear.is_ready(array.dtype, unrounded):
        return fast_linear.linear(array, cut, slab, background, unrounded)
    return sampling.through_vtk(array, cut, interpolation, background, slab, unrounded)


def _mirrored(mode: SlabMode) -> SlabMode:
    """With a negative slope the largest value is the smallest stored number."""
    mirror: dict[SlabMode, SlabMode] = {"max": "min", "min": "max", "mean": "mean"}
    return mirror[mode]


def _darkest(dtype: np.dtype[Any], slope: float) -> float:
    if dtype.kind == "f":
        return -3e38 if slope >= 0 else 3e38
    if dtype.kind == "b":
        return 0.0
    info = np.iinfo(dtype)
    return float(info.min if slope >= 0 else info.max)
