"""Figures of a model's maps: likeness to a scrambled network, and the pointing game against a fixed guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from training.evaluate.statistics import Figure, figure
from training.honesty.asks import Ask, Floats, Maps, on_pixels

LEAST_IMAGES = 50


@dataclass(frozen=True)
class Pointing:
    """One image-label pair with a box or mask: was it hit, and what share of the other images' points hits it."""

    hit: bool
    chance: float
    patient: str


def likeness(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation over the cells of two maps; 0 where one is constant (it ranks nothing)."""
    a, b = (rankdata(cells.ravel()) for cells in (first, second))
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / norm) if norm > 0.0 else 0.0


def randomisation(asks: Sequence[Ask], maps: Sequence[Floats], scrambled: Sequence[Maps]) -> Figure | None:
    """Mean likeness of the maps to those of the same network with all weights drawn anew.

    Each image counts once, with the mean over the drawn networks. None below 50 images.
    """
    if len(asks) < LEAST_IMAGES:
        return None
    alike = np.mean(
        [[likeness(a, b) for a, b in zip(maps, other(asks), strict=True)] for other in scrambled], axis=0
    )
    return plain(figure([float(v) for v in alike], [a.patient for a in asks], lambda x: float(np.mean(x))))


def point_of(cells: Floats, size: tuple[int, int]) -> tuple[float, float] | None:
    """(row, column) of the shown map's maximum in shares of the tile, pixel centres; None for an empty map."""
    shown = on_pixels(cells, size)
    if not shown.max() > 0.0:
        return None
    row, column = np.unravel_index(int(shown.argmax()), shown.shape)
    return (float(row) + 0.5) / size[0], (float(column) + 0.5) / size[1]


def pointing(asks: Sequence[Ask], points: Sequence[tuple[float, float] | None]) -> list[Pointing]:
    """The pointing game on the asks that have a truth.

    The guess is asked with the points of other images of the same label (of all labels where fewer than two others
    have one). An image in which the model found nothing is a miss.
    """
    by_label: dict[str, list[int]] = defaultdict(list)
    for k, (ask, point) in enumerate(zip(asks, points, strict=True)):
        if point is not None:
            by_label[ask.label].append(k)
    everyone = [k for members in by_label.values() for k in members]
    pairs = []
    for k, (ask, point) in enumerate(zip(asks, points, strict=True)):
        if ask.truth is None or not ask.truth.any():
            continue
        others = [j for j in by_label[ask.label] if j != k]
        if len(others) < 2:
            others = [j for j in everyone if j != k]
        guesses = [inside(ask.truth, points[j]) for j in others]
        if guesses:
            pairs.append(Pointing(inside(ask.truth, point), float(np.mean(guesses)), ask.patient))
    return pairs


def inside(truth: NDArray[np.bool_], point: tuple[float, float] | None) -> bool:
    """Whether a point in shares of the tile lies on the mask."""
    if point is None:
        return False
    row, column = (min(int(share * side), side - 1) for share, side in zip(point, truth.shape, strict=True))
    return bool(truth[row, column])


def pointing_figures(pairs: Sequence[Pointing]) -> dict[str, Figure | None]:
    """{"pointing", "pointing_chance", "pointing_gain"}; None where there is no pair."""
    patients = [pair.patient for pair in pairs]
    measures = {
        "pointing": [float(pair.hit) for pair in pairs],
        "pointing_chance": [pair.chance for pair in pairs],
        "pointing_gain": [float(pair.hit) - pair.chance for pair in pairs],
    }
    return {
        name: plain(figure(values, patients, lambda x: float(np.mean(x))))
        for name, values in measures.items()
    }


def plain(found: Figure | None) -> dict[str, Any] | None:
    """{"value", "ci95", "n"} as viewer.json has it, to four digits."""
    if found is None:
        return None
    ends = [round(float(end), 4) for end in found["ci95"]]
    return {"value": round(float(found["value"]), 4), "ci95": ends, "n": int(found["n"])}


def average_maps(asks: Sequence[Ask], maps: Sequence[Floats], channels: int) -> Floats:
    """Mean map by score channel, each map divided by its maximum first, (channels, h, w); zero without images."""
    found = np.zeros((channels, *maps[0].shape), np.float32)
    for channel in range(channels):
        own = [m / m.max() for a, m in zip(asks, maps, strict=True) if a.channel == channel and m.max() > 0.0]
        if own:
            found[channel] = np.mean(own, axis=0)
    return found
