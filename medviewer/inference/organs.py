"""Organ masks without a network: the lungs in CT, by thresholds and connected parts.

After the usual recipe (Hu S, Hoffman EA, Reinhardt JM, IEEE Trans Med Imaging 2001;20:490-498): air and body told
apart, air outside the body left out, large air spaces kept, the outline closed so that what sits on the pleura stays in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from medviewer.core.volume import Volume
from medviewer.inference.slices import SliceStack

Bools = NDArray[np.bool_]
AIR_HU = -400.0
_GRID_MM = 2.0
"""In-plane grid on which the lungs are looked for; slices stay as they are."""
_CLOSE_MM = 12.0
_GAS_HU = -960.0
"""Air spaces with a mean below hold no lung tissue (bowel, trachea alone)."""
_LEAST_AREA_MM2 = 1500.0
"""Air spaces that are smaller than this in their largest slice are no lung."""


def lung_ct(volume: Volume, check: Callable[[], None] | None = None) -> Bools:
    """Bool [k, j, i] on the volume's own grid: both lungs with their vessels, nodules and pleural bays filled in.

    Works on whole chests, slabs and any orientation; all False where there is no lung. The volume is in HU.
    check: called slice by slice; what it raises (a cancel) ends the work.
    """
    stack = SliceStack.of(volume, "axial")
    step = tuple(max(1, int(_GRID_MM / mm + 0.25)) for mm in stack.pixel_mm)
    check = check or (lambda: None)
    coarse = np.stack([stack.values(s)[:: step[1], :: step[0]] for s in _each(stack.count, check)])
    pixel = (stack.pixel_mm[1] * step[1], stack.pixel_mm[0] * step[0])
    lungs = _lungs(coarse, pixel, check)
    full = np.zeros(volume.array.shape[:3], bool)
    rows, columns = stack.shape
    at_row = np.minimum((np.arange(rows) + step[1] // 2) // step[1], lungs.shape[1] - 1)
    at_column = np.minimum((np.arange(columns) + step[0] // 2) // step[0], lungs.shape[2] - 1)
    view = stack.oriented(full)
    for s in _each(stack.count, check):
        if lungs[s].any():
            view[s] = lungs[s][np.ix_(at_row, at_column)]
    return full


def _each(count: int, check: Callable[[], None]) -> Iterator[int]:
    for s in range(count):
        check()
        yield s


def _lungs(hu: NDArray[np.float32], pixel: tuple[float, float], check: Callable[[], None]) -> Bools:
    """On the coarse grid [s, r, c]; pixel = (row, column) mm."""
    from scipy import ndimage

    air = hu < AIR_HU
    inside = np.zeros_like(air)
    opened = np.zeros_like(air)
    square = np.ones((3, 3), bool)
    for s in _each(len(air), check):
        inside[s] = air[s] & ~_outer_air(air[s])
        opened[s] = ndimage.binary_opening(inside[s], square)
    parts, count = ndimage.label(opened)
    if not count:
        return np.zeros_like(air)
    area = np.zeros(count + 1)
    total, voxels = np.zeros(count + 1), np.zeros(count + 1)
    for s in _each(len(parts), check):
        flat = parts[s].ravel()
        here = np.bincount(flat, minlength=count + 1)
        area = np.maximum(area, here)
        voxels += here
        total += np.bincount(flat, hu[s].ravel(), minlength=count + 1)
    means = total / np.maximum(voxels, 1)
    kept = (area * pixel[0] * pixel[1] >= _LEAST_AREA_MM2) & (means > _GAS_HU)
    kept[0] = False
    lungs = np.zeros_like(air)
    for s in _each(len(parts), check):
        lungs[s] = ndimage.binary_dilation(kept[parts[s]], square) & inside[s]
    return _closed(lungs, pixel, check)


def _outer_air(air: Bools) -> Bools:
    """Air joined to the picture's edge in one slice: room, table, padding outside the round field of view."""
    from scipy import ndimage

    framed = np.pad(air, 1, constant_values=True)
    parts, _ = ndimage.label(framed)
    outer: Bools = parts[1:-1, 1:-1] == parts[0, 0]
    return outer


def _closed(lungs: Bools, pixel: tuple[float, float], check: Callable[[], None]) -> Bools:
    """Each lung (part of a slice) closed by a disc and its holes filled: vessels, nodules, pleural nodules."""
    from scipy import ndimage

    radius = _CLOSE_MM / float(np.mean(pixel))
    pad = int(np.ceil(radius)) + 1
    out = np.zeros_like(lungs)
    for s in _each(len(lungs), check):
        if not lungs[s].any():
            continue
        parts, _ = ndimage.label(lungs[s])
        for number, box in enumerate(ndimage.find_objects(parts), 1):
            one = np.pad(parts[box] == number, pad)
            # by distances: dilation and erosion by a large disc at once
            grown = ndimage.distance_transform_edt(~one) <= radius
            shut = ndimage.distance_transform_edt(grown) > radius
            filled = ndimage.binary_fill_holes(shut | one)
            out[s][box] |= filled[pad:-pad, pad:-pad]
    return out | _between_slices(out) if len(out) > 2 else out


def _between_slices(mask: Bools) -> Bools:
    """Pixels that are lung in the slice below and in the slice above."""
    both = np.zeros_like(mask)
    both[1:-1] = mask[:-2] & mask[2:]
    return both


def organ_mask(name: str | None, volume: Volume, check: Callable[[], None] | None = None) -> Bools | None:
    """The named organ's mask on the volume's own grid, None for no name or where there is no such organ function."""
    if name == "lung_ct" and volume.has_place:
        return lung_ct(volume, check)
    return None
