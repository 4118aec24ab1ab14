"""Many altered copies of one image, prepared fast: the same as `prepare_plane` but for rounding in float32.

A hundred copies of a film differ from it in a tenth of their pixels. The resampling is linear, so it is taken as two
sparse matrices (made by `prepare.resize` itself, of the identity); the normalisation of integers is a table, and their
percentiles come from a histogram.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.prepare import resize, square_offset, standardise
from medviewer.inference.recipe import Recipe

Floats = NDArray[np.float32]
_LARGEST_TABLE = 1 << 17


class QuickPlanes:
    """Prepares images of the shape and type of `stored` [r, c] as planes (C, h, w).

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
        kind = np.iinfo(stored.dtype)
        span = int(stored.max()) - int(stored.min()) + 1
        whole = kind.max - kind.min + 1 <= 1 << 16
        self._first = int(kind.min) if whole else int(stored.min())
        self._count = int(kind.max - kind.min + 1) if whole else span
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
        """Whether images of this kind go through tables: grey integers of not too many values."""
        if stored.ndim != 2 or stored.dtype.kind not in "iu":
            return False
        return stored.dtype.itemsize <= 2 or int(stored.max()) - int(stored.min()) < _LARGEST_TABLE

    def prepare(self, stored: NDArray[Any]) -> Floats:
        """(C, h, w) of one image."""
        index = stored.astype(np.int32) - self._first
        if self._limits is not None:
            low, high = self._limits
        else:
            low, high = self._percentiles(np.bincount(index.ravel(), minlength=self._count))
        grey = self._table(low, high)[index]
        small = self._columns @ (self._rows @ grey).T
        plane = np.asarray(small.T, np.float32)
        if self.recipe.fit == "pad_square":
            border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
            plane = plane + np.float32(np.median(border)) * self._beside
        return standardise(plane, self.recipe)

    def _table(self, low: float, high: float) -> Floats:
        values = np.arange(self._first, self._first + self._count, dtype=np.float32)
        values = values * np.float32(self._slope) + np.float32(self._intercept)
        if not high > low:
            return np.zeros(self._count, np.float32)
        return np.clip((values - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0).astype(
            np.float32
        )

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


def _matrix(n: int, m: int, first: int, length: int) -> Any:
    """Sparse (m, length): what `resize` from n to m pixels makes of pixels first:first + length."""
    from scipy.sparse import csr_matrix

    part = np.zeros((n, length), np.float32)
    part[np.arange(first, first + length), np.arange(length)] = 1
    return csr_matrix(resize(part, (m, length)))
