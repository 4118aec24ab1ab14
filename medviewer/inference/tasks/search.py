"""Which tiles a search over a volume needs: all, or those that hold some of the organ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.planes import PlaneReader
from medviewer.inference.session import Session
from medviewer.inference.tiles import SlicePlan, plan_box, plan_tiles

Bools = NDArray[np.bool_]
_MARGIN_MM = 6.0
"""Tiles reach so far beyond the organ's box."""


def plan_search(reader: PlaneReader, session: Session, allowed: Bools | None) -> list[SlicePlan]:
    """Tiles of every slice, only where the organ lies."""
    tile, overlap = (session.tile[1], session.tile[2]), session.package.spec.input.overlap
    if allowed is None:
        starts = plan_tiles(reader.shape, tile, overlap)
        return [SlicePlan(s, starts) for s in range(reader.stack.count)]
    margin = [round(_MARGIN_MM / mm) for mm in (reader.pixel_mm[1], reader.pixel_mm[0])]
    plans = []
    for s in range(reader.stack.count):
        if not allowed[s].any():
            continue
        here = reader.nearest(allowed[s])
        rows, columns = np.flatnonzero(here.any(1)), np.flatnonzero(here.any(0))
        if not len(rows):
            continue
        h, w = reader.shape
        box = (
            max(0, rows[0] - margin[0]), min(h, rows[-1] + 1 + margin[0]),
            max(0, columns[0] - margin[1]), min(w, columns[-1] + 1 + margin[1]),
        )  # fmt: skip
        starts = plan_box(reader.shape, tile, overlap, box)
        plans.append(
            SlicePlan(s, tuple((r, c) for r, c in starts if here[r : r + tile[0], c : c + tile[1]].any()))
        )
    return plans
