"""Honesty figures of one map on one image: how far the score falls when the hottest tenth is blurred, against chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
SEED = 20260701
DRAWS = 100
HOTTEST_SHARE = 0.1
BLUR_SHARE = 0.05


def hottest(saliency: Floats) -> Bools:
    """Bool, same shape: the round(0.1 N) pixels with the highest values, of those above 0; ties by raster order."""
    flat = saliency.ravel()
    order = np.argsort(-flat, kind="stable")[: round(HOTTEST_SHARE * flat.size)]
    found = np.zeros(flat.size, bool)
    found[order[flat[order] > 0]] = True
    return found.reshape(saliency.shape)


def blurred(stored: NDArray[Any]) -> NDArray[Any]:
    """Gaussian copy of stored pixels [r, c] (or [r, c, 3]): sigma 5 % of the shorter side, edges repeated, rounded."""
    from scipy.ndimage import gaussian_filter

    sigma = BLUR_SHARE * min(stored.shape[:2])
    sigmas = (sigma, sigma, 0.0) if stored.ndim == 3 else (sigma, sigma)
    smooth = gaussian_filter(stored.astype(float), sigmas, mode="nearest")
    if np.issubdtype(stored.dtype, np.integer):
        smooth = np.rint(smooth)
    return smooth.astype(stored.dtype)


def moved(region: Bools, rng: np.random.Generator, inside: Bools | None) -> Bools:
    """The region turned or mirrored (one of the flips and quarter turns that fit) and shifted, within the image.

    inside: an organ's mask; the region then stays in its box where some way fits there.
    """
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    if not len(rows):
        return region.copy()
    cut = region[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ways = [np.rot90(side, turns) for side in (cut, cut[:, ::-1]) for turns in range(4)]
    for r0, r1, c0, c1 in _boxes(region.shape, inside):
        fitting = [way for way in ways if way.shape[0] <= r1 - r0 and way.shape[1] <= c1 - c0]
        if fitting:
            way = fitting[rng.integers(len(fitting))]
            r = int(rng.integers(r0, r1 - way.shape[0] + 1))
            c = int(rng.integers(c0, c1 - way.shape[1] + 1))
            out = np.zeros_like(region)
            out[r : r + way.shape[0], c : c + way.shape[1]] = way
            return out
    return region.copy()


def _boxes(shape: tuple[int, ...], inside: Bools | None) -> Iterator[tuple[int, int, int, int]]:
    if inside is not None and inside.any():
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        yield int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    yield 0, shape[0], 0, shape[1]


def drops(
    stored: NDArray[Any],
    saliency: Floats,
    scores_of: Callable[[Sequence[NDArray[Any]]], NDArray[np.float64]],
    inside: Bools | None = None,
    at_a_time: int = 8,
    told: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """p, blur_drop, random_drop_mean and random_drop_p95 of a map over stored pixels.

    scores_of: p of each of a list of images given in the place of `stored`. told(done, total) after each list.
    The same call gives the same figures: draws come from `SEED`.
    """
    region = hottest(saliency)
    smooth = blurred(stored)
    rng = np.random.default_rng(SEED)
    masks = [region, *(moved(region, rng, inside) for _ in range(DRAWS))]

    def changed(mask: Bools) -> NDArray[Any]:
        image = stored.copy()
        image[mask] = smooth[mask]
        return image

    found = [float(scores_of([stored])[0])]
    for first in range(0, len(masks), at_a_time):
        found += [float(p) for p in scores_of([changed(m) for m in masks[first : first + at_a_time]])]
        if told is not None:
            told(min(first + at_a_time, len(masks)), len(masks))
    p = found[0]
    fall = p - np.array(found[1:])
    return {
        "p": p,
        "blur_drop": float(fall[0]),
        "random_drop_mean": float(fall[1:].mean()),
        "random_drop_p95": float(max(np.percentile(fall[1:], 95), fall[1:].mean())),
    }


def organ_figures(saliency: Floats, inside: Bools | None) -> dict[str, float | None]:
    """share_in_organ (of the map's sum) and organ_share (of the image); both None without an organ mask."""
    if inside is None:
        return {"share_in_organ": None, "organ_share": None}
    total = float(saliency.sum(dtype=np.float64))
    share = float(saliency[inside].sum(dtype=np.float64)) / total if total > 0 else 0.0
    return {"share_in_organ": min(1.0, share), "organ_share": float(inside.mean())}
