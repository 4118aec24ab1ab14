"""Values under a mark, from the true voxels (not from the picture)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.measurement import Measurement
from medviewer.workspace.loaded_series import LoadedSeries

Vector = NDArray[np.float64]


def ellipse_voxels(
    series: LoadedSeries, center: ArrayLike, half_a: ArrayLike, half_b: ArrayLike
) -> NDArray[np.int64]:
    """Indices (n, 3) as (i, j, k) of the voxels whose centres lie in an ellipse.

    center, half_a, half_b: LPS mm, the half axes as vectors at right angles. A voxel belongs to the ellipse's
    plane where its centre is within half a voxel layer of it (half the spacing along the voxel axis that is
    nearest to the normal), so that a plane on the grid takes exactly its own slice.
    """
    geometry = series.geometry
    c, a, b = (np.asarray(v, float) for v in (center, half_a, half_b))
    la, lb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if la < 1e-9 or lb < 1e-9:
        return np.zeros((0, 3), np.int64)
    u, v = a / la, b / lb
    normal = np.cross(u, v)
    axis = int(np.abs(geometry.direction.T @ normal).argmax())
    half = 0.5 * abs(float(geometry.affine[:3, axis] @ normal))
    reach = np.abs(np.stack([a, b, normal * half]))  # half extents of the box around it, LPS
    corners = c + np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * reach.sum(0)
    ijk = geometry.to_ijk(corners)
    low = np.maximum(np.floor(ijk.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(ijk.max(0)).astype(int), np.array(geometry.size) - 1)
    if (high < low).any():
        return np.zeros((0, 3), np.int64)
    grid = np.stack(
        np.meshgrid(*(np.arange(lo, hi + 1) for lo, hi in zip(low, high, strict=True)), indexing="ij"), -1
    ).reshape(-1, 3)
    d = geometry.to_lps(grid) - c
    in_layer = (d @ normal > -half - 1e-9) & (d @ normal <= half - 1e-9)
    in_ellipse = (d @ u / la) ** 2 + (d @ v / lb) ** 2 <= 1
    found: NDArray[np.int64] = grid[in_layer & in_ellipse]
    return found


def ellipse_statistics(series: LoadedSeries, points: ArrayLike) -> dict[str, Any]:
    """mean, sd (of the voxels themselves: divided by n), min, max, n and unit under an ellipse.

    points: centre and the ends of the two half axes, LPS mm. Without values (colour, outside, not loaded yet)
    n is 0. Voxels that stand for no tissue (padding) are left out.
    """
    center, end_a, end_b = np.asarray(points, float)[:3]
    nothing = {"n": 0, "unit": series.unit}
    if series.volume.is_color:
        return nothing
    ijk = ellipse_voxels(series, center, end_a - center, end_b - center)
    ijk = ijk[series.loaded[ijk[:, 2]]]
    stored = series.volume.array[ijk[:, 2], ijk[:, 1], ijk[:, 0]]
    if series.values.padding is not None:
        keep = (stored < series.values.padding[0]) | (stored > series.values.padding[1])
        stored, ijk = stored[keep], ijk[keep]
    if stored.size == 0:
        return nothing
    values = np.empty(stored.size)
    for k in np.unique(ijk[:, 2]):
        slope, intercept = series.values.at(int(k))
        here = ijk[:, 2] == k
        values[here] = stored[here] * slope + intercept
    return {
        "mean": float(values.mean()), "sd": float(values.std()), "min": float(values.min()),
        "max": float(values.max()), "n": int(values.size), "unit": series.unit,
    }  # fmt: skip


def with_statistics(series: LoadedSeries, mark: Measurement) -> Measurement:
    """The mark with what its voxels say: of ellipses and probes."""
    if mark.kind == "ellipse":
        return mark.with_points(mark.points, ellipse_statistics(series, mark.points))
    if mark.kind == "probe":
        told = {"value": series.value_at(mark.points[0]), "unit": series.unit}
        return mark.with_points(mark.points, told)
    return mark
