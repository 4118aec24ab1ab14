"""Honesty figures against scipy, against counts made by hand, and on networks whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (torch): honesty figures are NOT tested")
pytest.importorskip("pydantic", reason="needs the train extra (pydantic): honesty figures are NOT tested")

from scipy.stats import spearmanr  # noqa: E402

from training.honesty.asks import Ask, maps_of, on_pixels  # noqa: E402
from training.honesty.figures import (  # noqa: E402
    Pointing,
    average_maps,
    inside,
    likeness,
    point_of,
    pointing,
    pointing_figures,
    randomisation,
)
from training.honesty.findings import best_part  # noqa: E402
from training.honesty.measure import measure  # noqa: E402
from training.packaging.example_networks import ExampleUNet, bright_classifier, bright_unet  # noqa: E402

pytestmark = pytest.mark.torch


def ask(image: np.ndarray, truth: np.ndarray | None, patient: str, region: np.ndarray | None = None) -> Ask:
    return Ask(image.astype(np.float32), 0, region, truth, "bright", patient)


def discs(count: int, seed: int = 1) -> list[Ask]:
    """Bright discs at drawn places of a 48 × 48 tile; the region is what a threshold finds, the truth is the disc."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:48, 0:48]
    made = []
    for k in range(count):
        center = generator.uniform(8, 40, 2)
        truth = np.hypot(rows - center[0], columns - center[1]) <= 6
        image = np.where(truth, 0.9, 0.15) + 0.02 * generator.standard_normal((48, 48))
        made.append(ask(image[None], truth, f"p{k // 2}", (image > 0.5).astype(np.float32)))
    return made


def test_likeness_is_spearmans_over_cells() -> None:
    generator = np.random.default_rng(2)
    for _ in range(5):
        a = np.maximum(generator.standard_normal((9, 7)), 0).astype(
            np.float32
        )  # many ties at 0, as maps have
        b = np.maximum(0.5 * a + generator.standard_normal((9, 7)), 0).astype(np.float32)
        assert likeness(a, b) == pytest.approx(spearmanr(a.ravel(), b.ravel()).statistic, abs=1e-9)
    assert likeness(a, 3 * a) == pytest.approx(1.0)
    assert likeness(a, np.zeros_like(a)) == 0.0


def test_randomisation_is_none_below_fifty_images_and_one_for_the_same_network() -> None:
    network = bright_unet(1, [8.0, 8.0], [-4.0, -4.0])
    same = maps_of(network)
    asks = discs(50)
    assert randomisation(asks[:49], same(asks[:49]), [same]) is None
    found = randomisation(asks, same(asks), [same, same])
    assert found == {"value": 1.0, "ci95": [1.0, 1.0], "n": 50}


def test_the_pointing_game_by_hand() -> None:
    """Four tiles of 10 × 10: truths are quarters; the points of the others are the fixed guess."""
    quarters = [np.zeros((10, 10), bool) for _ in range(4)]
    quarters[0][:5, :5] = quarters[1][:5, :5] = quarters[2][:5, 5:] = quarters[3][5:, 5:] = True
    asks = [ask(np.zeros((1, 10, 10)), truth, f"p{k}") for k, truth in enumerate(quarters)]
    points = [(0.1, 0.1), (0.2, 0.7), (0.3, 0.9), None]  # hit, miss (in the upper right), hit, nothing found
    pairs = pointing(asks, points)
    assert [pair.hit for pair in pairs] == [True, False, True, False]
    # first: others point to upper right twice → 0 of 2; second: upper left and upper right → 1 of 2;
    # third: upper left and upper right → 1 of 2; fourth: all three others, none below → 0 of 3
    assert [pair.chance for pair in pairs] == [0.0, 0.5, 0.5, 0.0]
    figures = pointing_figures(pairs)
    assert figures["pointing"] is not None and figures["pointing"]["value"] == 0.5
    assert figures["pointing_chance"] is not None and figures["pointing_chance"]["value"] == 0.25
    assert figures["pointing_gain"] is not None and figures["pointing_gain"]["value"] == 0.25
    assert figures["pointing_gain"]["n"] == 4
    low, high = figures["pointing_gain"]["ci95"]
    assert low < 0.25 < high


