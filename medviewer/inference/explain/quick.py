"""Many altered copies of one image, prepared fast: the same as `prepare_plane` but for rounding in float32.

A hundred copies of a film differ from it in a tenth of their pixels. The resampling is linear, so it is taken as two
sparse matrices (made by `prepare.resize` itself, of the identity); percentiles of integers come from a histogram, in
which only the changed pixels are counted anew.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.prepare import resize, square_offset, standardise
from medviewer.inference.recipe import Recipe

Floats = NDArray[np.float32]
_MOST_VALUES = 1 << 17


class QuickPlanes:
    """Prepares copies of `stored` [r, c] with other values, within its own least and largest, as planes (C, h, w).

    slope, intercept: stored -> value in unit (a film that is stored inverted has both negated). size: (h, w) that the
    image is resampled to, or its padded square. limits: of the whole volume where the recipe normalises by it.
    """

    def __init__(
        self,
        stored: NDArray[Any],
        slope: float,
        intercept: float,
        recipe: Recipe,
        size: tuple[int, int],
        limits: tuple[float, float] | None = None,
    ) -> None:
        self.recipe = recipe
        self._slope, self._intercept = slope, intercept
        rule = recipe.normalise
        self._limits = (rule.low, rule.high) if rule.kind == "window" else limits
        self._first = int(stored.min())
        self._count = int(stored.max()) - self._first + 1
        self._base = np.array(stored)
        self._counts = self._counted(self._base)
        shape = (int(stored.shape[0]), int(stored.shape[1]))
        offset, full = (0, 0), shape
        if recipe.fit == "pad_square":
            offset, full = square_offset(shape), (max(shape), max(shape))
        self._rows = _matrix(full[0], size[0], offset[0], shape[0])
        self._columns = _matrix(full[1], size[1], offset[1], shape[1])
        covered = np.outer(np.asarray(self._rows.sum(1)).ravel(), np.asarray(self._columns.sum(1)).ravel())
        self._beside: Floats = (1.0 - covered).astype(np.float32)

    @staticmethod
    def can(stored: NDArray[Any]) -> bool:
        """Whether images of this kind can be counted: grey integers of not too many values."""
        if stored.ndim != 2 or stored.dtype.kind not in "iu":
            return False
        return int(stored.max()) - int(stored.min()) < _MOST_VALUES

    def prepare(self, stored: NDArray[Any]) -> Floats:
        """(C, h, w) of one image."""
        low, high = self._percentiles(self._recounted(stored)) if self._limits is None else self._limits
        grey = self._normalised(stored, low, high)
        small = self._columns @ (self._rows @ grey).T
        plane = np.asarray(small.T, np.float32)
        if self.recipe.fit == "pad_square":
            border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
            plane = plane + np.float32(np.median(border)) * self._beside
        return standardise(plane, self.recipe)

    def _normalised(self, stored: NDArray[Any], low: float, high: float) -> Floats:
        if not high > low:
            return np.zeros(stored.shape, np.float32)
        scale = 1.0 / (high - low)
        grey = stored.astype(np.float32)
        grey *= np.float32(self._slope * scale)
        grey += np.float32((self._intercept - low) * scale)
        return np.clip(grey, np.float32(0), np.float32(1), out=grey)

    def _counted(self, pixels: NDArray[Any]) -> NDArray[np.intp]:
        return np.bincount(pixels.astype(np.intp).ravel() - self._first, minlength=self._count)

    def _recounted(self, stored: NDArray[Any]) -> NDArray[np.intp]:
        """How many pixels have each stored number."""
        other = stored != self._base
        return self._counts - self._counted(self._base[other]) + self._counted(stored[other])

    def _percentiles(self, counts: NDArray[np.intp]) -> tuple[float, float]:
        """As np.percentile (linear) of the values, from the counts of the stored numbers."""
        below = np.cumsum(counts)
        total = int(below[-1])
        found = []
        for percent in (self.recipe.normalise.low, self.recipe.normalise.high):
            share = percent / 100 if self._slope > 0 else 1 - percent / 100
            at = share * (total - 1)
            ranks = np.array([np.floor(at), min(np.floor(at) + 1, total - 1)])
            a, b = np.searchsorted(below, ranks, side="right") + self._first
            stored = a + (b - a) * (at - np.floor(at))
            found.append(float(stored * self._slope + self._intercept))
        return found[0], found[1]


@lru_cache(maxsize=8)
def _matrix(n: int, m: int, first: int, length: int) -> Any:
    """Sparse (m, length): what `resize` from n to m pixels makes of pixels first:first + length."""
    from scipy.sparse import csr_matrix

    part = np.zeros((n, length), np.float32)
    part[np.arange(first, first + length), np.arange(length)] = 1
    return csr_matrix(resize(part, (m, length)))
