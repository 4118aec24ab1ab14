"""Overlapping tiles of slices put together with Gaussian weights, slice by slice: memory grows with the slab."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@lru_cache(maxsize=8)
def gaussian_weight(height: int, width: int, share: float = 0.125) -> Floats:
    """(height, width) weights, 1 in the middle, sigma `share` of each side, never below 1e-3."""
    sides = []
    for n in (height, width):
        x = np.arange(n) - (n - 1) / 2
        sides.append(np.exp(-0.5 * (x / (share * n)) ** 2))
    weight = np.maximum(sides[0][:, None] * sides[1][None], 1e-3).astype(np.float32)
    weight.setflags(write=False)
    return weight


def tile_starts(length: int, tile: int, overlap: float) -> list[int]:
    """First pixels of the tiles along one axis: evenly spread, first and last flush with the ends.

    Neighbours overlap by at least `overlap` of a tile; one tile at 0 where the axis is not longer than it.
    """
    if length <= tile:
        return [0]
    stride = max(1, int(tile * (1 - overlap)))
    count = -(-(length - tile) // stride) + 1
    return [round(n * (length - tile) / (count - 1)) for n in range(count)]


class SlabAccumulator:
    """Sums of weighted tiles of the slices that are still incomplete.

    Give tiles with `add`; it returns the merged (K, h, w) of a slice once its last tile has come, else None.
    Where no tile lay, `empty` (K values) stands.
    """

    def __init__(self, channels: int, shape: tuple[int, int], tile: tuple[int, int], empty: Floats) -> None:
        self.channels, self.shape, self.tile = channels, shape, tile
        self.empty = empty
        self._weight = gaussian_weight(*tile)
        self._open: dict[int, tuple[Floats, Floats]] = {}
        self._left: dict[int, int] = {}

    def expect(self, index: int, tiles: int) -> None:
        """Say how many tiles of slice `index` will come, before the first of them."""
        self._left[index] = tiles

    def add(self, index: int, start: tuple[int, int], scores: Floats) -> Floats | None:
        """One tile's (K, th, tw) at its first (row, column)."""
        if self._left[index] == 1 and index not in self._open and self.tile == self.shape:
            del self._left[index]
            return scores
        if index not in self._open:
            self._open[index] = (
                np.zeros((self.channels, *self.shape), np.float32),
                np.zeros(self.shape, np.float32),
            )
        total, weight = self._open[index]
        r, c = start
        h, w = self.tile
        total[:, r : r + h, c : c + w] += scores * self._weight
        weight[r : r + h, c : c + w] += self._weight
        self._left[index] -= 1
        if self._left[index]:
            return None
        del self._left[index], self._open[index]
        covered = weight > 0
        np.divide(total, weight, out=total, where=covered)
        if not covered.all():
            total[:, ~covered] = self.empty[:, None]
        return total

    @property
    def open_slices(self) -> int:
        return len(self._open)
