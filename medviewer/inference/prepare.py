"""From one slice or film to what the network reads: the same code in the viewer and in training.

The order is fixed: normalise (on the image's own pixels), then resample by mm or pad to a square and resize, then
mean and std. Only numpy and scipy; float32 throughout, so that both sides agree bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from medviewer.inference.recipe import Recipe

Floats = NDArray[np.float32]
_LEAST_SIGMA = 0.1  # a Gaussian below it changes nothing in float32


def prepare_plane(
    pixels: NDArray[Any],
    pixel_mm: tuple[float, float] | None,
    recipe: Recipe,
    limits: tuple[float, float] | None = None,
    inverted: bool = False,
) -> Floats:
    """One slice or film as the network's input plane, float32 (C, h, w).

    pixels: (H, W) in the image's unit, oriented for the reader (films: as stored). pixel_mm: (x, y) between columns
    and rows; needed where the recipe resamples by mm. limits: (low, high) of the whole volume where the recipe
    normalises per volume (`percentile_limits`). inverted: the film is stored with air bright (MONOCHROME1).

    A recipe with `neighbours` needs this for each of its planes; their planes are then stacked along C.
    """
    plane = np.asarray(pixels, np.float32)
    if inverted and recipe.invert_monochrome1:
        plane = -plane
    plane = normalise(plane, recipe, limits)
    if recipe.fit == "pad_square":
        plane = resize(pad_square(plane), recipe.size)
    elif recipe.pixel_mm is not None:
        if pixel_mm is None:
            raise ValueError("this recipe resamples by mm and needs the pixel size")
        plane = resample_in_plane(plane, pixel_mm, recipe.pixel_mm)
    return standardise(plane, recipe)


def percentile_limits(pixels: NDArray[Any], recipe: Recipe) -> tuple[float, float]:
    """(low, high) in the image's unit of a percentile normalisation over all finite values of `pixels`."""
    values = np.asarray(pixels, np.float32)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 0.0
    low, high = np.percentile(finite, (recipe.normalise.low, recipe.normalise.high))
    return float(low), float(high)


def normalise(pixels: NDArray[Any], recipe: Recipe, limits: tuple[float, float] | None = None) -> Floats:
    """Values brought to 0..1 and clipped, float32; a constant image and what is not a number become 0."""
    values = np.asarray(pixels, np.float32)
    rule = recipe.normalise
    if rule.kind == "window":
        low, high = rule.low, rule.high
    else:
        low, high = limits if limits is not None else percentile_limits(values, recipe)
    if not high > low:
        return np.zeros(values.shape, np.float32)
    scaled = (values - np.float32(low)) * np.float32(1.0 / (high - low))
    if not np.isfinite(scaled).all():
        scaled = np.nan_to_num(scaled, nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip(scaled, np.float32(0.0), np.float32(1.0))


def standardise(plane: Floats, recipe: Recipe) -> Floats:
    """(h, w) in 0..1 → (C, h, w) after (x - mean) / std; C is 3 where the recipe says rgb, else 1."""
    channels = 3 if recipe.rgb else 1
    mean, std = (
        np.resize(np.asarray(v, np.float32), channels)[:, None, None] for v in (recipe.mean, recipe.std)
    )
    return np.ascontiguousarray((plane[None] - mean) / std, np.float32)


def resample_in_plane(plane: Floats, pixel_mm: tuple[float, float], target_mm: float) -> Floats:
    """(H, W) with pixels of (x, y) mm → pixels of `target_mm`; the plane keeps its outer edges.

    The size is rounded to whole pixels, at least one.
    """
    rows = max(1, round(plane.shape[0] * pixel_mm[1] / target_mm))
    columns = max(1, round(plane.shape[1] * pixel_mm[0] / target_mm))
    return resize(plane, (rows, columns))


def resize(plane: Floats, size: tuple[int, int]) -> Floats:
    """(H, W) → `size` = (rows, columns), linear; a Gaussian first along axes that shrink, against aliasing.

    Outer edges coincide: centre x of the target lies at (x + 0.5) * n / m - 0.5 of the source, edges repeated.
    The Gaussian has sigma (n / m - 1) / 2 source pixels.
    """
    found = np.asarray(plane, np.float32)
    for axis, m in enumerate(size):
        n = found.shape[axis]
        if n == m:
            continue
        sigma = (n / m - 1) / 2
        if sigma > _LEAST_SIGMA:
            found = gaussian_filter1d(
                found, sigma, axis=axis, mode="nearest", truncate=3.0, output=np.float32
            )
        at = np.clip((np.arange(m) + 0.5) * (n / m) - 0.5, 0, n - 1)
        low = np.floor(at).astype(np.intp)
        high = np.minimum(low + 1, n - 1)
        share = (at - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share
        first, second = np.take(found, low, axis), np.take(found, high, axis)
        found = first + (second - first) * share
    return np.asarray(found, np.float32)


def pad_square(plane: Floats) -> Floats:
    """(H, W) centred in a square of its longer side, filled with the median of its own border pixels."""
    rows, columns = plane.shape
    if rows == columns:
        return np.asarray(plane, np.float32)
    side = max(rows, columns)
    border = np.concatenate([plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]])
    square = np.full((side, side), np.median(border), np.float32)
    top, left = square_offset((rows, columns))
    square[top : top + rows, left : left + columns] = plane
    return square


def square_offset(size: tuple[int, int]) -> tuple[int, int]:
    """(row, column) of the film's first pixel in the square that `pad_square` makes."""
    side = max(size)
    return (side - size[0]) // 2, (side - size[1]) // 2
