"""The brain tumour set: single contrast-enhanced T1 slices with outlined tumours, and what they would be without."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from training.data.tables import Row

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
USUAL_PIXEL_MM = 0.98  # of the few slices whose pixel size is unknown


@dataclass(frozen=True)
class BrainSlice:
    """One slice: its row, grey values (h, w), tumour (h, w) or None, mm a pixel."""

    row: Row
    grey: Floats
    tumour: Bools | None
    pixel_mm: float


def brain_slices(data: Path, rows: Sequence[Row], with_masks: bool) -> Iterator[BrainSlice]:
    """Slices in the order of the rows."""
    with zipfile.ZipFile(data / "brain_t1ce.zip") as archive:

        def picture(name: str) -> NDArray[np.uint8]:
            with Image.open(io.BytesIO(archive.read(name))) as image:
                return np.asarray(image.convert("L"))

        for row in rows:
            number = f"{int(row['slice_id']):04d}"
            grey = picture(f"images/{number}.webp").astype(np.float32)
            tumour = picture(f"masks/{number}.png") > 0 if with_masks else None
            yield BrainSlice(row, grey, tumour, float(row["pixel_mm_256"] or USUAL_PIXEL_MM))


def head(plane: Floats) -> Bools:
    """The head without holes in a plane of 0..1: the largest part that is not background."""
    smooth = ndimage.gaussian_filter(plane, 1.5)
    parts, count = ndimage.label(smooth > 0.07)
    if not count:
        return np.zeros(plane.shape, bool)
    largest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return np.asarray(ndimage.binary_fill_holes(parts == largest), bool)


def without_tumour(plane: Floats, tumour: Bools, symmetric: bool, rng: np.random.Generator) -> Floats | None:
    """The plane with its tumour painted over, None where there is nothing fit to paint with.

    From the other half of the head where it is `symmetric` (axial, coronal) and shows none, else from another place of
    the same slice; joined softly, brightness matched along the tumour's edge.
    """
    inside = head(plane)
    if not tumour.any() or not inside.any():
        return None
    wide = ndimage.binary_dilation(tumour, iterations=4)
    ring = ndimage.binary_dilation(wide, iterations=3) & ~wide & inside
    donor = _mirrored(plane, inside, wide) if symmetric else None
    donor = _moved(plane, inside, wide, rng) if donor is None else donor
    if donor is None or not ring.any():
        return None
    donor = donor + np.float32(plane[ring].mean() - donor[ring].mean())
    soft = np.clip(ndimage.gaussian_filter(wide.astype(np.float32), 2.0) * 1.6, 0, 1)
    return np.asarray(np.clip(plane + soft * (donor - plane), 0, 1), np.float32)


def _mirrored(plane: Floats, inside: Bools, wide: Bools) -> Floats | None:
    columns = np.flatnonzero(inside.any(0))
    turn = int(columns[0] + columns[-1])
    at = turn - np.arange(plane.shape[1])
    known = (at >= 0) & (at < plane.shape[1])
    at = np.clip(at, 0, plane.shape[1] - 1)
    other = wide[:, at] & known
    if (other & wide).sum() > 0.1 * wide.sum():  # the tumour reaches across the middle
        return None
    return plane[:, at]


def _moved(plane: Floats, inside: Bools, wide: Bools, rng: np.random.Generator) -> Floats | None:
    deep = ndimage.binary_erosion(inside, iterations=8)
    places = np.argwhere(wide)
    for _ in range(60):
        step = rng.integers(-60, 61, 2)
        moved = places + step
        if (moved < 0).any() or (moved >= plane.shape).any():
            continue
        there = moved[:, 0], moved[:, 1]
        if deep[there].mean() > 0.97 and not wide[there].any():
            return np.roll(plane, (-step[0], -step[1]), (0, 1))
    return None


def stripped(plane: Floats, depth: float) -> tuple[Floats, Bools]:
    """(the plane with all that lies within `depth` pixels of the head's surface set to 0, what was kept)."""
    kept = ndimage.distance_transform_edt(np.pad(head(plane), 1))[1:-1, 1:-1] > depth
    return np.where(kept, plane, np.float32(0)), np.asarray(kept, bool)
