"""Predictions of a torch network, for the look at the validation split during training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from training.evaluate import Floats, Predict

BATCH = 16


def torch_predictor(
    network: nn.Module, viewer: Mapping[str, Any], tile: Sequence[int] | None = None
) -> Predict:
    """As the viewer predicts: small planes are mirrored up to the tile; larger ones are taken whole, not in tiles.

    tile: another least size than the package's, to be quicker.
    """
    tile, softmax = tile or viewer["input"]["size"], viewer["output"]["activation"] == "softmax"
    classifier = viewer["task"] == "classification"

    def predict(planes: Sequence[Floats]) -> list[Floats]:
        found: list[Floats] = [np.empty(0, np.float32)] * len(planes)
        sides = [
            tuple(max(t, -(-n // 16) * 16) for n, t in zip(p.shape[1:], tile, strict=True)) for p in planes
        ]
        for size in sorted(set(sides)):
            alike = [k for k, side in enumerate(sides) if side == size]
            for first in range(0, len(alike), BATCH):
                some = alike[first : first + BATCH]
                image = np.stack([_padded(planes[k], size) for k in some])
                with torch.no_grad():
                    scores = network(torch.from_numpy(image).contiguous(memory_format=torch.channels_last))
                    chances = (torch.softmax(scores, 1) if softmax else torch.sigmoid(scores)).numpy()
                for k, chance in zip(some, chances, strict=True):
                    h, w = planes[k].shape[1:]
                    found[k] = np.asarray(chance if classifier else chance[:, :h, :w], np.float32)
        return found

    return predict


def _padded(plane: Floats, size: tuple[int, ...]) -> Floats:
    more = [(0, 0), *((0, n - m) for n, m in zip(size, plane.shape[1:], strict=True))]
    return np.pad(plane, more, mode="reflect")
