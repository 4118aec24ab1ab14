"""Brain slices: the evidence for the true type within the tumour that the network outlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medviewer.inference.prepare import prepare_plane, resize
from training.config import Config
from training.data.brain_slices import brain_slices
from training.data.tables import read_rows
from training.evaluate import Predict
from training.evaluate.tumours import TYPES, tumour_of
from training.honesty.asks import Ask

STEP = 16  # sides of what the network reads are multiples of this


def tumour_asks(predict: Predict, config: Config, data: Path, split: str) -> list[Ask]:
    """One ask for each slice; series stand for patients, whom the set does not name."""
    labels = {label["name"]: label for label in config.viewer["output"]["labels"]}
    channels = [labels[name]["channel"] for name in TYPES]
    threshold = min(labels[name]["threshold"] for name in TYPES)
    slices = list(brain_slices(data, read_rows(data / "index.csv", split), with_masks=True))
    planes = [prepare_plane(s.grey, (s.pixel_mm, s.pixel_mm), config.recipe) for s in slices]
    asks = []
    for one, plane, chances in zip(slices, planes, predict(planes), strict=True):
        outlined, _ = tumour_of(chances[channels], threshold)
        region = (outlined > 0).astype(np.float32)
        assert one.tumour is not None
        truth = resize(one.tumour.astype(np.float32), (plane.shape[1], plane.shape[2])) >= 0.5
        more = [(0, -n % STEP) for n in plane.shape[1:]]
        label = labels[TYPES[int(one.row["label"]) - 1]]
        asks.append(
            Ask(
                image=np.pad(plane, [(0, 0), *more], mode="reflect"),
                channel=label["channel"],
                region=np.pad(region, more) if region.any() else None,
                truth=np.pad(truth, more),
                label=label["name"],
                patient=one.row["series_id"],
            )
        )
    return asks
