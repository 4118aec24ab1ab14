"""Training and viewer see the same pixels: the arrays that training learns from are `prepare_plane`'s, bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra (torch): prepared training data is NOT tested")
pytest.importorskip(
    "pydantic", reason="needs the train extra (pydantic): prepared training data is NOT tested"
)

from medviewer.inference.prepare import pad_square, prepare_plane, resize, standardise
from medviewer.inference.recipe import Recipe
from tests.training.tiny_sets import brain_set, film_set, nodule_set
from training.config import load_config
from training.data.brain_slices import brain_slices
from training.data.films import film_rows, films
from training.data.nodule_crops import CROP, crops, rows_of
from training.data.tables import read_rows
from training.tasks import task_class

CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def test_nodule_crops(tmp_path: Path) -> None:
    config, data = load_config(CONFIGS / "lung_nodules.yaml"), nodule_set(tmp_path / "lung_nodules")
    arrays = task_class(config).prepare(config, data)
    rows = rows_of(data, "index.csv", "train")
    assert len(arrays["image"]) == len(rows)
    for crop, image, size in zip(crops(data, rows, CROP, True), arrays["image"], arrays["size"], strict=True):
        plane = prepare_plane(crop.hu, (crop.pixel_mm, crop.pixel_mm), config.recipe)[0]
        assert np.array_equal(image[:size, :size], plane.astype(np.float16))


def test_brain_slices(tmp_path: Path) -> None:
    config, data = load_config(CONFIGS / "brain_tumor_t1ce.yaml"), brain_set(tmp_path / "brain_t1ce")
    arrays = task_class(config).prepare(config, data)
    for one, image in zip(
        brain_slices(data, read_rows(data / "index.csv", "train"), False), arrays["image"], strict=True
    ):
        plane = prepare_plane(one.grey, (one.pixel_mm, one.pixel_mm), config.recipe)[0]
        assert np.array_equal(image, plane.astype(np.float16))
    assert arrays["painted"].any()
    shown = arrays["painted"]
    inside = (arrays["label"] > 0) & shown[:, None, None]
    assert arrays["without"][inside].mean() < 0.75 * arrays["image"][inside].mean()


def test_films(tmp_path: Path) -> None:
    config, data = load_config(CONFIGS / "chest_film.yaml"), film_set(tmp_path / "chest_xray")
    arrays = task_class(config).prepare(config, data)
    of_kermany = arrays["image"][arrays["subset"] == 0]
    for film, image in zip(
        films(data, "kermany", film_rows(data, "kermany", "train")), of_kermany, strict=True
    ):
        plane = prepare_plane(film.grey, None, config.recipe)
        undone = (
            plane * np.float32(config.recipe.std)[:, None, None]
            + np.float32(config.recipe.mean)[:, None, None]
        )
        assert plane.shape == (3, *config.recipe.size)
        np.testing.assert_allclose(undone[0], image, atol=1e-3)


def recipe(**changes: object) -> Recipe:
    base = {
        "channels": 1, "plane": "axial", "size": [64, 64], "fit": "tiles", "pixel_mm": 1.0,
        "normalise": {"kind": "window", "low": -1000, "high": 400},
    }  # fmt: skip
    return Recipe.from_json({**base, **changes})


def test_a_window_and_what_is_no_number() -> None:
    plane = prepare_plane(np.array([[-2000, -1000, -300], [400, 900, np.nan]]), (1.0, 1.0), recipe())
    np.testing.assert_allclose(plane[0], [[0, 0, 0.5], [1, 1, 0]], atol=1e-6)


@pytest.mark.parametrize("mm", [0.4, 0.7, 1.0, 1.7])
def test_resampling_keeps_the_outer_edges(mm: float) -> None:
    """A ramp in mm stays the same ramp in mm, away from the edges where the last pixel is repeated."""
    columns = np.arange(100, dtype=np.float32)
    ramp = np.tile((columns + 0.5) * mm, (100, 1)) * 5 - 1000
    found = prepare_plane(ramp, (mm, mm), recipe())[0]
    n = found.shape[1]
    expected = (np.arange(n) + 0.5) * (100 * mm / n) * 5 / 1400
    np.testing.assert_allclose(found[n // 2, 4:-4], np.minimum(expected, 1)[4:-4], atol=1e-3)


def test_shrinking_agrees_with_scikit_image() -> None:
    from skimage.transform import resize as other

    rng = np.random.default_rng(0)
    picture = rng.random((90, 120)).astype(np.float32)
    theirs = other(picture, (30, 40), order=1, mode="edge", anti_aliasing=True)
    np.testing.assert_allclose(resize(picture, (30, 40))[3:-3, 3:-3], theirs[3:-3, 3:-3], atol=0.02)


def test_percentiles_and_turned_over_films() -> None:
    film = np.random.default_rng(1).integers(0, 30_000, (80, 60)).astype(np.float32)
    film_recipe = recipe(
        plane="film", fit="pad_square", pixel_mm=None, invert_monochrome1=True,
        normalise={"kind": "percentile", "low": 1, "high": 99, "per": "film"},
    )  # fmt: skip
    upright, turned = (
        prepare_plane(film, None, film_recipe),
        prepare_plane(-film, None, film_recipe, inverted=True),
    )
    np.testing.assert_array_equal(upright, turned)
    low, high = np.percentile(film, (1, 99))
    again = standardise(resize(pad_square(np.clip((film - low) / (high - low), 0, 1)), (64, 64)), film_recipe)
    np.testing.assert_allclose(upright, again, atol=1e-5)


def test_channels_and_constant_images() -> None:
    rgb = recipe(
        channels=3, rgb=True, mean=[0.4, 0.5, 0.6], std=[0.2, 0.2, 0.3],
        normalise={"kind": "percentile", "low": 0, "high": 100, "per": "slice"},
    )  # fmt: skip
    plane = prepare_plane(np.full((8, 8), 7), (1.0, 1.0), rgb)
    assert plane.shape == (3, 8, 8) and plane.dtype == np.float32
    np.testing.assert_allclose(plane[:, 0, 0], [-2.0, -2.5, -2.0], atol=1e-6)


def test_the_square_is_filled_with_the_border() -> None:
    square = pad_square(np.pad(np.full((4, 8), 5, np.float32), 1, constant_values=2))
    assert square.shape == (10, 10)
    assert (square[0] == 2).all() and (square[-1] == 2).all()
