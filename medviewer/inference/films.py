"""A film as the network's input, and maps of the network's cells back on the film's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.volume import Volume
from medviewer.inference.prepare import prepare_plane, square_offset
from medviewer.inference.recipe import Recipe
from medviewer.inference.slices import LinearMap

Floats = NDArray[np.float32]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True, eq=False)
class FilmReader:
    """One film (frame 0 of the volume) for one recipe."""

    film: Volume
    recipe: Recipe

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the film."""
        return int(self.film.array.shape[1]), int(self.film.array.shape[2])

    @property
    def stored(self) -> NDArray[Any]:
        """Pixels as stored: [j, i], or [j, i, 3] for colour."""
        return self.film.array[0]

    def prepare(self, stored: NDArray[Any] | None = None) -> Floats:
        """(C, h, w) of the film, or of other stored pixels in its place."""
        pixels = self.stored if stored is None else stored
        if pixels.ndim == 3:
            return prepare_plane(pixels.astype(np.float32) @ _LUMA, None, self.recipe)
        values = self.film.values.apply(pixels, 0)
        return prepare_plane(values, self._pixel_mm, self.recipe, inverted=self.film.invert)

    @property
    def _pixel_mm(self) -> tuple[float, float] | None:
        return self.film.pixel_spacing

    def to_film(self, cells: Floats) -> Floats:
        """A map (h, w) of the network's cells, which cover the whole prepared plane, on the film's pixels, linearly."""
        cells_shape = (cells.shape[0], cells.shape[1])
        if self.recipe.fit != "pad_square":
            return LinearMap(cells_shape, self.shape)(cells)
        side = max(self.shape)
        top, left = square_offset(self.shape)
        square = LinearMap(cells_shape, (side, side))(cells)
        return square[top : top + self.shape[0], left : left + self.shape[1]]
