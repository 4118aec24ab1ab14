"""From the parts of slices to a mask on the volume's own voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.planes import PlaneReader
from medviewer.inference.tasks.parts import Lesion

Bools = NDArray[np.bool_]


def own_mask(lesion: Lesion, reader: PlaneReader, threshold: float) -> tuple[Bools, tuple[int, int, int]]:
    """The lesion on the volume's own grid: mask [k, j, i] of its box, and the box's first voxel (k, j, i)."""
    to_own = reader.to_own
    placed = []
    for part in lesion.parts:
        chance, r, c = to_own.crop(part.chance, part.row, part.column)
        own, _, _ = to_own.crop(_grown(part.mask).astype(np.float32), part.row, part.column)
        mask = (chance >= threshold) & (own >= 0.5)
        if not mask.any():
            mask = own >= own.max()
        placed.append((part.index, r, c, mask))
    s0, s1 = min(p[0] for p in placed), max(p[0] for p in placed) + 1
    r0, r1 = min(p[1] for p in placed), max(p[1] + p[3].shape[0] for p in placed)
    c0, c1 = min(p[2] for p in placed), max(p[2] + p[3].shape[1] for p in placed)
    box = np.zeros((s1 - s0, r1 - r0, c1 - c0), bool)
    for s, r, c, mask in placed:
        box[s - s0, r - r0 : r - r0 + mask.shape[0], c - c0 : c - c0 + mask.shape[1]] |= mask
    offset = reader.stack.own_box((s0, r0, c0), (s1 - s0, r1 - r0, c1 - c0))
    return np.ascontiguousarray(reader.stack.to_own(box)), offset


def _grown(mask: Bools) -> Bools:
    from scipy import ndimage

    grown: Bools = ndimage.binary_dilation(mask, np.ones((3, 3), bool))
    return grown
