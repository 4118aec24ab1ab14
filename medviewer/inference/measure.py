"""What is measured of a mask, independent of who made it: diameter, volume, mean value, centre, box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.volume import Volume

Bools = NDArray[np.bool_]
Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measures:
    """All in mm (LPS), ml and the volume's unit. bbox_lps_mm: [[low], [high]] around the voxels' outer edges."""

    center_ijk: Vector
    center_lps_mm: Vector
    bbox_lps_mm: Vector
    diameter_mm: float
    volume_ml: float
    mean_value: float | None


def measure(mask: Bools, offset_kji: tuple[int, int, int], volume: Volume) -> Measures:
    """Measures of a mask [k, j, i] that lies at `offset_kji` in the volume's own grid.

    Raises ValueError for an empty mask.
    """
    kji = np.argwhere(mask)
    if not len(kji):
        raise ValueError("an empty mask has no measures")
    ijk = (kji + np.asarray(offset_kji))[:, ::-1]
    geometry = volume.geometry
    center_ijk = ijk.mean(0)
    lps = geometry.to_lps(ijk)
    half = np.abs(geometry.affine[:3, :3]).sum(1) / 2
    return Measures(
        center_ijk=center_ijk,
        center_lps_mm=geometry.to_lps(center_ijk),
        bbox_lps_mm=np.stack([lps.min(0) - half, lps.max(0) + half]),
        diameter_mm=longest_diameter(mask, geometry),
        volume_ml=len(kji) * geometry.voxel_volume_mm3 / 1000.0,
        mean_value=None if volume.is_color else _mean_value(ijk, volume),
    )


def _mean_value(ijk: NDArray[np.intp], volume: Volume) -> float:
    i, j, k = ijk.T
    stored = volume.array[k, j, i].astype(np.float64)
    values = volume.values
    slope = values.slope[k] if len(values.slope) > 1 else values.slope[0]
    intercept = values.intercept[k] if len(values.intercept) > 1 else values.intercept[0]
    return float((stored * slope + intercept).mean())


def longest_diameter(mask: Bools, geometry: Geometry) -> float:
    """Longest distance in mm between outer pixel edges of the mask within one axial slice; 0 for an empty mask.

    "Axial" is the grid's own slice plane nearest to it. mask: [k, j, i], any part of the grid: only the steps of
    the grid count, so a box cut out of it gives the same. Convex hull of the pixels' corners, farthest pair.
    """
    axis, _ = geometry.slice_axis("axial")
    slices = np.moveaxis(mask, 2 - axis, 0)  # the two other array axes keep their order
    rest = [a for a in (2, 1, 0) if a != axis]  # voxel axes of the slice's rows and columns
    steps = geometry.affine[:3, rest]
    longest = 0.0
    for plane in slices:
        if plane.any():
            longest = max(longest, _plane_diameter(plane, steps))
    return longest


def _plane_diameter(plane: Bools, steps: Vector) -> float:
    """Of one slice [r, c]; steps (3, 2): LPS mm to the next row and column."""
    rows = np.flatnonzero(plane.any(1))
    first = plane[rows].argmax(1)
    last = plane.shape[1] - 1 - plane[rows][:, ::-1].argmax(1)
    corners = np.concatenate(
        [np.stack([rows + r, ends + c], 1) for r in (-0.5, 0.5) for ends, c in ((first, -0.5), (last, 0.5))]
    )
    points = corners @ steps.T
    if len(points) > 64:
        points = points[_hull(corners)]
    apart = points[:, None] - points[None]
    return float(np.sqrt((apart**2).sum(-1).max()))


def _hull(corners: Vector) -> NDArray[np.intp]:
    """Indices of the convex hull; a hull stays one under any affine map, so pixels serve as well as mm."""
    from scipy.spatial import ConvexHull

    return np.asarray(ConvexHull(corners).vertices, np.intp)
