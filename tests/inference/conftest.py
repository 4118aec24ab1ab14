"""The example packages, and volumes made for these tests."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from medviewer.core.geometry import Geometry
from medviewer.core.values import Values
from medviewer.core.volume import Volume

PACKAGES = Path(__file__).resolve().parents[1] / "data" / "packages"


@pytest.fixture
def package_copy(tmp_path: Path):
    """A copy of an example package that a test may spoil: package_copy("tiny_detector")."""

    def copied(name: str = "tiny_segmenter") -> Path:
        return Path(shutil.copytree(PACKAGES / name, tmp_path / name))

    return copied


def sign_again(folder: Path) -> None:
    """Write checksums that fit the folder as it is now."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    rows = [
        f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n"
        for n in names
        if n != "checksums.sha256"
    ]
    (folder / "checksums.sha256").write_text("".join(rows), encoding="utf-8")


def ct_volume(
    array: np.ndarray, spacing: tuple[float, float, float] = (1.0, 1.0, 2.0), affine: np.ndarray | None = None
) -> Volume:
    """A CT volume of HU values [k, j, i]."""
    if affine is None:
        affine = np.diag([*spacing, 1.0])
    size = (array.shape[2], array.shape[1], array.shape[0])
    return Volume(
        array, Geometry(affine, size), Values(unit="HU"), meta={"modality": "CT", "series_uid": "1.2.3"}
    )


def ball(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], center_mm: tuple[float, ...], mm: float
) -> np.ndarray:
    """Bool [k, j, i] of a ball of diameter `mm` round center_mm (x, y, z) on a grid from the origin."""
    k, j, i = np.indices(shape)
    x, y, z = spacing
    away = (i * x - center_mm[0]) ** 2 + (j * y - center_mm[1]) ** 2 + (k * z - center_mm[2]) ** 2
    return away <= (mm / 2) ** 2
