"""Figures over all samples of a volume: least, largest, mean, and where its weight lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.volume import Volume


def values_of(volume: Volume) -> dict[str, Any]:
    """{"min", "max", "mean", "centroid_lps_mm"} in `values.unit`, padding left out; colour as RGB 0 to 255.

    centroid_lps_mm: of a volume, the mean of its voxel centres in LPS mm, each weighted with its value minus the
    volume's minimum; None where all are equal, where it is no volume, or in colour.
    """
    array = volume.array
    if volume.is_color:
        return _figures(int(array.min()), int(array.max()), float(array.mean(dtype=np.float64)), None)
    depth, rows, columns = array.shape
    low, high, total, count = np.inf, -np.inf, 0.0, 0
    moments = np.zeros((4,))  # sums of value, value i, value j, value k
    plain = np.zeros((4,))  # sums of 1, i, j, k
    i, j = np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64)
    for k in range(depth):
        stored, slope, intercept = array[k], *volume.values.at(k)
        mask = _kept(stored, volume)
        by_column, by_row, n_column, n_row = _sums(stored, mask)
        number = int(n_column.sum())
        if not number:
            continue
        inside = stored if mask is None else stored[mask]
        ends = float(inside.min()) * slope + intercept, float(inside.max()) * slope + intercept
        low, high = min(low, *ends), max(high, *ends)
        sums = np.array([by_column.sum(), by_column @ i, by_row @ j, by_column.sum() * k])
        ones = np.array([number, n_column @ i, n_row @ j, number * k], dtype=np.float64)
        moments += sums * slope + ones * intercept
        plain += ones
        count += number
    if not count:
        return _figures(None, None, None, None)
    total = moments[0] / count
    weights = moments - low * plain
    centroid = None
    if volume.has_place and high > low and weights[0] > 0:
        centroid = [float(v) for v in volume.geometry.to_lps(weights[1:] / weights[0])]
    return _figures(low, high, float(total), centroid)


def _kept(stored: NDArray[Any], volume: Volume) -> NDArray[np.bool_] | None:
    """Which samples are no padding and finite; None where all are."""
    mask = None
    if volume.values.padding is not None:
        low, high = volume.values.padding
        mask = (stored < low) | (stored > high)
    if stored.dtype.kind == "f":
        finite = np.isfinite(stored)
        if not finite.all():
            mask = finite if mask is None else mask & finite
    return None if mask is None or mask.all() else mask


def _sums(stored: NDArray[Any], mask: NDArray[np.bool_] | None) -> tuple[NDArray[np.float64], ...]:
    """Sums of stored values by column and by row, and how many samples each has."""
    rows, columns = stored.shape
    kind = np.int64 if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 4 else np.float64
    if mask is None:
        counted = np.full(columns, rows, float), np.full(rows, columns, float)
        taken = stored
    else:
        counted = mask.sum(0).astype(float), mask.sum(1).astype(float)
        taken = np.where(mask, stored, 0)
    return taken.sum(0, dtype=kind).astype(float), taken.sum(1, dtype=kind).astype(float), *counted


def _figures(low: Any, high: Any, mean: Any, centroid: Any) -> dict[str, Any]:
    return {"min": low, "max": high, "mean": mean, "centroid_lps_mm": centroid}
