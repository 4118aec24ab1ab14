"""Chest films: scores and the map's highest points; the metrics as their definitions have them.

Scores with the lungs painted out need a lung mask of every film; they come with a lung-field model.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.prepare import prepare_plane, square_offset
from training.config import Config
from training.data.films import LABELS, PNEUMONIA, SETS, Film, Floats, film_rows, films
from training.evaluate import Predict
from training.evaluate.statistics import Figure, auc, calibration_error, figure

Key = tuple[str, str]
MapOf = Callable[[Floats, int], Floats]
"""(prepared film (C, H, W), score channel) → saliency map (h, w)."""
LEAST_POSITIVES = 30
CHUNK = 64


@dataclass
class Scored:
    """By (set, file): probabilities (14,); by (set, file, label): the map's highest point (row, column)."""

    scores: dict[Key, NDArray[np.float64]] = field(default_factory=dict)
    points: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)


def scored(predict: Predict, config: Config, data: Path, split: str, map_of: MapOf | None = None) -> Scored:
    """What the network says of every film of the split; labels are not looked at.

    map_of: where given, the points of all NIH films and labels are found.
    """
    found = Scored()
    channels = [label["channel"] for label in config.viewer["output"]["labels"]]
    names = [label["name"] for label in config.viewer["output"]["labels"]]
    order = [channels[names.index(name)] for name in LABELS]
    for subset in SETS:
        some: list[tuple[Film, Floats]] = []
        for film in films(data, subset, film_rows(data, subset, split)):
            some.append((film, prepare_plane(film.grey, None, config.recipe)))
            if len(some) == CHUNK:
                _score(found, some, predict, order, map_of)
                some = []
        if some:
            _score(found, some, predict, order, map_of)
    return found


def _score(
    found: Scored, some: list[tuple[Film, Floats]], predict: Predict, order: list[int], map_of: MapOf | None
) -> None:
    for (film, plane), chances in zip(some, predict([p for _, p in some]), strict=True):
        found.scores[film.subset, film.row["file"]] = np.asarray(chances, np.float64)[order]
        if map_of is not None and film.subset != "kermany":
            for name, channel in zip(LABELS, order, strict=True):
                where = map_of(plane, channel)
                if where.max() > 0:
                    found.points[film.subset, film.row["file"], name] = _point(where, film.grey.shape)


def _point(where: Floats, shape: tuple[int, ...]) -> tuple[float, float]:
    """Row and column, in pixels of the stored film, of the middle of the map's highest cell."""
    row, column = np.unravel_index(int(np.argmax(where)), where.shape)
    side, (top, left) = max(shape), square_offset((shape[0], shape[1]))
    at = (row + 0.5) * side / where.shape[0] - 0.5 - top, (column + 0.5) * side / where.shape[1] - 0.5 - left
    return float(np.clip(at[0], 0, shape[0] - 1)), float(np.clip(at[1], 0, shape[1] - 1))


def write(found: Scored, out: Path) -> None:
    """scores.csv; pointing.csv where points were asked for."""
    out.mkdir(parents=True, exist_ok=True)

    def rows(path: Path, head: list[str], lines: Any) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(head)
            table.writerows(lines)

    rows(
        out / "scores.csv", ["set", "file", "label", "score"],
        ([s, f, name, f"{v:.6f}"] for (s, f), values in found.scores.items() for name, v in zip(LABELS, values, strict=True)),
    )  # fmt: skip
    if found.points:
        rows(
            out / "pointing.csv", ["set", "file", "label", "row", "col"],
            ([*key, f"{r:.2f}", f"{c:.2f}"] for key, (r, c) in found.points.items()),
        )  # fmt: skip


