"""What is asked of each kind of model, on small sets written in the formats of the real ones."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the train extra (torch): honesty figures are NOT tested")
pytest.importorskip("pydantic", reason="needs the train extra (pydantic): honesty figures are NOT tested")

from training.config import Config, load_config
from training.honesty.films import film_asks, with_pointing
from training.honesty.measure import Honesty
from training.honesty.nodules import SIDE, nodule_asks
from training.honesty.tumours import tumour_asks

pytestmark = pytest.mark.torch
CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def config(name: str) -> Config:
    return load_config(CONFIGS / f"{name}.yaml")


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def disc(size: int, row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[0:size, 0:size]
    return np.hypot(rows - row, columns - column) <= radius


@pytest.fixture
def nodules(tmp_path: Path) -> Path:
    """Six crops with a nodule of 10 pixels in the middle, in lungs of -850 HU."""
    rows, mosaic, masks = [], np.zeros((96, 6 * 96), np.uint8), np.zeros((96, 6 * 96), np.uint8)
    for k in range(6):
        truth = disc(96, 47, 48, 5)
        mosaic[:, 96 * k : 96 * k + 96] = np.where(truth, 230, 30)
        masks[:, 96 * k : 96 * k + 96] = truth * 7
        row = {"file": "val_00.webp", "tile_row": 0, "tile_col": k, "split": "val", "patient": f"p{k // 2}"}
        hu = {"hu_at_0": -1000, "hu_at_255": 300, "hu_ok": int(k != 5), "pixel_mm": 0.5 + 0.08 * k}
        rows.append({**row, **hu, "readers_on_slice": 3, "readers": 3})
    Image.fromarray(mosaic).save(tmp_path / "val_00.webp", lossless=True)
    Image.fromarray(masks).save(tmp_path / "val_00_masks.png")
    write_table(tmp_path / "index.csv", rows)
    return tmp_path


def bright(planes: Sequence[np.ndarray], channels: int) -> list[np.ndarray]:
    """Every channel is sure of the bright pixels."""
    return [np.repeat((plane[:1] > 0.6).astype(np.float32), channels, 0) for plane in planes]


def test_nodules_lie_anywhere_in_their_windows(nodules: Path) -> None:
    asks = nodule_asks(lambda planes: bright(planes, 2), config("lung_nodules"), nodules, "val")
    assert len(asks) == 5  # one has no sure HU
    assert {ask.patient for ask in asks} == {"p0", "p1", "p2"}
    centers = []
    for ask in asks:
        assert ask.image.shape == (1, SIDE, SIDE) and ask.channel == 1 and ask.label == "nodule"
        assert ask.truth is not None and ask.region is not None and ask.truth.sum() > 20
        assert (ask.region[ask.truth] == 1).mean() > 0.8 and ask.region[~ask.truth].mean() < 0.02
        assert ask.image[0][ask.truth].mean() > 0.7
        centers.append(np.argwhere(ask.truth).mean(0))
    assert np.ptp(centers, axis=0).max() > 8  # not all in the middle, or a fixed guess would always be right
    again = nodule_asks(lambda planes: bright(planes, 2), config("lung_nodules"), nodules, "val")
    assert all(np.array_equal(a.image, b.image) for a, b in zip(asks, again, strict=True))


def test_a_nodule_below_the_least_score_is_nothing_to_explain(nodules: Path) -> None:
    faint = [0.2 * np.ones((2, SIDE, SIDE), np.float32)] * 5
    asks = nodule_asks(lambda planes: faint, config("lung_nodules"), nodules, "val")
    assert [ask.region for ask in asks] == [None] * 5


@pytest.fixture
def brains(tmp_path: Path) -> Path:
    """Three slices, each with another type of tumour, at another place."""
    rows = []
    with zipfile.ZipFile(tmp_path / "brain_t1ce.zip", "w") as archive:
        for k, split in enumerate(("val", "val", "val", "train"), 1):
            truth = disc(256, 90 + 20 * k, 120, 14)
            grey = np.where(truth, 250, np.where(disc(256, 128, 128, 90), 90, 0)).astype(np.uint8)
            for name, picture in (
                (f"images/{k:04d}.webp", grey),
                (f"masks/{k:04d}.png", truth * np.uint8(255)),
            ):
                stream = io.BytesIO()
                Image.fromarray(picture).save(
                    stream, "WEBP" if name.endswith("webp") else "PNG", lossless=True
                )
                archive.writestr(name, stream.getvalue())
            row = {
                "slice_id": k,
                "label": min(k, 3),
                "split": split,
                "series_id": f"S{k}",
                "pixel_mm_256": 0.98,
            }
            rows.append({**row, "plane": "axial", "cv_fold": 4})
    write_table(tmp_path / "index.csv", rows)
    return tmp_path


def test_tumours_are_asked_for_their_true_type(brains: Path) -> None:
    def sure_of_gliomas(planes: Sequence[np.ndarray]) -> list[np.ndarray]:
        tumours = [plane[:1] > 0.8 for plane in planes]
        return [np.concatenate([~t, 0 * t, t, 0 * t]).astype(np.float32) for t in tumours]

    asks = tumour_asks(sure_of_gliomas, config("brain_tumor_t1ce"), brains, "val")
    assert [ask.label for ask in asks] == ["meningioma", "glioma", "pituitary"]
    assert [ask.channel for ask in asks] == [1, 2, 3]
    assert [ask.patient for ask in asks] == ["S1", "S2", "S3"]
    for ask in asks:
        assert ask.truth is not None and ask.region is not None
        assert ask.image.shape[1] % 16 == ask.image.shape[2] % 16 == 0
        assert ask.image.shape[1:] == ask.truth.shape == ask.region.shape
        assert 2 * (ask.truth * ask.region).sum() / (ask.truth.sum() + ask.region.sum()) > 0.9


def test_a_slice_without_an_outline_is_nothing_to_explain(brains: Path) -> None:
    def nothing(planes: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [
            np.concatenate([np.ones_like(p), np.zeros((3, *p.shape[1:]))]).astype(np.float32) for p in planes
        ]

    asks = tumour_asks(nothing, config("brain_tumor_t1ce"), brains, "val")
    assert [ask.region for ask in asks] == [None] * 3


@pytest.fixture
def chest_films(tmp_path: Path) -> Path:
    """Two children's films and one of each adult set."""
    for folder, subset, size in (
        ("kermany", "kermany", (60, 40)),
        ("nih", "nih256", (64, 64)),
        ("nih", "nih128", (32, 32)),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        name = "index.csv" if subset == "kermany" else f"{subset}_index.csv"
        archive = f"{subset}_val.zip"
        rows = [
            {
                "file": f"{k}.webp",
                "patient": f"p{k}",
                "split": "val",
                "archive": archive,
                "pneumonia": k,
                "Mass": k,
            }
            for k in range(2 if subset == "kermany" else 1)
        ]
        write_table(tmp_path / folder / name, rows)
        with zipfile.ZipFile(tmp_path / folder / archive, "w") as packed:
            for row in rows:
                stream = io.BytesIO()
                Image.fromarray(np.tile(np.arange(size[0], dtype=np.uint8) * 4, (size[1], 1))).save(
                    stream, "WEBP"
                )
                packed.writestr(str(row["file"]), stream.getvalue())
    return tmp_path


def test_films_are_asked_for_their_likeliest_label(chest_films: Path) -> None:
    def sure_of_masses(planes: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.eye(14, dtype=np.float32)[9] for _ in planes]

    asks = film_asks(sure_of_masses, config("chest_film"), chest_films, "val")
    assert [ask.label for ask in asks] == ["Mass"] * 4 and {ask.channel for ask in asks} == {9}
    assert [ask.patient for ask in asks] == ["kermany p0", "kermany p1", "nih256 p0", "nih128 p0"]
    sides = config("chest_film").recipe.size
    assert all(ask.image.shape == (3, *sides) and ask.region is not None and ask.region.all() for ask in asks)


def test_the_pointing_game_of_films_is_the_one_that_evaluate_played() -> None:
    found = {"value": 0.4, "ci95": [0.2, 0.6], "n": 16, "n_groups": 15}
    honesty = with_pointing(Honesty({"repeatability": None, "pointing": None}, {}), {"pointing_game": found})
    assert honesty.figures["pointing"] == {"value": 0.4, "ci95": [0.2, 0.6], "n": 16}
    assert honesty.figures["pointing_gain"] is None and honesty.figures["repeatability"] is None
