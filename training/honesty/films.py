"""Chest films: the evidence for the likeliest label, as the viewer shows it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from medviewer.inference.prepare import prepare_plane
from training.config import Config
from training.data.films import SETS, film_rows, films
from training.evaluate import Predict
from training.honesty.asks import Ask
from training.honesty.figures import plain
from training.honesty.measure import Honesty

MOST = 80  # films of each set


def film_asks(predict: Predict, config: Config, data: Path, split: str) -> list[Ask]:
    """One ask a film, evenly from every set; boxes are left to `with_pointing`."""
    labels = {label["channel"]: label["name"] for label in config.viewer["output"]["labels"]}
    region = np.ones(config.recipe.size, np.float32)
    asks = []
    for subset in SETS:
        rows = film_rows(data, subset, split)
        some = list(films(data, subset, rows[:: -(-len(rows) // MOST)]))
        planes = [prepare_plane(film.grey, None, config.recipe) for film in some]
        for film, plane, chances in zip(some, planes, predict(planes), strict=True):
            channel = max(labels, key=lambda c, p=chances: float(p[c]))  # type: ignore[misc]
            asks.append(Ask(plane, channel, region, None, labels[channel], f"{subset} {film.row['patient']}"))
    return asks


def with_pointing(honesty: Honesty, metrics: Mapping[str, Any]) -> Honesty:
    """The pointing game as `evaluate` played it over all films with boxes."""
    names = {
        "pointing": "pointing_game",
        "pointing_chance": "pointing_chance",
        "pointing_gain": "pointing_gain",
    }
    played = {own: plain(metrics.get(name)) for own, name in names.items()}
    return replace(honesty, figures={**honesty.figures, **played})
