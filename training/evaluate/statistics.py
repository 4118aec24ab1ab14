"""Figures with their 95 % intervals, and the few measures that several models share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")
Figure = dict[str, Any]


def figure(
    items: Sequence[T], groups: Iterable[Any], statistic: Callable[[list[T]], float], draws: int = 1000
) -> Figure | None:
    """{"value", "ci95", "n", "n_groups"}: the statistic and its interval from drawing whole groups with replacement.

    Seed 0. None where the statistic can't be had (nothing to judge, one class only); draws 0: no interval.
    """
    members: dict[Any, list[T]] = {}
    for item, group in zip(items, groups, strict=True):
        members.setdefault(group, []).append(item)
    if not items:
        return None
    value = float(statistic(list(items)))
    if not np.isfinite(value):
        return None
    interval = None
    if draws:
        rng, lists = np.random.default_rng(0), list(members.values())
        drawn = [
            statistic([x for k in rng.integers(0, len(lists), len(lists)) for x in lists[k]])
            for _ in range(draws)
        ]
        interval = [float(v) for v in np.nanpercentile(drawn, (2.5, 97.5))]
    return {"value": value, "ci95": interval, "n": len(items), "n_groups": len(members)}


def dice(a: NDArray[Any], b: NDArray[Any]) -> float:
    """2 |A and B| / (|A| + |B|) of two masks, 1 where both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else float(2.0 * np.logical_and(a, b).sum() / total)


def auc(truth: ArrayLike, score: ArrayLike) -> float:
    """Area under the ROC curve by ranks, ties counted half; nan with one class only."""
    from scipy.stats import rankdata

    true = np.asarray(truth, bool)
    positives, negatives = int(true.sum()), int((~true).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(np.asarray(score))
    return float((ranks[true].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def calibration_error(truth: ArrayLike, chance: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: |mean probability - share of positives| over bins of equal width, weighted."""
    true, p = np.asarray(truth, float), np.asarray(chance, float)
    which = np.minimum((p * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(true[which == b].mean() - p[which == b].mean()) * (which == b).mean()
            for b in range(bins)
            if (which == b).any()
        )
    )