def test_a_label_with_too_few_points_is_asked_with_those_of_all_labels() -> None:
    truth = np.zeros((4, 4), bool)
    truth[0, 0] = True
    lone = replace(ask(np.zeros((1, 4, 4)), truth, "a"), label="rare")
    others = [ask(np.zeros((1, 4, 4)), None, name) for name in "bcd"]
    (pair,) = pointing([lone, *others], [(0.9, 0.9), (0.1, 0.1), (0.1, 0.1), (0.6, 0.6)])
    assert pair == Pointing(hit=False, chance=pytest.approx(2 / 3), patient="a")


def test_without_boxes_there_is_no_figure() -> None:
    assert pointing([ask(np.zeros((1, 4, 4)), None, "a")], [(0.5, 0.5)]) == []
    assert set(pointing_figures([]).values()) == {None}


def test_points_are_pixel_centres_of_the_shown_map() -> None:
    cells = np.zeros((6, 6), np.float32)
    cells[1, 4] = 1.0
    row, column = point_of(cells, (48, 48)) or (0.0, 0.0)
    assert row == pytest.approx(1.5 / 6, abs=0.02) and column == pytest.approx(4.5 / 6, abs=0.02)
    assert point_of(np.zeros((6, 6), np.float32), (48, 48)) is None
    assert inside(np.eye(48, dtype=bool), (0.999, 1.0)) and not inside(np.eye(48, dtype=bool), None)
    assert on_pixels(cells, (48, 48)).shape == (48, 48)


def test_average_maps_by_channel() -> None:
    maps = [
        np.full((2, 2), 4.0, np.float32),
        np.array([[2.0, 0], [0, 1]], np.float32),
        np.zeros((2, 2), np.float32),
    ]
    asks = [ask(np.zeros((1, 8, 8)), None, name) for name in "abc"]
    found = average_maps(asks, maps, 2)
    np.testing.assert_allclose(found[0], [[1.0, 0.5], [0.5, 0.75]])
    assert not found[1].any()


def test_findings_as_the_viewer_takes_them() -> None:
    outline, score = np.zeros((2, 20, 20), np.float32)
    outline[2:6, 2:6] = outline[10:14, 10:16] = 0.8
    score[3, 3], score[12, 12] = 0.4, 0.9
    part = best_part(outline, score, 0.5, 0.3)
    assert part is not None and part.sum() == 24 and part[12, 12] == 1 and part[3, 3] == 0
    assert best_part(outline, score, 0.5, 0.95) is None and best_part(0 * outline, score, 0.5, 0.3) is None


def test_a_network_that_sees_what_it_marks_points_at_it() -> None:
    asks = discs(60)
    asks[7] = replace(asks[7], region=None)  # nothing found there: a miss
    network = bright_unet(1, [8.0, 8.0], [-4.0, -4.0])
    honesty = measure(network, lambda: ExampleUNet(1, 2), asks)
    hits, guess, gain = (honesty.figures[k] for k in ("pointing", "pointing_chance", "pointing_gain"))
    assert hits["n"] == 60 and hits["value"] == pytest.approx(59 / 60, abs=1e-4)
    assert guess["value"] < 0.3 and gain["ci95"][0] > 0.5
    like = honesty.figures["randomisation_similarity"]
    assert like["n"] == 59 and -1.0 <= like["ci95"][0] <= like["value"] <= like["ci95"][1] <= 1.0
    assert honesty.figures["repeatability"] is None
    assert honesty.average_maps is None and "1 more in" in honesty.notes[0]
    assert measure(network, lambda: ExampleUNet(1, 2), asks).figures == honesty.figures  # seeded


def test_a_classifier_has_average_maps() -> None:
    generator = np.random.default_rng(3)
    ones = np.ones((64, 64), np.float32)
    asks = [ask(generator.random((3, 64, 64)), None, f"p{k}", ones) for k in range(8)]
    network = bright_classifier(3, [4.0, -4.0], [-2.0, 2.0])
    honesty = measure(network, lambda: network, asks, average=True)
    assert honesty.average_maps is not None and honesty.average_maps.shape == (2, 8, 8)
    assert honesty.average_maps[0].max() > 0.5 and not honesty.average_maps[1].any()
    assert set(honesty.figures.values()) == {None}  # too few images, no boxes
