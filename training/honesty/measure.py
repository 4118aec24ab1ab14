"""Measures the honesty figures of a trained network."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from training.honesty.asks import Ask, Floats, maps_of
from training.honesty.figures import average_maps, point_of, pointing, pointing_figures, randomisation

DRAWS = 3  # networks drawn anew


@dataclass(frozen=True)
class Honesty:
    """`figures` as viewer.json's "honesty" has them; `card`: what the card adds; `average_maps` or None."""

    figures: dict[str, Any]
    card: dict[str, Any]
    average_maps: Floats | None = None
    notes: list[str] = field(default_factory=list)


def measure(
    network: nn.Module, drawn_anew: Callable[[], nn.Module], asks: Sequence[Ask], *, average: bool = False
) -> Honesty:
    """The figures of `network` over the asks.

    Args:
        network: the trained one.
        drawn_anew: makes the same network with all weights from its own initialisers (called after seeding).
        asks: images with what is asked; those without a region count as misses in the pointing game only.
        average: also the mean map by score channel (only where all tiles show the same part of the body alike).
    """
    started = time.monotonic()
    shown = [ask for ask in asks if ask.region is not None]
    maps = maps_of(network)(shown)
    scrambled = []
    for seed in range(DRAWS):
        torch.manual_seed(1000 + seed)
        scrambled.append(maps_of(drawn_anew()))
    points = _points(asks, maps)
    figures = {
        "randomisation_similarity": randomisation(shown, maps, scrambled),
        "repeatability": None,
        **pointing_figures(pointing(asks, points)),
    }
    guessed = pointing_figures(pointing(asks, _points(asks, scrambled[0](shown))))
    empty = sum(1 for cells in maps if not cells.max() > 0.0)
    notes = [
        f"Maps: {len(shown)} images of {len({a.patient for a in shown})} patients; {len(asks) - len(shown)} more in "
        f"which the model found nothing to explain; {empty} maps are empty. Likeness is the mean over {DRAWS} networks "
        "drawn anew. Repeatability needs a second training and was not measured.",
    ]
    aimed = guessed["pointing"]
    if aimed is not None and any(ask.region is not None and not ask.region.all() for ask in shown):
        notes.append(
            "Pointing says little here: the map is asked for within the finding's own pixels, and a scrambled network "
            f"asked for the same pixels points inside in {aimed['value']:.2f} of the images. Likeness says more."
        )
    card = {
        "pointing_of_a_scrambled_network": guessed["pointing"],
        "seconds": round(time.monotonic() - started, 1),
    }
    channels = _channels(network, shown)
    return Honesty(figures, card, average_maps(shown, maps, channels) if average and shown else None, notes)


def _points(asks: Sequence[Ask], maps: Sequence[Floats]) -> list[tuple[float, float] | None]:
    """The point of each ask; None where there is no map."""
    left = iter(maps)
    return [
        None if ask.region is None else point_of(next(left), (ask.image.shape[1], ask.image.shape[2]))
        for ask in asks
    ]


def _channels(network: nn.Module, asks: Sequence[Ask]) -> int:
    if not asks:
        return 0
    with torch.no_grad():
        return int(network.eval()(torch.from_numpy(asks[0].image[None])).shape[1])