def figures(data: Path, found: Scored, split: str, draws: int = 1000) -> dict[str, Figure | None]:
    """The metrics; each None where the labels have one value only."""
    kermany = film_rows(data, "kermany", split)
    owners = [r["patient"] for r in kermany]
    items = [
        (
            int(r.get("pneumonia") or 0),
            found.scores["kermany", r["file"]][PNEUMONIA],
            int(r["width"]) / int(r["height"]),
        )
        for r in kermany
    ]
    both = len({i[0] for i in items}) == 2
    told: dict[str, Figure | None] = {
        "auc_pneumonia_kermany": figure(
            items, owners, lambda x: auc([i[0] for i in x], [i[1] for i in x]), draws
        ),
        "auc_aspect_ratio_alone": figure(
            items, owners, lambda x: auc([i[0] for i in x], [i[2] for i in x]), draws
        ),
        "ece_kermany": figure(
            items, owners, lambda x: calibration_error([i[0] for i in x], [i[1] for i in x]), draws
        )
        if both
        else None,
    }
    told |= _adults(data, found, split, min(draws, 200))
    if found.points:
        told |= _pointing(data, found, split, draws)
    return told


def _adults(data: Path, found: Scored, split: str, draws: int) -> dict[str, Figure | None]:
    rows = [(s, r) for s in SETS[1:] for r in film_rows(data, s, split)]
    owners = [r["patient"] for _, r in rows]
    truth = np.array([[int(r.get(name) or 0) for name in LABELS] for _, r in rows])
    score = np.array([found.scores[s, r["file"]] for s, r in rows])
    of = np.array([s for s, _ in rows])
    often = [k for k in range(len(LABELS)) if truth[:, k].sum() >= LEAST_POSITIVES]

    def one(x: list[int], k: int) -> float:
        """Within each sub-set, then averaged by its positives: the sub-sets' resolution must not count."""
        parts, at = [], np.array(x)
        for s in SETS[1:]:
            mine = at[of[at] == s]
            positives = int(truth[mine, k].sum())
            if 0 < positives < len(mine):
                parts.append((auc(truth[mine, k], score[mine, k]), positives))
        return sum(a * n for a, n in parts) / sum(n for _, n in parts) if parts else float("nan")

    def mean(x: list[int]) -> float:
        values = [v for v in (one(x, k) for k in often) if np.isfinite(v)]
        return float(np.mean(values)) if values else float("nan")

    numbers = list(range(len(rows)))
    told = {f"auc_{LABELS[k]}": figure(numbers, owners, partial(one, k=k), draws) for k in often}
    told["auc_nih_mean"] = figure(numbers, owners, mean, draws)
    return told


def _pointing(data: Path, found: Scored, split: str, draws: int) -> dict[str, Figure | None]:
    """Is the map's highest pixel in a box of that label, against the same of other films' points of that label."""
    rows = {(s, r["file"]): r for s in SETS[1:] for r in film_rows(data, s, split)}
    points = {
        key: ((p[0] + 0.5) / int(rows[key[:2]]["height"]), (p[1] + 0.5) / int(rows[key[:2]]["width"]))
        for key, p in found.points.items()
        if key[:2] in rows
    }
    pairs, owners = [], []
    for (subset, file), row in rows.items():
        boxes = json.loads(row.get("boxes") or "[]")
        for name in sorted({b[0] for b in boxes}):
            mine = [_shares(b, row) for b in boxes if b[0] == name]
            others = [(label, p) for (_, f, label), p in points.items() if f != file]
            same = [p for label, p in others if label == name]
            same = same if len(same) >= 2 else [p for _, p in others]
            own = points.get((subset, file, name))
            chance = float(np.mean([_inside(p, mine) for p in same])) if same else float("nan")
            pairs.append((float(own is not None and _inside(own, mine)), chance))
            owners.append(row["patient"])
    return {
        "pointing_game": figure(pairs, owners, lambda x: float(np.mean([i[0] for i in x])), draws),
        "pointing_chance": figure(pairs, owners, lambda x: float(np.mean([i[1] for i in x])), draws),
        "pointing_gain": figure(pairs, owners, lambda x: float(np.mean([i[0] - i[1] for i in x])), draws),
    }


def _shares(box: list[Any], row: Mapping[str, str]) -> tuple[float, float, float, float]:
    _, x, y, w, h = box
    width, height = int(row["width"]), int(row["height"])
    return x / width, y / height, w / width, h / height


def _inside(p: tuple[float, float], boxes: list[tuple[float, float, float, float]]) -> bool:
    return any(x <= p[1] <= x + w and y <= p[0] <= y + h for x, y, w, h in boxes)
