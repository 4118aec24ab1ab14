"""Platt calibration and thresholds of a film classifier, from its validation films."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from training.config import Config
from training.data.films import LABELS, SETS, film_rows, labels_of
from training.evaluate import Predict
from training.evaluate.films import scored

LEAST_EACH = 8  # positives (and negatives) that a fit needs
Vector = NDArray[np.float64]


def platt(logit: Vector, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """(a, b) of p = sigmoid(a * logit + b) by most likelihood with Platt's smoothed targets (Platt 1999)."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def cost(ab: Vector) -> float:
        z = ab[0] * logit + ab[1]
        return float((np.logaddexp(0, z) - target * z).mean())

    a, b = minimize(
        cost, np.array([1.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9}
    ).x
    return float(max(a, 0.05)), float(b)  # a label whose order was reversed would deceive


def best_threshold(chance: Vector, truth: NDArray[np.bool_]) -> float:
    """The threshold with the largest sum of sensitivity and specificity, midway between two films."""
    order = np.argsort(-chance)
    hit = np.cumsum(truth[order]) / truth.sum()
    false = np.cumsum(~truth[order]) / (~truth).sum()
    k = int(np.argmax(hit - false))
    after = chance[order[k + 1]] if k + 1 < len(order) else 0.0
    return float((chance[order[k]] + after) / 2)


def calibrated_viewer(config: Config, predict: Predict, data: Path, split: str = "val") -> dict[str, Any]:
    """The config's `viewer` with calibration and thresholds; `predict` gives the uncalibrated probabilities.

    Pneumonia is fitted on children's films (kermany), every other label on adults' (nih256 and nih128 together). A
    label with too few positives keeps its score as it is and the threshold 0.5.
    """
    found = scored(predict, config, data, split)
    truth = {(s, r["file"]): labels_of(s, r) for s in SETS for r in film_rows(data, s, split)}
    viewer: dict[str, Any] = {**config.viewer, "output": {**config.viewer["output"]}}
    pairs: dict[str, dict[str, float]] = {}
    thresholds: dict[str, float] = {}
    for k, name in enumerate(LABELS):
        keys = [key for key in found.scores if (key[0] == "kermany") == (name == "Pneumonia")]
        true = np.array([truth[key][k] == 1 for key in keys])
        chance = np.clip(np.array([found.scores[key][k] for key in keys]), 1e-7, 1 - 1e-7)
        if min(true.sum(), (~true).sum()) < LEAST_EACH:
            continue
        logit = np.log(chance / (1 - chance))
        a, b = platt(logit, true)
        pairs[name] = {"a": round(a, 5), "b": round(b, 5)}
        thresholds[name] = round(best_threshold(1 / (1 + np.exp(-(a * logit + b))), true), 4)
    viewer["output"]["labels"] = [
        {**label, "threshold": thresholds.get(label["name"], label["threshold"])}
        for label in config.viewer["output"]["labels"]
    ]
    viewer["calibration"] = {
        "calibrated": True,
        "method": "Platt scaling on the validation films",
        "per_label": pairs,
    }
    return viewer
