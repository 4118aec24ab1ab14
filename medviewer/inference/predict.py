"""Prepared planes through a network, one by one: what `training evaluate` and the explanations need of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.jobs import Progress
from medviewer.inference.accumulate import SlabAccumulator
from medviewer.inference.session import Session
from medviewer.inference.spec import ViewerSpec
from medviewer.inference.tiles import activate, empty_scores, padded, plan_tiles

Floats = NDArray[np.float32]


def predict(
    session: Session, planes: Floats | Sequence[Floats], progress: Progress | None = None
) -> list[Floats]:
    """Probabilities of prepared planes (C, h, w), any size and any number (a single plane gives a list of one).

    Masks and heat maps: (K, h, w) of the plane; larger planes are covered with overlapping tiles, smaller ones are
    mirrored up to the tile. Classifier: (K,), calibrated as the package says; the plane has the tile's own size.
    """
    if isinstance(planes, np.ndarray) and planes.ndim == 3:
        planes = [planes]
    spec = session.package.spec
    if spec.task == "classification":
        return list(class_probabilities(spec, session.run(np.stack(list(planes)), progress)))
    tile = (session.tile[1], session.tile[2])
    places: list[tuple[int, tuple[int, int]]] = []
    tiles: list[Floats] = []
    results: list[Floats | None] = [None] * len(planes)
    open_ones: dict[int, SlabAccumulator] = {}

    def flush() -> None:
        probabilities = activate(session.run(np.stack(tiles), progress), spec.activation)
        for one, (n, start) in zip(probabilities, places, strict=True):
            if n not in open_ones:
                shape = (max(planes[n].shape[1], tile[0]), max(planes[n].shape[2], tile[1]))
                channels = len(one)
                open_ones[n] = SlabAccumulator(
                    channels, shape, tile, empty_scores(channels, spec.background_channel)
                )
                open_ones[n].expect(n, counts[n])
            merged = open_ones[n].add(n, start, one)
            if merged is not None:
                results[n] = merged[:, : planes[n].shape[1], : planes[n].shape[2]].copy()
                del open_ones[n]
        tiles.clear()
        places.clear()

    counts: dict[int, int] = {}
    for n, plane in enumerate(planes):
        full = padded(np.asarray(plane, np.float32), tile)
        starts = plan_tiles((full.shape[1], full.shape[2]), tile, session.package.spec.input.overlap)
        counts[n] = len(starts)
        for r, c in starts:
            tiles.append(full[:, r : r + tile[0], c : c + tile[1]])
            places.append((n, (r, c)))
            if len(tiles) == session.batch:
                flush()
    if tiles:
        flush()
    return [r for r in results if r is not None]


def class_probabilities(spec: ViewerSpec, scores: Floats) -> Floats:
    """(n, K) raw scores -> (n, K) probabilities: sigmoid(a * score + b) by label, or softmax (temperature 1 / a)."""
    logits = np.array(scores, np.float64)
    for label in spec.labels:
        a, b = spec.calibration.per_label.get(label.name, (1.0, 0.0))
        logits[:, label.channel] = a * logits[:, label.channel] + b
    return activate(logits.astype(np.float32), spec.activation)
