"""Brain slices: outlines and types; the metrics as their definitions have them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medviewer.inference.prepare import prepare_plane
from medviewer.inference.slices import LinearMap
from training.config import Config
from training.data.brain_slices import brain_slices
from training.data.tables import read_rows
from training.evaluate import Floats, Predict
from training.evaluate.statistics import Figure, dice, figure

TYPES = ("meningioma", "glioma", "pituitary")


@dataclass
class Predicted:
    """By slice_id: mask (h, w) of 0..3, and the score of each type."""

    masks: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    scores: dict[str, tuple[float, float, float]] = field(default_factory=dict)


def predicted(predict: Predict, config: Config, data: Path, split: str) -> Predicted:
    """What the network says of every slice of the split; labels and masks are not looked at."""
    labels = {label["name"]: label for label in config.viewer["output"]["labels"]}
    channels = [labels[name]["channel"] for name in TYPES]
    threshold = min(labels[name]["threshold"] for name in TYPES)
    slices = list(brain_slices(data, read_rows(data / "index.csv", split), with_masks=False))
    planes = [prepare_plane(s.grey, (s.pixel_mm, s.pixel_mm), config.recipe) for s in slices]
    found = Predicted()
    for one, chances in zip(slices, predict(planes), strict=True):
        h, w = one.grey.shape
        own = LinearMap((chances.shape[1], chances.shape[2]), (h, w))(chances[channels])
        mask, scores = tumour_of(own, threshold)
        found.masks[one.row["slice_id"]] = mask
        found.scores[one.row["slice_id"]] = scores
    return found


def tumour_of(chances: Floats, threshold: float) -> tuple[NDArray[np.uint8], tuple[float, float, float]]:
    """(mask with the type's number, score of each type) of the types' probabilities (3, h, w).

    A pixel is tumour where the three add up to the threshold; the type is the one with the highest mean over these
    pixels (over the brightest hundredth where there are none).
    """
    total = chances.sum(0)
    inside = total >= threshold
    ask = inside if inside.any() else total >= np.percentile(total, 99)
    means = chances[:, ask].mean(1)
    shares = means / max(float(means.sum()), 1e-9)
    number = np.uint8(1 + int(np.argmax(means)))
    return inside.astype(np.uint8) * number, (float(shares[0]), float(shares[1]), float(shares[2]))


def write(found: Predicted, out: Path) -> None:
    """masks/NNNN.png and scores.csv."""
    (out / "masks").mkdir(parents=True, exist_ok=True)
    for slice_id, mask in found.masks.items():
        Image.fromarray(mask).save(out / "masks" / f"{int(slice_id):04d}.png")
    with (out / "scores.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["slice_id", *TYPES])
        table.writerows(
            [slice_id, *(f"{s:.6f}" for s in scores)] for slice_id, scores in found.scores.items()
        )


def figures(data: Path, found: Predicted, split: str, draws: int = 1000) -> dict[str, Figure | None]:
    """The metrics; each None where the masks are empty, or the labels of one value."""
    items, groups = [], []
    any_mask, kinds = False, set()
    for one in brain_slices(data, read_rows(data / "index.csv", split), with_masks=True):
        assert one.tumour is not None
        mask, scores = found.masks[one.row["slice_id"]], found.scores[one.row["slice_id"]]
        label = int(one.row.get("label") or 0)
        any_mask = any_mask or bool(one.tumour.any())
        kinds.add(label)
        items.append((dice(mask > 0, one.tumour), int(np.argmax(scores)) + 1 == label, label))
        groups.append(one.row["series_id"])
    names = ("dice_mean", "type_accuracy", *(f"dice_{name}" for name in TYPES))
    if not any_mask:
        return dict.fromkeys(names)

    def of_type(number: int) -> Figure | None:
        return figure(
            items, groups, lambda x: float(np.mean([i[0] for i in x if i[2] == number] or [np.nan])), draws
        )

    told = {
        "dice_mean": figure(items, groups, lambda x: float(np.mean([i[0] for i in x])), draws),
        "type_accuracy": figure(items, groups, lambda x: float(np.mean([i[1] for i in x])), draws)
        if len(kinds) > 1
        else None,
    }
    return told | {f"dice_{name}": of_type(number) for number, name in enumerate(TYPES, 1)}
