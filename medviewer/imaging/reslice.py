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
from medviewer.imaging import sampling
from medviewer.imaging.sampling import IndexPlane

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

    @cached_property
    def inside(self) -> NDArray[np.bool_] | None:
        """[y, x] whether a pixel lies within the outer edges of the voxels; None: all do."""
        return self.index_plane.inside(self.grid_size)

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
    if volume.is_color or values.is_uniform:
        scale = (1.0, 0.0) if volume.is_color else values.at(0)
        if slab is not None and scale[0] < 0:
            slab = Slab(slab.thickness_mm, _mirrored(slab.mode))
        background = _darkest(array.dtype, scale[0])
        stored = _cut(array, cut, slab, interpolation, background, unrounded)
        return ResliceResult(stored, scale, cut, volume.size)
    k = cut.own_slice()
    if slab is None and k is not None and 0 <= k < volume.size[2]:
        scale = values.at(k)
        stored = _cut(array, cut, None, interpolation, _darkest(array.dtype, scale[0]), unrounded)
        return ResliceResult(stored, scale, cut, volume.size)
    thickness = slab.thickness_mm if slab else 0.0
    box = cut.box(volume.size, thickness)
    background = _darkest(np.dtype(np.float32), 1.0)
    if box is None:
        return ResliceResult(np.full(plane.size[::-1], background, np.float32), (1.0, 0.0), cut, volume.size)
    (i0, i1), (j0, j1), (k0, k1) = box
    part = array[k0:k1, j0:j1, i0:i1].astype(np.float32)
    for n, k in enumerate(range(k0, k1)):
        slope, intercept = values.at(k)
        part[n] = part[n] * np.float32(slope) + np.float32(intercept)
    stored = _cut(part, cut.shifted((-i0, -j0, -k0)), slab, interpolation, background, unrounded)
    return ResliceResult(stored, (1.0, 0.0), cut, volume.size)


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
        return sampling.through_vtk(array, cut, interpolation, background, unrounded=unrounded)
    whole = sampling.slab_on_grid(array, cut, slab, background, unrounded)
    if whole is not None:
        return whole
    return sampling.through_vtk(array, cut, interpolation, background, slab=slab, unrounded=unrounded)


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
