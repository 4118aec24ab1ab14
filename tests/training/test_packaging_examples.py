"""The example packages under tests/data/packages: small, readable, and what their names promise. Needs no torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medviewer.inference.package import ModelPackage
from medviewer.inference.session import open_session

PACKAGES = Path(__file__).parents[1] / "data" / "packages"
NAMES = ("tiny_detector", "tiny_segmenter", "tiny_classifier")


def disc(size: int, centre: tuple[int, int], radius: float, value: float, around: float = 0.1) -> np.ndarray:
    rows, columns = np.mgrid[0:size, 0:size]
    return np.where(np.hypot(rows - centre[0], columns - centre[1]) <= radius, value, around).astype(
        np.float32
    )


@pytest.mark.parametrize("name", NAMES)
def test_small_and_read_by_the_viewer(name: str) -> None:
    folder = PACKAGES / name
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 150_000
    package = ModelPackage.open(folder)
    assert package.name == name
    open_session(package, "cpu")  # passes the golden test


def test_detector_marks_a_bright_disc_and_its_map_lies_there() -> None:
    session = open_session(ModelPackage.open(PACKAGES / "tiny_detector"), "cpu")
    image = disc(96, (40, 60), 8, 0.9)[None, None]
    scores = session.run(image)
    truth = image[0, 0] > 0.5
    found = scores[0, 0] > 0.0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85
    target = np.array([[1.0, 0.0]], np.float32)
    region = found[None, None].astype(np.float32)
    _, cells = session.explain(image, target, region, "hires-cam")
    row, column = np.unravel_index(cells[0].argmax(), cells[0].shape)
    assert np.hypot(2 * row - 40, 2 * column - 60) <= 8


def test_segmenter_tells_bright_from_brightest() -> None:
    session = open_session(ModelPackage.open(PACKAGES / "tiny_segmenter"), "cpu")
    image = np.maximum(disc(64, (20, 20), 8, 0.65), disc(64, (44, 44), 8, 1.0))[None, None]
    labels = session.run(image)[0].argmax(0)
    assert labels[20, 20] == 1 and labels[44, 44] == 2 and labels[20, 50] == 0


def test_classifier_tells_bright_from_dark() -> None:
    session = open_session(ModelPackage.open(PACKAGES / "tiny_classifier"), "cpu")
    assert session.methods == ("grad-cam",)
    images = np.stack([np.full((3, 64, 64), value, np.float32) for value in (-1.5, 1.5)])
    dark, bright = session.run(images)
    assert dark[1] > dark[0] and bright[0] > bright[1]
