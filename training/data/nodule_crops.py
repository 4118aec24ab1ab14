"""The nodule set: crops in estimated HU with the readers' outlines, prepared as the viewer prepares slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medviewer.inference.prepare import prepare_plane, resize
from medviewer.inference.recipe import Recipe
from training.data.tables import Row, read_rows

Floats = NDArray[np.float32]
CROP, NEGATIVE = 96, 48
CONSENSUS, ANY, VALID = 1, 2, 4
"""Bits of a prepared mask: at least half of the slice's readers; any reader; pixels that may be learnt from."""


@dataclass(frozen=True)
class Crop:
    """One crop: its row of the table, HU (h, w), readers' bits (h, w) or None, mm a pixel."""

    row: Row
    hu: Floats
    bits: NDArray[np.uint8] | None
    pixel_mm: float


def rows_of(data: Path, table: str, split: str | None) -> list[Row]:
    """Rows of index.csv or negatives.csv."""
    return read_rows(data / table, split)


def sure(rows: Sequence[Row]) -> list[Row]:
    """Rows whose HU estimate is well determined."""
    return [r for r in rows if r["hu_ok"] == "1"]


def crops(data: Path, rows: Sequence[Row], side: int, with_masks: bool) -> Iterator[Crop]:
    """Crops in the order of the rows; `side` 96 for nodules, 48 for the others."""
    mosaics: dict[Path, NDArray[np.uint8]] = {}

    def mosaic(path: Path) -> NDArray[np.uint8]:
        if path not in mosaics:
            with Image.open(path) as image:
                mosaics[path] = np.asarray(image.convert("L"))
        return mosaics[path]

    for row in rows:
        top, left = int(row["tile_row"]) * side, int(row["tile_col"]) * side
        place = np.s_[top : top + side, left : left + side]
        grey = mosaic(data / row["file"])[place].astype(np.float32)
        low, high = float(row["hu_at_0"]), float(row["hu_at_255"])
        bits = mosaic(data / row["file"].replace(".webp", "_masks.png"))[place] if with_masks else None
        yield Crop(row, low + grey * np.float32((high - low) / 255), bits, float(row["pixel_mm"]))


def consensus(crop: Crop) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(outlined by at least half of the slice's readers, outlined by any reader)."""
    assert crop.bits is not None
    readers = sum(((crop.bits >> k) & 1).astype(np.int32) for k in range(4))
    needed = max(1, -(-int(crop.row.get("readers_on_slice") or 0) // 2))
    return np.asarray(readers >= needed), np.asarray(readers >= 1)


def prepared_crop(crop: Crop, recipe: Recipe) -> tuple[Floats, NDArray[np.uint8], tuple[float, float], float]:
    """(plane (h, w), bits (h, w), centre (row, column), diameter in pixels of the plane); 0 for no nodule."""
    plane = prepare_plane(crop.hu, (crop.pixel_mm, crop.pixel_mm), recipe)[0]
    bits = np.full(plane.shape, VALID, np.uint8)
    if crop.bits is None:
        return plane, bits, (0.0, 0.0), 0.0
    agreed, some = consensus(crop)
    bits |= (resize(agreed.astype(np.float32), plane.shape) >= 0.5).astype(np.uint8) * CONSENSUS
    bits |= (resize(some.astype(np.float32), plane.shape) >= 0.5).astype(np.uint8) * ANY
    scale = plane.shape[0] / crop.hu.shape[0]
    where = np.argwhere(agreed if agreed.any() else some)
    if not len(where):
        return plane, bits, (0.0, 0.0), 0.0
    row, column = (where.mean(0) + 0.5) * scale - 0.5
    return plane, bits, (float(row), float(column)), float(2 * np.sqrt(len(where) / np.pi) * scale)
