"""Nodule crops: the evidence for the best-scored nodule in a window that does not have it in its middle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.config import Config
from training.data.nodule_crops import CONSENSUS, CROP, crops, prepared_crop, rows_of, sure
from training.evaluate import Predict
from training.honesty.asks import Ask, Bools, Floats
from training.honesty.findings import best_part

SIDE = 64  # pixels of the prepared plane; crops have 63 and more
MARGIN = 8
MOST = 200  # crops, evenly from the whole table


def nodule_asks(predict: Predict, config: Config, data: Path, split: str) -> list[Ask]:
    """One ask a nodule crop, of those whose HU are known well."""
    windows = list(_windows(config, data, split))
    labels = config.viewer["output"]["labels"]
    mask = next(label for label in labels if label["role"] == "mask")
    detection = config.viewer["output"]["detection"]
    scored = next(label for label in labels if label["role"] == detection["score_from"])
    chances = predict([image for image, _, _ in windows])
    asks = []
    for (image, truth, patient), chance in zip(windows, chances, strict=True):
        outline, score = chance[mask["channel"]], chance[scored["channel"]]
        region = best_part(outline, score, mask["threshold"], detection["min_score"])
        asks.append(Ask(image, scored["channel"], region, truth, mask["name"], patient))
    return asks


def _windows(config: Config, data: Path, split: str) -> Iterator[tuple[Floats, Bools, str]]:
    """(tile (1, 64, 64), consensus outline, patient); the nodule lies anywhere but at the very edge."""
    rows = sure(rows_of(data, "index.csv", split))
    for crop in crops(data, rows[:: -(-len(rows) // MOST)], CROP, with_masks=True):
        plane, bits, center, diameter = prepared_crop(crop, config.recipe)
        if diameter == 0.0:
            continue
        name = f"{crop.row['file']}/{crop.row['tile_row']}/{crop.row['tile_col']}"
        draw = np.frombuffer(hashlib.sha256(name.encode()).digest()[:8], np.uint32) / 2**32
        starts = []
        for at, side, share in zip(center, plane.shape, draw, strict=True):
            last = max(0, side - SIDE)
            low = min(max(0, int(np.ceil(at)) - SIDE + 1 + MARGIN), last)
            high = max(low, min(last, int(at) - MARGIN))
            starts.append(low + int(share * (high - low + 1)))
        place = np.s_[starts[0] : starts[0] + SIDE, starts[1] : starts[1] + SIDE]
        tile, truth = plane[place], (bits[place] & CONSENSUS) > 0
        more = [(0, SIDE - n) for n in tile.shape]
        yield np.pad(tile, more, mode="reflect")[None], np.pad(truth, more), crop.row["patient"]
