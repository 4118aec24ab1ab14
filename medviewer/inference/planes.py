"""Slices of a volume as the network's prepared planes, and the way back to the volume's own pixels."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.prepare import percentile_limits, prepare_plane
from medviewer.inference.recipe import Recipe
from medviewer.inference.slices import LinearMap, SliceStack

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
_SAMPLE = 4_000_000


class PlaneReader:
    """Prepares slice after slice of a stack. shape: (rows, columns) of a prepared plane; pixel_mm: its (x, y)."""

    def __init__(self, stack: SliceStack, recipe: Recipe) -> None:
        self.stack = stack
        self.recipe = recipe
        self._kept: OrderedDict[int, Floats] = OrderedDict()
        h, w = stack.shape
        if recipe.fit == "tiles" and recipe.pixel_mm is not None:
            x, y = stack.pixel_mm
            h, w = max(1, round(h * y / recipe.pixel_mm)), max(1, round(w * x / recipe.pixel_mm))
        self.shape: tuple[int, int] = (h, w)
        if recipe.fit == "pad_square":
            raise ValueError("volumes are read in tiles; a film is padded to a square")

    @property
    def pixel_mm(self) -> tuple[float, float]:
        (rows, columns), (x, y) = self.stack.shape, self.stack.pixel_mm
        return x * columns / self.shape[1], y * rows / self.shape[0]

    @property
    def to_own(self) -> LinearMap:
        """From a prepared plane to the slice's own pixels."""
        return LinearMap(self.shape, self.stack.shape)

    @cached_property
    def limits(self) -> tuple[float, float] | None:
        """Percentile limits of the whole volume, where the recipe asks for them."""
        if self.recipe.normalise.kind != "percentile" or self.recipe.normalise.per != "volume":
            return None
        step = max(1, round((self.stack.volume.array.size / _SAMPLE) ** (1 / 2)))
        return percentile_limits(
            np.stack([self.stack.values(s)[::step, ::step] for s in range(self.stack.count)]), self.recipe
        )

    def prepare(self, s: int) -> Floats:
        """(C, h, w) of slice s; with neighbours the planes from the lowest to the highest, the ends repeated."""
        n = self.recipe.neighbours
        if n == 0:
            return self._one(s)
        apart = (
            1.0 if self.recipe.neighbour_mm is None else self.recipe.neighbour_mm / abs(self.stack.slice_mm)
        )
        wanted = [min(max(0, round(s + step * apart)), self.stack.count - 1) for step in range(-n, n + 1)]
        planes = []
        for index in wanted:
            if index not in self._kept:
                self._kept[index] = self._one(index)
            planes.append(self._kept[index])
        while len(self._kept) > 2 * (max(wanted) - min(wanted)) + 2:
            self._kept.popitem(last=False)
        return np.concatenate(planes)

    def prepare_values(self, values: Floats) -> Floats:
        """(C, h, w) of given values [r, c] of one slice (plain 2D recipes), prepared like the slice itself."""
        return prepare_plane(values, self.stack.pixel_mm, self.recipe, self.limits)

    def _one(self, s: int) -> Floats:
        return self.prepare_values(self.stack.values(s))

    def nearest(self, mask: NDArray[Any]) -> NDArray[Any]:
        """A mask [r, c] of the slice's own pixels on the prepared plane, by the nearest pixel."""
        if mask.shape == self.shape:
            return mask
        (h, w), (rows, columns) = self.shape, mask.shape
        at_row = np.minimum(((np.arange(h) + 0.5) * rows / h).astype(np.intp), rows - 1)
        at_column = np.minimum(((np.arange(w) + 0.5) * columns / w).astype(np.intp), columns - 1)
        return mask[np.ix_(at_row, at_column)]
