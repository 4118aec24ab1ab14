"""Outlines of label maps along the pixels' outer edges, exact at any zoom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Contour = NDArray[np.float64]


def outlines(labels2d: NDArray[Any], number: int | None = None) -> list[Contour]:
    """Closed outlines of the pixels that carry `number` (None: any non-zero), holes included.

    labels2d: [y, x]. Each outline is (n, 2) corner points (x, y), its last point not repeated; pixel centres
    are at integers, so corners lie at halves. Outer outlines run clockwise on the screen, holes
    counter-clockwise. Pixels that touch only at a corner get outlines of their own.
    """
    mask = labels2d != 0 if number is None else labels2d == number
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return []
    columns = np.flatnonzero(mask.any(axis=0))
    y0, y1, x0, x1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    padded = np.zeros((y1 - y0 + 2, x1 - x0 + 2), np.uint8)
    padded[1:-1, 1:-1] = mask[y0:y1, x0:x1]
    corners = _corners(padded)
    return [points + np.array([x0 - 0.5, y0 - 0.5]) for points in _loops(padded, *corners)]


def _corners(padded: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Lattice points where an outline turns: (x, y, order); where two pixels touch at a corner there are two.

    `order` tells such twins apart so that pairing neighbours along rows and along columns joins each twin to
    the two edges of one and the same pixel.
    """
    a, b, c, d = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    pattern = a | b << 1 | c << 2 | d << 3
    bits = a + b + c + d
    y, x = np.nonzero((bits == 1) | (bits == 3))
    falling_y, falling_x = np.nonzero(pattern == 0b1001)
    rising_y, rising_x = np.nonzero(pattern == 0b0110)
    every_x = np.concatenate([x, falling_x, falling_x, rising_x, rising_x])
    every_y = np.concatenate([y, falling_y, falling_y, rising_y, rising_y])
    n, f, r = len(x), len(falling_x), len(rising_x)
    # Twins of a falling diagonal keep their order along rows and columns; of a rising one it swaps along
    # columns.
    order = np.concatenate([np.zeros(n + f), np.ones(f), np.full(r, 2), np.full(r, 3)]).astype(np.int64)
    return every_x, every_y, order


def _loops(
    padded: NDArray[np.uint8], x: NDArray[np.int64], y: NDArray[np.int64], order: NDArray[np.int64]
) -> list[Contour]:
    along_row, along_column = np.empty(len(x), np.int64), np.empty(len(x), np.int64)
    by_row = np.lexsort((order, x, y))
    along_row[by_row[0::2]], along_row[by_row[1::2]] = by_row[1::2], by_row[0::2]
    swapped = np.where(order >= 2, 5 - order, order)
    by_column = np.lexsort((swapped, y, x))
    along_column[by_column[0::2]], along_column[by_column[1::2]] = by_column[1::2], by_column[0::2]
    right, down = along_row.tolist(), along_column.tolist()
    seen = [False] * len(x)
    loops = []
    for start in by_row.tolist():
        if seen[start]:
            continue
        loop, at = [], start
        while not seen[at]:
            other = right[at]
            seen[at] = seen[other] = True
            loop += [at, other]
            at = down[other]
        # The start is the loop's topmost left corner and the way goes right: clockwise. Where the pixel
        # within that corner is empty, the loop is the edge of a hole.
        hole = padded[y[start] + 1, x[start] + 1] == 0
        loops.append(np.stack([x[loop], y[loop]], axis=1).astype(np.float64)[:: -1 if hole else 1])
    return loops


def signed_area(points: Contour) -> float:
    """Area of a closed outline in square pixels, positive where it runs clockwise on the screen (y
    downwards).
    """
    x, y = points[:, 0], points[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)
