"""The film sets: children with and without pneumonia (kermany), adults with fourteen labels (nih256, nih128)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.tables import Row, read_rows

Floats = NDArray[np.float32]
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
)  # fmt: skip
PNEUMONIA = LABELS.index("Pneumonia")
SETS = ("kermany", "nih256", "nih128")
UNKNOWN = -1


@dataclass(frozen=True)
class Film:
    """One film: its set and row, grey values (h, w) as stored, and its labels (14,): 1, 0 or UNKNOWN."""

    subset: str
    row: Row
    grey: Floats
    labels: NDArray[np.int8]


def table(data: Path, subset: str) -> Path:
    """The set's index."""
    return data / "kermany" / "index.csv" if subset == "kermany" else data / "nih" / f"{subset}_index.csv"


def film_rows(data: Path, subset: str, split: str | None) -> list[Row]:
    """Rows of one set."""
    return read_rows(table(data, subset), split)


def labels_of(subset: str, row: Row) -> NDArray[np.int8]:
    """(14,): 1, 0, or UNKNOWN where the set does not say."""
    if subset == "kermany":
        found = np.full(len(LABELS), UNKNOWN, np.int8)
        found[PNEUMONIA] = int(row.get("pneumonia") or 0)
        return found
    return np.array([int(row.get(name) or 0) for name in LABELS], np.int8)


def films(data: Path, subset: str, rows: Sequence[Row]) -> Iterator[Film]:
    """Films in the order of the rows."""
    archives: dict[str, zipfile.ZipFile] = {}
    try:
        for row in rows:
            if row["archive"] not in archives:
                archives[row["archive"]] = zipfile.ZipFile(table(data, subset).parent / row["archive"])
            with Image.open(io.BytesIO(archives[row["archive"]].read(row["file"]))) as image:
                grey = np.asarray(image.convert("L"), np.float32)
            yield Film(subset, row, grey, labels_of(subset, row))
    finally:
        for archive in archives.values():
            archive.close()
