"""What `evaluate` writes and measures: the figures equal those of the public scoring program, labels are not needed."""

from __future__ import annotations

import csv
import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the train extra (torch): evaluation is NOT tested")
pytest.importorskip("pydantic", reason="needs the train extra (pydantic): evaluation is NOT tested")

from tests.training.tiny_sets import brain_set, film_set, nodule_set
from training.calibrate import best_threshold, platt
from training.config import load_config
from training.evaluate import films, nodules, tumours
from training.evaluate.statistics import auc, calibration_error

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
Floats = np.ndarray


@pytest.fixture(scope="module")
def score() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "shared" / "acceptance" / "score.py"
    if not path.is_file():
        pytest.skip("the public scoring program is not at hand: equality with it is NOT tested")
    spec = importlib.util.spec_from_file_location("public_score", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name, figure in theirs.items():
        if np.isfinite(figure["value"]):
            told = mine[name]
            assert told is not None, name
            assert told["value"] == pytest.approx(figure["value"], abs=2e-3), name
            assert told["n"] == figure["n"], name
            assert told["ci95"] == pytest.approx(figure["ci95"], abs=2e-2), name


def bright(planes: Sequence[Floats]) -> list[Floats]:
    """Outline and centre by brightness, with a false peak in the corner of every second plane."""
    found = []
    for n, plane in enumerate(planes):
        chance = 1 / (1 + np.exp(-30 * (plane[0] - 0.35)))
        heat = chance.copy()
        if n % 2:
            heat[3, 3] = 0.6
        found.append(np.stack([chance, heat]).astype(np.float32))
    return found


def test_nodules(tmp_path: Path, score: ModuleType) -> None:
    config, data = load_config(CONFIGS / "lung_nodules.yaml"), nodule_set(tmp_path / "set")
    found = nodules.predicted(bright, config, data, "val")
    nodules.write(found, data, "val", tmp_path / "out")
    mine = nodules.figures(data, found, "val")
    same(mine, score.lung_nodules(data, tmp_path / "out", "val"))
    assert mine["outline_dice"] is not None and mine["outline_dice"]["value"] > 0.9
    assert mine["diameter_error_mm_median"] is not None and mine["diameter_error_mm_median"]["value"] < 1.5


def test_nodule_windows_are_the_judged_ones(score: ModuleType) -> None:
    for row in ({"file": "val_00.webp", "tile_row": str(r), "tile_col": str(r * 3)} for r in range(8)):
        assert nodules.window(row) == score.window(row)


def test_tumours(tmp_path: Path, score: ModuleType) -> None:
    config, data = load_config(CONFIGS / "brain_tumor_t1ce.yaml"), brain_set(tmp_path / "set")

    def predict(planes: Sequence[Floats]) -> list[Floats]:
        return [
            np.stack([p[0] < 0.7, (p[0] >= 0.7) * 0.2, (p[0] >= 0.7) * 0.7, (p[0] >= 0.7) * 0.1]).astype(
                np.float32
            )
            for p in planes
        ]

    found = tumours.predicted(predict, config, data, "val")
    tumours.write(found, tmp_path / "out")
    mine = tumours.figures(data, found, "val")
    same(mine, score.brain_tumor_t1ce(data, tmp_path / "out", "val"))
    assert mine["dice_mean"] is not None and mine["dice_mean"]["value"] > 0.85
    assert mine["type_accuracy"] is not None and mine["type_accuracy"]["value"] == pytest.approx(1 / 3)


def test_films(tmp_path: Path, score: ModuleType) -> None:
    config, data = load_config(CONFIGS / "chest_film.yaml"), film_set(tmp_path / "set", each=40)
    rng = np.random.default_rng(4)

    def predict(planes: Sequence[Floats]) -> list[Floats]:
        return [
            np.clip(1 / (1 + np.exp(-p[0].mean())) + rng.normal(0, 0.05, 14), 0, 1).astype(np.float32)
            for p in planes
        ]

    def map_of(plane: Floats, channel: int) -> Floats:
        return np.asarray(plane[0].reshape(8, 16, 8, 16).mean((1, 3)) - plane[0].min())

    found = films.scored(predict, config, data, "val", map_of)
    films.write(found, tmp_path / "out")
    mine = films.figures(data, found, "val")
    theirs = score.chest_film(data, tmp_path / "out", "val")
    same(mine, theirs)
    assert "pointing_game" in theirs and mine["pointing_game"] is not None


def _without_truth(folder: Path) -> None:
    """As judging does it: labels of one value, masks empty, readers' columns gone."""
    for table in folder.rglob("*.csv"):
        with table.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for key in ("label", "pneumonia", *films.LABELS):
                if key in row:
                    row[key] = "0"
            for key in (
                "readers",
                "readers_on_slice",
                "diameter_mm",
                "malignancy",
                "reader_areas_px",
                "boxes",
            ):
                if key in row:
                    row[key] = ""
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for mask in folder.rglob("*_masks.png"):
        with Image.open(mask) as image:
            empty = np.zeros((image.height, image.width), np.uint8)
        Image.fromarray(empty).save(mask)


def test_labels_and_masks_are_not_needed_to_predict(tmp_path: Path) -> None:
    config, data = load_config(CONFIGS / "lung_nodules.yaml"), nodule_set(tmp_path / "set")
    before = nodules.predicted(bright, config, data, "val")
    shutil.copytree(data, tmp_path / "blind")
    _without_truth(tmp_path / "blind")
    found = nodules.predicted(bright, config, tmp_path / "blind", "val")
    assert found.detections == before.detections and found.diameters == before.diameters
    nodules.write(found, tmp_path / "blind", "val", tmp_path / "out")
    assert set(nodules.figures(tmp_path / "blind", found, "val").values()) == {None}

    film = load_config(CONFIGS / "chest_film.yaml")
    blind = film_set(tmp_path / "films")
    _without_truth(blind)
    scored = films.scored(lambda planes: [np.full(14, 0.5, np.float32) for _ in planes], film, blind, "val")
    told = films.figures(blind, scored, "val")
    assert told["auc_pneumonia_kermany"] is None and told["ece_kermany"] is None


def test_calibration_against_drawn_probabilities() -> None:
    rng = np.random.default_rng(0)
    true_logit = rng.normal(-1, 1.5, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-true_logit))
    a, b = platt(2 * true_logit + 1, truth)
    assert a == pytest.approx(0.5, abs=0.03) and b == pytest.approx(-0.5, abs=0.06)
    chance = 1 / (1 + np.exp(-(a * (2 * true_logit + 1) + b)))
    assert calibration_error(truth, chance) < 0.02
    assert calibration_error(truth, 1 / (1 + np.exp(-(2 * true_logit + 1)))) > 0.1
    at = best_threshold(chance, truth)
    assert auc(truth, chance) == pytest.approx(auc(truth, true_logit))
    gain = (chance[truth] >= at).mean() + (chance[~truth] < at).mean()
    assert (
        gain
        >= max((chance[truth] >= t).mean() + (chance[~truth] < t).mean() for t in np.linspace(0.02, 0.9, 80))
        - 1e-9
    )
