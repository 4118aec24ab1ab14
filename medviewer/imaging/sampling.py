"""How numbers are taken from voxels: views where a plane lies on the grid, VTK for all else."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane, Slab

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkImagingCore import vtkImageReslice

Pixels = NDArray[Any]
Vector = NDArray[np.float64]

ON_GRID = 2e-3
"""A plane counts as lying on the grid where no pixel is further from a voxel centre than this share of a
voxel.
"""

THREADS = max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True, eq=False)
class IndexPlane:
    """A plane in the index space of a grid: pixel (x, y) lies at first + x * right + y * down, as (i, j, k).

    normal: index step of one millimetre along the plane's normal.
    """

    first: Vector
    right: Vector
    down: Vector
    normal: Vector
    size: tuple[int, int]

    @classmethod
    def of(cls, geometry: Geometry, plane: Plane) -> IndexPlane:
        linear = geometry.inverse[:3, :3]
        return cls(
            geometry.to_ijk(plane.origin_lps),
            linear @ plane.right * plane.spacing[0],
            linear @ plane.down * plane.spacing[1],
            linear @ plane.normal,
            plane.size,
        )

    def shifted(self, ijk: ArrayLike) -> IndexPlane:
        return replace(self, first=self.first + np.asarray(ijk, float))

    def corners(self) -> Vector:
        """(4, 3) index positions of the corner pixels' centres."""
        w, h = self.size[0] - 1, self.size[1] - 1
        return np.stack([self.first + x * self.right + y * self.down for x in (0, w) for y in (0, h)])

    def inside(self, size: tuple[int, int, int], thickness_mm: float = 0.0) -> NDArray[np.bool_] | None:
        """[y, x] where the plane, or a slab of that thickness, meets the voxels (outer edges); None:
        everywhere.
        """
        corners, top = self.corners(), np.array(size) - 0.5 + 1e-6
        if (corners >= -0.5 - 1e-6).all() and (corners <= top).all():
            return None
        return self._slab_inside(top, thickness_mm) if thickness_mm > 0 else self._plane_inside(top)

    def _plane_inside(self, top: Vector) -> NDArray[np.bool_]:
        """Each row of pixels is inside along one stretch: six faces, found for all rows at once."""
        y = np.arange(self.size[1], dtype=np.float64)
        start, end = np.zeros(len(y)), np.full(len(y), self.size[0] - 1.0)
        for a in range(3):
            at, step = self.first[a] + y * self.down[a], float(self.right[a])
            if abs(step) < 1e-12:
                end[(at < -0.5 - 1e-6) | (at > top[a])] = -1
                continue
            faces = (-0.5 - 1e-6 - at) / step, (top[a] - at) / step
            start = np.maximum(start, np.minimum(*faces))
            end = np.minimum(end, np.maximum(*faces))
        x = np.arange(self.size[0])
        return (x >= np.ceil(start)[:, None]) & (x <= np.floor(end)[:, None])

    def _slab_inside(self, top: Vector, thickness_mm: float) -> NDArray[np.bool_]:
        """The part of each pixel's line through the slab that lies between the two faces of every axis."""
        x, y = (np.arange(n, dtype=np.float64) for n in self.size)
        first = np.full(self.size[::-1], -thickness_mm / 2 - 1e-9)
        last = np.full(self.size[::-1], thickness_mm / 2 + 1e-9)
        for a in range(3):
            at = self.first[a] + y[:, None] * self.down[a] + x[None, :] * self.right[a]
            slope = float(self.normal[a])
            if abs(slope) < 1e-12:
                last[(at < -0.5 - 1e-6) | (at > top[a])] = -np.inf
                continue
            faces = (-0.5 - at) / slope, (top[a] - at) / slope
            np.maximum(first, np.minimum(*faces), out=first)
            np.minimum(last, np.maximum(*faces), out=last)
        return first <= last

    def own_slice(self) -> int | None:
        """Index of the stored slice that the whole plane lies in, or None."""
        k = self.corners()[:, 2]
        nearest = round(float(k[0]))
        return nearest if np.abs(k - nearest).max() <= ON_GRID else None

    def box(self, size: tuple[int, int, int], thickness_mm: float) -> list[tuple[int, int]] | None:
        """Per voxel axis the range [low, high) that the plane or slab needs; None where it misses the
        grid.
        """
        half = np.outer([-0.5, 0.5], self.normal * thickness_mm)
        points = (self.corners()[:, None] + half[None]).reshape(-1, 3)
        low, high = np.floor(points.min(0)).astype(int) - 2, np.ceil(points.max(0)).astype(int) + 3
        ranges = [(max(0, int(a)), min(n, int(b))) for a, b, n in zip(low, high, size, strict=True)]
        return ranges if all(a < b for a, b in ranges) else None

    def voxel_axes(self, thickness_mm: float) -> tuple[int, int, int] | None:
        """Voxel axes along (right, down, normal) where each runs along one, at any step; None where one is
        oblique.
        """
        reach = (self.right, self.size[0] - 1), (self.down, self.size[1] - 1), (self.normal, thickness_mm)
        found = [int(np.abs(step).argmax()) for step, _ in reach]
        aside = [np.abs(np.delete(step, a)).max() * n for (step, n), a in zip(reach, found, strict=True)]
        if len(set(found)) < 3 or max(aside) > ON_GRID:
            return None
        return found[0], found[1], found[2]

    def axes(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """((axis, sign) to the right, (axis, sign) down) where pixels step from voxel to voxel, else None."""
        found = []
        for step, n in ((self.right, self.size[0]), (self.down, self.size[1])):
            axis = int(np.abs(step).argmax())
            whole = np.zeros(3)
            whole[axis] = 1.0 if step[axis] > 0 else -1.0
            if np.abs(step - whole).max() * max(n - 1, 1) > ON_GRID:
                return None
            found.append((axis, int(whole[axis])))
        return (found[0], found[1]) if found[0][0] != found[1][0] else None


def on_grid(array: Pixels, cut: IndexPlane, background: float) -> Pixels | None:
    """The plane as a view of the voxels (a copy where it reaches outside), or None where it lies between
    them.
    """
    axes = cut.axes()
    if axes is None or np.abs(cut.first - np.rint(cut.first)).max() > ON_GRID:
        return None
    (a, _), (b, _) = axes
    c = 3 - a - b
    at = round(float(cut.first[c]))
    if not 0 <= at < array.shape[2 - c]:
        return np.full(shape_of(array, cut), 0 if array.ndim == 4 else background, array.dtype)
    return framed(slice_of(array, c, at), axes, cut, background)


def slice_of(array: Pixels, c: int, at: int) -> Pixels:
    """The stored slice number `at` across voxel axis c, its two other axes in stored order."""
    return array[(slice(None),) * (2 - c) + (at,)]


def shape_of(array: Pixels, cut: IndexPlane) -> tuple[int, ...]:
    """Shape of the plane's pixels."""
    return (cut.size[1], cut.size[0], *array.shape[3:])


def framed(
    two: Pixels, axes: tuple[tuple[int, int], tuple[int, int]], cut: IndexPlane, background: float
) -> Pixels:
    """Turn a stored slice to the picture's right and down and cut it to its frame."""
    (a, right), (b, down) = axes
    if a > b:
        two = two.swapaxes(0, 1)
    rows, cols = two.shape[:2]
    x, y = round(float(cut.first[a])), round(float(cut.first[b]))
    if right < 0:
        two, x = two[:, ::-1], cols - 1 - x
    if down < 0:
        two, y = two[::-1], rows - 1 - y
    w, h = cut.size
    if x >= 0 and x + w <= cols and y >= 0 and y + h <= rows:
        return two[y : y + h, x : x + w]
    out = np.full((h, w, *two.shape[2:]), 0 if two.ndim == 3 else background, two.dtype)
    x0, x1, y0, y1 = max(x, 0), min(x + w, cols), max(y, 0), min(y + h, rows)
    if x0 < x1 and y0 < y1:
        out[y0 - y : y1 - y, x0 - x : x1 - x] = two[y0:y1, x0:x1]
    return out


def through_vtk(
    array: Pixels,
    cut: IndexPlane,
    interpolation: Literal["nearest", "linear", "cubic"],
    background: float,
    slab: Slab | None = None,
    unrounded: bool = False,
) -> Pixels:
    """Any plane or slab by `vtkImageReslice`; half a voxel beyond the outer centres still counts as inside.

    A slab is sampled from end to end in steps of at most the shortest way through a voxel along the normal;
    the mean weighs the two ends half (trapezoids). Samples outside the grid are left out of it.
    """
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import VTK_FLOAT
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkImagingCore import vtkImageReslice

    image, origin = _image(array, cut, slab.thickness_mm if slab else 0.0)
    if image is None:
        return np.full(shape_of(array, cut), 0 if array.ndim == 4 else background, array.dtype)
    cut = cut.shifted(-np.array(origin, float))
    cutter = vtkImageReslice()
    cutter.SetNumberOfThreads(THREADS)
    cutter.SetInputData(image)
    # VTK's short cut along the axes puts slabs half a step or a whole one off (9.7); planes are right with
    # it.
    cutter.SetOptimization(slab is None)
    step = cut.normal
    if slab is not None:
        count, step = slab_steps(cut, slab)
        _set_slab(cutter, slab, count)
    matrix = vtkMatrix4x4()
    for row in range(3):
        for column, vector in enumerate((cut.right, cut.down, step, cut.first)):
            matrix.SetElement(row, column, float(vector[row]))
    cutter.SetResliceAxes(matrix)
    cutter.SetOutputSpacing(1, 1, 1)
    cutter.SetOutputOrigin(0, 0, 0)
    cutter.SetOutputExtent(0, cut.size[0] - 1, 0, cut.size[1] - 1, 0, 0)
    cutter.SetInterpolationMode({"nearest": 0, "linear": 1, "cubic": 3}[interpolation])
    if array.ndim == 4:
        cutter.SetBackgroundColor(0, 0, 0, 0)
    else:
        cutter.SetBackgroundLevel(background)
    if unrounded:
        cutter.SetOutputScalarType(VTK_FLOAT)
    cutter.Update()
    out: Pixels = vtk_to_numpy(cutter.GetOutput().GetPointData().GetScalars())
    return out.reshape(shape_of(array, cut)).view(bool if array.dtype == bool else out.dtype)


def slab_steps(cut: IndexPlane, slab: Slab) -> tuple[int, Vector]:
    """(number of samples, index step between them): ends included, no voxel jumped over."""
    per_mm = float(np.abs(cut.normal).max())
    count = max(2, int(np.ceil(slab.thickness_mm * per_mm - ON_GRID)) + 1)
    return count, cut.normal * (slab.thickness_mm / (count - 1))


def _set_slab(cutter: vtkImageReslice, slab: Slab, count: int) -> None:
    cutter.SetSlabNumberOfSlices(count)
    cutter.SetSlabMode({"min": 0, "max": 1, "mean": 2}[slab.mode])
    cutter.SetSlabTrapezoidIntegration(slab.mode == "mean")


def _image(
    array: Pixels, cut: IndexPlane, thickness_mm: float
) -> tuple[vtkImageData | None, tuple[int, int, int]]:
    """The voxels as vtkImageData with unit spacing (sharing memory where it can), and the index of its first
    one.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    origin = (0, 0, 0)
    if not array.flags.c_contiguous or array.dtype == np.float16 or not array.dtype.isnative:
        box = cut.box((array.shape[2], array.shape[1], array.shape[0]), thickness_mm)
        if box is None:
            return None, origin
        (i0, i1), (j0, j1), (k0, k1) = box
        dtype = np.dtype(np.float32) if array.dtype == np.float16 else array.dtype.newbyteorder("=")
        array, origin = np.ascontiguousarray(array[k0:k1, j0:j1, i0:i1], dtype), (i0, j0, k0)
    if array.dtype == bool:
        array = array.view(np.uint8)
    image = vtkImageData()
    image.SetDimensions(array.shape[2], array.shape[1], array.shape[0])
    flat = array.reshape(-1, array.shape[3]) if array.ndim == 4 else array.reshape(-1)
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=False))
    return image, origin
