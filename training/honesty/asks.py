"""What is asked of a network: whose evidence, in which pixels of which tile, and where the truth lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.export.saliency_graph import (
    GRAD_CAM,
    HIRES_CAM,
    SaliencyFunction,
    example_inputs,
    frozen,
    saliency_function,
)

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
BATCH = 16


@dataclass(frozen=True)
class Ask:
    """One image with one label.

    Attributes:
        image: prepared tile, (C, H, W).
        channel: score channel whose evidence is meant.
        region: pixels meant (H, W), ones for a classifier; None where the model found nothing to explain.
        truth: box or mask of the label (H, W), or None where there is none.
        label: its name.
        patient: whom the image belongs to (or what stands for the patient where that is not known).
    """

    image: Floats
    channel: int
    region: Floats | None
    truth: Bools | None
    label: str
    patient: str


Maps = Callable[[Sequence[Ask]], list[Floats]]
"""Asks that have a region → their maps (h, w), not negative."""


def maps_of(network: nn.Module) -> Maps:
    """Maps by the method that the package has as its default, as its graph computes them (here with torch)."""
    still = frozen(network)
    functions: dict[tuple[int, int], tuple[SaliencyFunction, int]] = {}

    def maps(asks: Sequence[Ask]) -> list[Floats]:
        found: list[Floats] = [np.empty((0, 0), np.float32)] * len(asks)
        for some in _alike(asks):
            image = torch.from_numpy(np.stack([asks[k].image for k in some]))
            size = (image.shape[2], image.shape[3])
            if size not in functions:
                example = example_inputs(still, 1, image.shape[1], size)
                functions[size] = saliency_function(still, example), example.target.shape[1]
            function, channels = functions[size]
            target = torch.zeros(len(some), channels)
            target[torch.arange(len(some)), torch.tensor([asks[k].channel for k in some])] = 1.0
            region = torch.from_numpy(np.stack([_region(asks[k]) for k in some]))[:, None]
            with torch.no_grad():
                outputs = dict(zip(function.outputs, function.call(image, target, region), strict=True))
            cells = outputs[HIRES_CAM if HIRES_CAM in outputs else GRAD_CAM].numpy()
            for k, cell in zip(some, cells, strict=True):
                found[k] = cell[0]
        return found

    return maps


def _region(ask: Ask) -> Floats:
    if ask.region is None:
        raise ValueError("nothing was found in this image: there is no map of it")
    return ask.region


def _alike(asks: Sequence[Ask]) -> Iterator[list[int]]:
    """Batches of asks whose tiles have the same size."""
    sizes = [ask.image.shape for ask in asks]
    for size in sorted(set(sizes)):
        members = [k for k, other in enumerate(sizes) if other == size]
        for first in range(0, len(members), BATCH):
            yield members[first : first + BATCH]


def on_pixels(cells: Floats, size: tuple[int, int]) -> Floats:
    """A map (h, w) on the tile's pixels (H, W), bilinear, as it is shown."""
    shown = nn.functional.interpolate(
        torch.from_numpy(cells)[None, None], size=size, mode="bilinear", align_corners=False
    )
    return np.asarray(shown[0, 0].numpy(), np.float32)
