"""A volume as the stack of slices a network reads: oriented for the reader by flips and permutations only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import AXIS_OF_PLANE, PLANES, PlaneName
from medviewer.core.volume import Volume

Floats = NDArray[np.float32]

# LPS axis and sign towards which columns and rows rise on the reader's screen (slices rise along the plane's own axis).
_COLUMNS = {"axial": (0, 1), "coronal": (0, 1), "sagittal": (1, 1)}
_ROWS = {"axial": (1, 1), "coronal": (2, -1), "sagittal": (2, -1)}


def best_plane(geometry: Geometry) -> PlaneName:
    """The plane across the coarsest voxel axis; among axes equal within 5 % the one nearest to head-foot."""
    spacing = np.array(geometry.spacing)
    coarse = np.flatnonzero(spacing >= 0.95 * spacing.max())
    axis = int(max(coarse, key=lambda a: abs(geometry.direction[2, a])))
    axes, _ = geometry.closest_axes
    return next(p for p in PLANES if axes[AXIS_OF_PLANE[p]] == axis)


@dataclass(frozen=True, eq=False)
class SliceStack:
    """One volume, slice by slice. `view` is a numpy view [s, r, c] of the stored array, nothing is copied.

    order: which voxel axis of the volume each of (columns, rows, slices) is; flips: whether it runs backwards.
    geometry: of the view, (i, j, k) = (column, row, slice).
    """

    volume: Volume
    plane: PlaneName
    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    geometry: Geometry

    @classmethod
    def of(cls, volume: Volume, plane: str) -> SliceStack:
        """plane: axial, coronal, sagittal, or best (see `best_plane`)."""
        name: PlaneName = (
            best_plane(volume.geometry) if plane == "best" else next(p for p in PLANES if p == plane)
        )
        axes, signs = volume.geometry.closest_axes
        wanted = (_COLUMNS[name], _ROWS[name], (AXIS_OF_PLANE[name], 1))
        order = (axes[wanted[0][0]], axes[wanted[1][0]], axes[wanted[2][0]])
        flips = tuple(signs[lps] != sign for lps, sign in wanted)
        three = (flips[0], flips[1], flips[2])
        return cls(volume, name, order, three, volume.geometry.permuted(order, three))

    @cached_property
    def view(self) -> NDArray[Any]:
        return self.oriented(self.volume.array)

    def oriented(self, array: NDArray[Any]) -> NDArray[Any]:
        """View [s, r, c] of an array on the volume's own grid [k, j, i]."""
        turned = array.transpose([2 - self.order[c] for c in (2, 1, 0)])
        return turned[tuple(slice(None, None, -1 if self.flips[c] else 1) for c in (2, 1, 0))]

    def own_box(self, low: tuple[int, int, int], shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """First voxel (k, j, i) in the volume's own grid of a box given in the view: first (s, r, c) and shape."""
        first = [0, 0, 0]
        sizes = self.view.shape
        for c in range(3):  # c: column, row, slice; array axis 2 - c
            start, length, n = low[2 - c], shape[2 - c], sizes[2 - c]
            first[self.order[c]] = n - start - length if self.flips[c] else start
        return first[2], first[1], first[0]

    def to_own(self, array: NDArray[Any]) -> NDArray[Any]:
        """View [k, j, i] of an array, or of a box of it, given in the view's order [s, r, c]."""
        turned = array[tuple(slice(None, None, -1 if self.flips[c] else 1) for c in (2, 1, 0))]
        back = [0, 0, 0]
        for axis_of_view, c in enumerate((2, 1, 0)):
            back[2 - self.order[c]] = axis_of_view
        return turned.transpose(back)

    @property
    def count(self) -> int:
        return int(self.view.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of a slice."""
        return int(self.view.shape[1]), int(self.view.shape[2])

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """mm between (columns, rows)."""
        return self.geometry.spacing[0], self.geometry.spacing[1]

    @property
    def slice_mm(self) -> float:
        """Distance between neighbouring slices, along their normal."""
        return self.geometry.slice_distance

    def values(self, s: int) -> Floats:
        """float32 [r, c] of slice s in the volume's unit."""
        return self.values_of(self.view[s], s)

    def values_of(self, pixels: NDArray[Any], s: int) -> Floats:
        """The same of stored pixels [r, c] that stand in the place of slice s."""
        stored, values = pixels.astype(np.float32), self.volume.values
        if values.is_uniform:
            slope, intercept = values.at(0)
            return stored * np.float32(slope) + np.float32(intercept)
        return stored * self._by_slice(values.slope, s) + self._by_slice(values.intercept, s)

    def _by_slice(self, table: NDArray[np.float64], s: int) -> Any:
        """Slopes differ along the volume's own k, which may be this view's slices, rows or columns."""
        if len(table) == 1:
            return np.float32(table[0])
        c = self.order.index(2)
        along = table[::-1] if self.flips[c] else table
        one = along.astype(np.float32)
        return one[s] if c == 2 else one[:, None] if c == 1 else one[None, :]


@dataclass(frozen=True)
class LinearMap:
    """Brings arrays (..., h, w) from one pixel grid onto another that covers the same rectangle, linearly.

    source, target: (rows, columns). Edges of both grids coincide: the centre of target pixel y lies at
    (y + 0.5) * h / H - 0.5 of the source; beyond the outer centres the edge is repeated.
    """

    source: tuple[int, int]
    target: tuple[int, int]

    def __call__(self, array: NDArray[Any]) -> Floats:
        """The whole array (..., h, w) as (..., H, W)."""
        return self._sample(array, (0, 0), (0, self.target[0]), (0, self.target[1]))

    def crop(self, array: NDArray[Any], row: int, column: int) -> tuple[Floats, int, int]:
        """A crop (..., h, w) whose first pixel is (row, column) of the source: (array, its first row, column) in the target.

        It covers the target pixels whose centres lie in the crop's pixels.
        """
        spans = []
        for first, length, n, m in zip(
            (row, column), array.shape[-2:], self.source, self.target, strict=True
        ):
            low = int(np.ceil(first * m / n - 0.5))
            high = int(np.ceil((first + length) * m / n - 0.5))
            spans.append((max(0, low), min(m, max(low + 1, high))))
        return self._sample(array, (row, column), *spans), spans[0][0], spans[1][0]

    def _sample(
        self, array: NDArray[Any], first: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
    ) -> Floats:
        a = np.asarray(array, np.float32)
        if self.source == self.target:
            r, c = first
            return a[..., rows[0] - r : rows[1] - r, columns[0] - c : columns[1] - c]
        low, high, share = _taps(self.source[0], self.target[0], rows, first[0], a.shape[-2])
        mixed = a[..., low, :] * (1 - share)[:, None] + a[..., high, :] * share[:, None]
        low, high, share = _taps(self.source[1], self.target[1], columns, first[1], a.shape[-1])
        return np.asarray(mixed[..., low] * (1 - share) + mixed[..., high] * share, np.float32)

    def point(self, row: float, column: float) -> tuple[float, float]:
        """(row, column) in the target of a position in the source."""
        (h, w), (rows, columns) = self.source, self.target
        return (row + 0.5) * rows / h - 0.5, (column + 0.5) * columns / w - 0.5

    @property
    def back(self) -> LinearMap:
        return LinearMap(self.target, self.source)


def _taps(
    n: int, m: int, span: tuple[int, int], first: int, length: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    at = np.clip((np.arange(*span) + 0.5) * (n / m) - 0.5 - first, 0, length - 1)
    low = np.floor(at).astype(np.intp)
    return low, np.minimum(low + 1, length - 1), (at - low).astype(np.float32)
