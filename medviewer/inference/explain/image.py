"""The image that is explained: a whole film, or the part of a slice that one tile of the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.core.volume import Volume
from medviewer.inference.explain.quick import QuickPlanes
from medviewer.inference.films import FilmReader
from medviewer.inference.planes import PlaneReader
from medviewer.inference.predict import class_probabilities
from medviewer.inference.slices import LinearMap
from medviewer.inference.spec import LabelSpec, ViewerSpec
from medviewer.inference.tiles import activate, padded

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


class ExplainedImage(Protocol):
    """What the figures need of an image. stored: its pixels; organ: its organ mask or None; all [row, column].

    target: weights of the score channels (K,); region: pixels meant (H, W) of the tile.
    """

    spec: ViewerSpec
    target: Floats

    @property
    def stored(self) -> NDArray[Any]: ...

    @property
    def organ(self) -> Bools | None: ...

    def region(self, tile: tuple[int, int]) -> Floats: ...

    def tiles(self, images: Sequence[NDArray[Any]]) -> Floats:
        """Prepared tiles (n, C, H, W) of images given in the place of `stored`."""
        ...

    def p(self, scores: Floats) -> NDArray[np.float64]:
        """p by DESIGN 7a of raw scores (n, K) or (n, K, H, W)."""
        ...

    def on_image(self, cells: Floats) -> Floats:
        """A map of the network's cells (h, w) on the image's own pixels."""
        ...

    def placed(self, saliency: Floats) -> Floats:
        """The map on the volume's own grid [k, j, i], zero elsewhere."""
        ...

    def cell(self, cells: tuple[int, int]) -> tuple[float, str]:
        """Size of one map cell and its unit, "mm" or "px"."""
        ...


@dataclass(eq=False)
class ExplainedFilm:
    """A whole film and one class."""

    spec: ViewerSpec
    film: Volume
    label: LabelSpec
    target: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._reader = FilmReader(self.film, self.spec.input)
        self.target = one_hot(self.spec, self.label)

    @property
    def stored(self) -> NDArray[Any]:
        return self._reader.stored

    @property
    def organ(self) -> Bools | None:
        return None  # no model of lung fields in films is at hand

    def region(self, tile: tuple[int, int]) -> Floats:
        return np.ones(tile, np.float32)

    @cached_property
    def _quick(self) -> QuickPlanes | None:
        recipe = self.spec.input
        if not QuickPlanes.can(self.stored) or recipe.fit != "pad_square":
            return None
        slope, intercept = self.film.values.at(0)
        sign = -1.0 if self.film.invert and recipe.invert_monochrome1 else 1.0
        return QuickPlanes(self.stored, sign * slope, sign * intercept, recipe, recipe.size)

    def tiles(self, images: Sequence[NDArray[Any]]) -> Floats:
        prepare = self._reader.prepare if self._quick is None else self._quick.prepare
        return np.stack([prepare(image) for image in images])

    def p(self, scores: Floats) -> NDArray[np.float64]:
        return class_probabilities(self.spec, scores)[:, self.label.channel].astype(np.float64)

    def on_image(self, cells: Floats) -> Floats:
        return self._reader.to_film(cells)

    def placed(self, saliency: Floats) -> Floats:
        full = np.zeros(self.film.array.shape[:3], np.float32)
        full[0] = saliency
        return full

    def cell(self, cells: tuple[int, int]) -> tuple[float, str]:
        longer = max(self._reader.shape) if self.spec.input.fit == "pad_square" else self._reader.shape[0]
        size = longer / cells[0]
        spacing = self.film.pixel_spacing
        return (size, "px") if spacing is None else (size * spacing[1], "mm")


