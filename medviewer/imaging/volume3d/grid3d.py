"""The voxels that 3D works on: right-angled, right-handed, and few enough for the rung."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane
from medviewer.core.volume import Volume
from medviewer.imaging.reslice import reslice_grid

MOST_VOXELS = {"gpu": 512**3, "software": 256**3, "none": 160**3}


@dataclass(frozen=True, eq=False)
class Grid3D:
    """array: [k, j, i] contiguous int16 or float32, value = array * scale[0] + scale[1]; geometry: its
    own.
    """

    array: NDArray[Any]
    geometry: Geometry
    scale: tuple[float, float]


@dataclass(frozen=True, eq=False)
class ClipPlane:
    """What lies on the side to which the normal points stays. through, normal: LPS."""

    through: NDArray[np.float64]
    normal: NDArray[np.float64]

    def applied(self, grid: Grid3D) -> Grid3D:
        """A copy in which all that is cut away has the lowest value."""
        linear = grid.geometry.affine[:3, :3].T @ self.normal
        start = float((grid.geometry.affine[:3, 3] - self.through) @ self.normal)
        k, j, i = np.ogrid[tuple(slice(0, n) for n in grid.array.shape)]
        away = start + i * linear[0] + j * linear[1] + k * linear[2] < 0
        return replace(grid, array=np.where(away, grid.array.min(), grid.array))


def grid_for(volume: Volume, most_voxels: int) -> Grid3D:
    """A copy for 3D: averaged over blocks where it is too large, slices flipped where left-handed, and where
    sheared resampled to right angles (the 2D panes never are)."""
    array, geometry = volume.array, volume.geometry
    scale = volume.values.at(0) if volume.values.is_uniform else (1.0, 0.0)
    if volume.is_color:
        array, scale = array.mean(axis=3, dtype=np.float32).astype(np.int16), (1.0, 0.0)
    elif not volume.values.is_uniform:
        array = volume.values.apply(array)
    elif scale[0] < 0 or array.dtype not in (np.dtype(np.int16), np.dtype(np.uint8)):
        array, scale = volume.values.apply(array), (1.0, 0.0)
    factors = _factors(geometry, most_voxels)
    array, geometry = _averaged(array, geometry, factors)
    if array.dtype == np.uint8:
        array = array.astype(np.int16)
    if not geometry.is_orthogonal():
        array, geometry = _right_angled(array, geometry)
    if geometry.handedness == "left":
        array, geometry = array[::-1], geometry.permuted((0, 1, 2), (False, False, True))
    return Grid3D(np.ascontiguousarray(array), geometry, scale)


def _factors(geometry: Geometry, most_voxels: int) -> tuple[int, int, int]:
    """How many voxels become one along i, j, k: the finest axes first."""
    factors, spacing = [1, 1, 1], np.array(geometry.spacing)
    while math.prod(-(-n // f) for n, f in zip(geometry.size, factors, strict=True)) > most_voxels:
        able = [a for a in range(3) if geometry.size[a] > factors[a]]
        finest = min(able, key=lambda a: spacing[a] * factors[a])
        factors[finest] += 1
    return factors[0], factors[1], factors[2]


def _averaged(
    array: NDArray[Any], geometry: Geometry, factors: tuple[int, int, int]
) -> tuple[NDArray[Any], Geometry]:
    """Means over blocks; what does not fill a block at the end is left out."""
    if factors == (1, 1, 1):
        return array, geometry
    fi, fj, fk = factors
    ni, nj, nk = (max(1, n // f) for n, f in zip(geometry.size, factors, strict=True))
    out = np.empty((nk, nj, ni), array.dtype)
    for k in range(nk):
        block = array[k * fk : (k + 1) * fk, : nj * fj, : ni * fi].mean(axis=0, dtype=np.float32)
        block = block.reshape(nj, fj, ni * fi).mean(axis=1).reshape(nj, ni, fi).mean(axis=2)
        out[k] = np.rint(block) if array.dtype.kind in "iu" else block
    affine = geometry.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] = geometry.to_lps((np.array(factors) - 1) / 2)
    return out, Geometry(affine, (ni, nj, nk))


def _right_angled(array: NDArray[Any], geometry: Geometry) -> tuple[NDArray[Any], Geometry]:
    frame = geometry.frame()
    spacing = np.array([geometry.spacing[0], geometry.spacing[1], abs(geometry.slice_distance)])
    along = (geometry.corners_lps() - geometry.center_lps) @ frame
    counts = [max(1, int(np.ceil(np.ptp(along[:, a]) / spacing[a])) + 1) for a in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = frame * spacing
    affine[:3, 3] = geometry.center_lps - affine[:3, :3] @ ((np.array(counts) - 1) / 2)
    straight = Geometry(affine, (counts[0], counts[1], counts[2]))
    lowest = float(array.min())
    out = np.empty((counts[2], counts[1], counts[0]), array.dtype)
    for k in range(counts[2]):
        center = straight.to_lps([(counts[0] - 1) / 2, (counts[1] - 1) / 2, k])
        plane = Plane(center, frame[:, 0], frame[:, 1], (spacing[0], spacing[1]), (counts[0], counts[1]))
        out[k] = reslice_grid(array, geometry, plane, "linear", background=lowest)
    return out, straight
