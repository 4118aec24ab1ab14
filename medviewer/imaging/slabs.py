"""Slabs along a voxel axis, exact: the max, min or mean of the linear interpolant between a slab's two faces.

Between two slices the interpolant is straight, so that its extremes lie in slices or in the faces, and its
mean is the sum of trapezoids between them. Oblique slabs are sampled by VTK (`sampling.through_vtk`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from medviewer.core.plane import Slab
from medviewer.imaging.sampling import (
    ON_GRID,
    IndexPlane,
    Pixels,
    framed,
    shape_of,
    slice_of,
    through_vtk,
)


def slab_along_axis(
    array: Pixels, cut: IndexPlane, slab: Slab, background: float, unrounded: bool
) -> Pixels | None:
    """The slab, or None where the plane does not run along the voxel axes.

    Samples beyond the outer voxels are left out; where there are none the background stands.
    """
    along = cut.voxel_axes(slab.thickness_mm)
    if along is None:
        return None
    c, half = along[2], float(np.abs(cut.normal).max()) * slab.thickness_mm / 2
    n, at = array.shape[2 - along[2]], float(cut.first[along[2]])
    if at + half < -0.5 or at - half > n - 0.5:
        return np.full(shape_of(array, cut), 0 if array.ndim == 4 else background, array.dtype)
    low, high = (min(max(v, 0.0), n - 1.0) for v in (at - half, at + half))
    axes = cut.axes()
    if axes is not None and np.abs(cut.first - np.rint(cut.first))[[along[0], along[1]]].max() <= ON_GRID:
        block = _tiled(array, low, high, slab.mode) if c == 0 else _reduced(array, c, low, high, slab.mode)
        return framed(_as_stored(block, array, unrounded), axes, cut, background)

    def plane(position: float) -> Pixels:
        first = cut.first.copy()
        first[c] = position
        return through_vtk(array, replace(cut, first=first), "linear", background, unrounded=True)

    return _as_stored(_put_together(plane, low, high, slab.mode), array, unrounded)


def _as_stored(block: Pixels, array: Pixels, unrounded: bool) -> Pixels:
    if block.dtype == array.dtype or unrounded:
        return block
    return (np.rint(block) if array.dtype.kind in "iu" else block).astype(array.dtype)


def _places(low: float, high: float) -> list[float]:
    """The slab's faces and the slices between them, in order."""
    slices = range(int(np.ceil(low - ON_GRID)), int(np.floor(high + ON_GRID)) + 1)
    inner = [float(k) for k in slices if low + ON_GRID < k < high - ON_GRID]
    return [low, *inner, high] if high - low > ON_GRID else [low]


def _weights(places: list[float]) -> list[float]:
    """Of trapezoids, their sum 1."""
    if len(places) == 1:
        return [1.0]
    gaps = np.diff(places)
    halves = (np.concatenate([[0.0], gaps]) + np.concatenate([gaps, [0.0]])) / 2
    return [float(w) for w in halves / (places[-1] - places[0])]


def _put_together(plane: Callable[[float], Pixels], low: float, high: float, mode: str) -> Pixels:
    places = _places(low, high)
    out = plane(places[0])
    if mode == "mean":
        weights = _weights(places)
        out = out * np.float32(weights[0])
        for at, weight in zip(places[1:], weights[1:], strict=True):
            out += plane(at) * np.float32(weight)
        return out
    pick = np.maximum if mode == "max" else np.minimum
    for at in places[1:]:
        out = pick(out, plane(at))
    return out


def _reduced(array: Pixels, c: int, low: float, high: float, mode: str) -> Pixels:
    """Across slices or rows: numpy runs along the rows, whole slices at once."""
    first, last = int(np.ceil(low - ON_GRID)), int(np.floor(high + ON_GRID))
    if mode == "mean" or last < first:
        return _put_together(lambda at: _between(array, c, at), low, high, mode)
    axis = 2 - c
    pick = np.maximum if mode == "max" else np.minimum
    out: Pixels = pick.reduce(array[(slice(None),) * axis + (slice(first, last + 1),)], axis)
    for face in (low, high):
        if abs(face - round(face)) > ON_GRID:
            out = pick(out, _between(array, c, face))
    return out


def _tiled(array: Pixels, low: float, high: float, mode: str) -> Pixels:
    """Across columns: slice by slice with rows and columns swapped, since numpy is slow along the last
    axis.
    """
    first, last = int(np.floor(low + ON_GRID)), int(np.ceil(high - ON_GRID))
    parts = []
    for k in range(array.shape[0]):
        swapped = np.ascontiguousarray(array[k : k + 1, :, first : last + 1].swapaxes(1, 2))
        parts.append(_reduced(swapped, 1, low - first, high - first, mode)[0])
    return np.stack(parts)


def _between(array: Pixels, c: int, at: float) -> Pixels:
    """The slice at a fractional index across axis c; float32 unless it is a stored one."""
    near = round(at)
    if abs(at - near) <= ON_GRID:
        return slice_of(array, c, near)
    below = int(np.floor(at))
    f = np.float32(at - below)
    return slice_of(array, c, below) * (np.float32(1) - f) + slice_of(array, c, below + 1) * f
