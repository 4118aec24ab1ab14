"""Which images are asked about for each kind of model, and what its honesty figures are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.checkpoints import Trained
from training.evaluate.by_torch import torch_predictor
from training.honesty.measure import Honesty, measure
from training.networks import build

NODULE_TILE = (64, 64)


def honesty_of(trained: Trained, data: Path, metrics: Mapping[str, Any], split: str = "val") -> Honesty:
    """The figures of a trained network.

    Args:
        trained: network and config, as `load_best` gives them.
        data: folder of the set.
        metrics: what `evaluate` found; the pointing game of films is taken from it.
        split: whose images.
    """
    config, network = trained.config, trained.network
    viewer = config.viewer_json()
    if config.task.kind == "nodules":
        from training.honesty.nodules import nodule_asks

        asks = nodule_asks(torch_predictor(network, viewer, NODULE_TILE), config, data, split)
        return measure(network, lambda: build(config), asks)
    if config.task.kind == "tumour":
        from training.honesty.tumours import tumour_asks

        asks = tumour_asks(torch_predictor(network, viewer), config, data, split)
        return measure(network, lambda: build(config), asks)
    from training.honesty.films import film_asks, with_pointing

    asks = film_asks(torch_predictor(network, viewer), config, data, split)
    return with_pointing(measure(network, lambda: build(config), asks, average=True), metrics)