@dataclass(eq=False)
class ExplainedSlice:
    """The part of slice `index` of a stack that the tile at `start` (row, column of the prepared plane) sees.

    mask: the finding's pixels on the slice's own grid (rows, columns). score: the channel whose evidence is meant;
    by_peak: p is the highest probability in the mask (detection), else its mean (segmentation).
    """

    spec: ViewerSpec
    reader: PlaneReader
    index: int
    start: tuple[int, int]
    tile: tuple[int, int]
    mask: Bools
    score: LabelSpec
    by_peak: bool
    organ_slice: Bools | None = None
    target: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.target = one_hot(self.spec, self.score)

    @cached_property
    def _window(self) -> tuple[int, int, int, int]:
        """Rows r0:r1 and columns c0:c1 of the slice that the tile covers."""
        h, w = (min(n, t) for n, t in zip(self.reader.shape, self.tile, strict=True))
        part, r0, c0 = self.reader.to_own.crop(np.zeros((h, w), np.float32), *self.start)
        return r0, r0 + part.shape[0], c0, c0 + part.shape[1]

    @property
    def _view(self) -> NDArray[Any]:
        return self.reader.stack.view[self.index]

    @property
    def stored(self) -> NDArray[Any]:
        r0, r1, c0, c1 = self._window
        return np.ascontiguousarray(self._view[r0:r1, c0:c1])

    @property
    def organ(self) -> Bools | None:
        r0, r1, c0, c1 = self._window
        return None if self.organ_slice is None else self.organ_slice[r0:r1, c0:c1]

    def _cut(self, plane: NDArray[Any]) -> NDArray[Any]:
        """The tile of a prepared plane (..., h, w)."""
        r, c = self.start
        return plane[..., r : r + self.tile[0], c : c + self.tile[1]]

    @cached_property
    def _region(self) -> Floats:
        on_plane = self.reader.nearest(self.mask).astype(np.float32)
        if not on_plane.any():  # smaller than a prepared pixel: the nearest one
            rows, columns = np.nonzero(self.mask)
            r, c = self.reader.to_own.back.point(float(rows.mean()), float(columns.mean()))
            on_plane[
                min(max(0, round(r)), len(on_plane) - 1), min(max(0, round(c)), on_plane.shape[1] - 1)
            ] = 1
        full = np.zeros(self.tile, np.float32)
        part = self._cut(on_plane)
        full[: part.shape[0], : part.shape[1]] = part
        return full

    def region(self, tile: tuple[int, int]) -> Floats:
        return self._region

    @cached_property
    def _quick(self) -> QuickPlanes | None:
        stack = self.reader.stack
        if not QuickPlanes.can(self._view) or not stack.volume.values.is_uniform:
            return None
        slope, intercept = stack.volume.values.at(0)
        return QuickPlanes(
            self._view, slope, intercept, self.spec.input, self.reader.shape, self.reader.limits
        )

    def tiles(self, images: Sequence[NDArray[Any]]) -> Floats:
        r0, r1, c0, c1 = self._window
        middle = self.reader.recipe.neighbours
        found = []
        for image in images:
            stored = np.array(self._view)
            stored[r0:r1, c0:c1] = image
            if self._quick is not None:
                plane = self._quick.prepare(stored)
            else:
                plane = self.reader.prepare_values(self.reader.stack.values_of(stored, self.index))
            if middle:
                planes = self.reader.prepare(self.index).copy()
                planes[middle] = plane[0]
                plane = planes
            found.append(self._cut(padded(plane, self.tile)))
        return np.stack(found)

    def p(self, scores: Floats) -> NDArray[np.float64]:
        chances = activate(scores, self.spec.activation)[:, self.score.channel]
        inside = chances[:, self._region > 0].astype(np.float64)
        return inside.max(1) if self.by_peak else inside.mean(1)

    def on_image(self, cells: Floats) -> Floats:
        tile = LinearMap((cells.shape[0], cells.shape[1]), self.tile)(cells)
        h, w = (min(n, t) for n, t in zip(self.reader.shape, self.tile, strict=True))
        part, _, _ = self.reader.to_own.crop(tile[:h, :w], *self.start)
        return np.maximum(part, 0)

    def placed(self, saliency: Floats) -> Floats:
        full = np.zeros(self.reader.stack.volume.array.shape[:3], np.float32)
        r0, r1, c0, c1 = self._window
        self.reader.stack.oriented(full)[self.index, r0:r1, c0:c1] = saliency
        return full

    def cell(self, cells: tuple[int, int]) -> tuple[float, str]:
        return self.tile[0] / cells[0] * self.reader.pixel_mm[1], "mm"


def one_hot(spec: ViewerSpec, label: LabelSpec) -> Floats:
    target = np.zeros(spec.scores, np.float32)
    target[label.channel] = 1.0
    return target


def tile_round(reader: PlaneReader, mask: Bools, tile: tuple[int, int]) -> tuple[int, int]:
    """First (row, column) of a tile of the prepared plane with the mask (on the slice's own pixels) in its middle."""
    rows, columns = np.nonzero(mask)
    at = reader.to_own.back.point((rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2)
    starts = [
        min(max(0, round(p - (t - 1) / 2)), max(0, n - t))
        for p, t, n in zip(at, tile, reader.shape, strict=True)
    ]
    return starts[0], starts[1]
