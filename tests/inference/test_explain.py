"""Saliency maps: place, determinism, and the honesty figures measured again from outside."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.jobs import Progress
from medviewer.core.volume import Volume
from medviewer.inference.explain import explain, saliency_json, verdict
from medviewer.inference.explain.figures import blurred, drops, hottest, moved, organ_figures
from medviewer.inference.package import find_package
from medviewer.inference.run import RunRequest, run
from tests.inference.conftest import PACKAGES, ball, ct_volume
from tests.inference.schema_check import check

SPACING, SHAPE = (0.8, 0.9, 2.0), (14, 120, 110)
CENTER = (40.0, 60.0, 12.0)


@pytest.fixture(scope="module")
def packages():
    return {name: find_package(PACKAGES / f"tiny_{name}") for name in ("detector", "segmenter", "classifier")}


@pytest.fixture(scope="module")
def film():
    rng = np.random.default_rng(0)
    array = rng.integers(0, 60, (1, 150, 120)).astype(np.uint8)
    array[0, 30:80, 50:100] += 150
    return Volume(array, Geometry(np.eye(4), (120, 150, 1)), kind="film", meta={"modality": "DX"})


def ball_volume() -> Volume:
    array = np.full(SHAPE, -900, np.int16)
    array[ball(SHAPE, SPACING, CENTER, 15)] = 60
    return ct_volume(array, SPACING)


@given(seed=st.integers(0, 500), size=st.tuples(st.integers(3, 40), st.integers(3, 40)))
def test_hottest_tenth_is_the_highest_values_above_zero(seed, size):
    rng = np.random.default_rng(seed)
    saliency = np.maximum(rng.integers(-3, 6, size), 0).astype(np.float32)  # many ties, many zeros
    region = hottest(saliency)
    flat = saliency.ravel()
    order = np.argsort(-flat, kind="stable")[: round(0.1 * flat.size)]
    expected = {int(n) for n in order if flat[n] > 0}
    assert set(np.flatnonzero(region.ravel()).tolist()) == expected


def test_blur_is_gaussian_of_stored_values_rounded():
    image = np.random.default_rng(1).integers(0, 4096, (60, 80)).astype(np.uint16)
    expected = np.rint(gaussian_filter(image.astype(float), 3.0, mode="nearest")).astype(np.uint16)
    np.testing.assert_array_equal(blurred(image), expected)
    rgb = np.stack([image // 16] * 3, -1).astype(np.uint8)
    np.testing.assert_array_equal(blurred(rgb)[..., 0], blurred(rgb[..., 0]))


@given(seed=st.integers(0, 1000))
@settings(max_examples=60)
def test_a_moved_region_has_the_same_shape_and_stays_inside(seed):
    rng = np.random.default_rng(seed)
    region = np.zeros((30, 44), bool)
    r, c = rng.integers(0, 20), rng.integers(0, 30)
    region[r : r + rng.integers(1, 10), c : c + rng.integers(1, 14)] = rng.random() < 2
    region[r, c] = True
    region[min(29, r + 3), c] = True
    box = np.zeros_like(region)
    box[5:25, 4:40] = True
    for inside in (None, box):
        other = moved(region, np.random.default_rng(seed), inside)
        assert other.sum() == region.sum()
        cut, was = (trimmed(m) for m in (other, region))
        ways = [np.rot90(side, n) for side in (was, was[:, ::-1]) for n in range(4)]
        assert any(w.shape == cut.shape and (w == cut).all() for w in ways)
        fits = any(w.shape[0] <= 20 and w.shape[1] <= 36 for w in ways)
        assert inside is None or not fits or not (other & ~inside).any()


def trimmed(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_moves_take_every_way_that_fits():
    region = np.zeros((40, 60), bool)
    region[0:3, 0:2] = [[1, 1], [1, 0], [1, 0]]
    seen = {trimmed(moved(region, np.random.default_rng(n), None)).tobytes() for n in range(200)}
    assert len(seen) == 8
    wide = np.zeros((10, 60), bool)
    wide[0, 0:40] = True
    assert {moved(wide, np.random.default_rng(n), None).any(1).sum() for n in range(20)} == {1}


def test_drops_of_a_known_score():
    """p is the mean of a patch: blurring the patch takes what scipy says, elsewhere nothing."""
    image = np.zeros((100, 100), np.float32)
    image[45:55, 45:55] = 1
    saliency = np.zeros_like(image)
    saliency[45:55, 45:55] = 1

    def scores_of(images):
        return np.array([i[45:55, 45:55].mean() for i in images], np.float64)

    found = drops(image, saliency, scores_of)
    smooth = gaussian_filter(image.astype(float), 5.0, mode="nearest")
    assert found["p"] == 1.0
    assert found["blur_drop"] == pytest.approx(1 - smooth[45:55, 45:55].mean(), abs=1e-6)
    assert 0 <= found["random_drop_mean"] <= found["random_drop_p95"] < found["blur_drop"]
    assert found == drops(image, saliency, scores_of)
    nothing = drops(image, np.zeros_like(saliency), scores_of)
    assert nothing["blur_drop"] == nothing["random_drop_mean"] == nothing["random_drop_p95"] == 0


def test_organ_figures():
    saliency = np.zeros((10, 10), np.float32)
    saliency[0, :4] = 1
    inside = np.zeros((10, 10), bool)
    inside[0, :3] = True
    assert organ_figures(saliency, inside) == {"share_in_organ": 0.75, "organ_share": 0.03}
    assert organ_figures(saliency, None) == {"share_in_organ": None, "organ_share": None}


def test_verdict_follows_the_rule_for_every_combination():
    def entry(value, low):
        return {"value": value, "ci95": [low, 1.0], "n": 10}

    drops_ = [((0.5, 0.1, 0.3), "y"), ((0.2, 0.1, 0.3), "b"), ((0.05, 0.1, 0.3), "n")]
    gains = [(entry(0.2, 0.1), "y"), (entry(0.2, -0.1), "b"), (entry(-0.1, -0.2), "n"), (None, "?")]
    likes = [(entry(0.2, 0), "y"), (entry(0.5, 0), "b"), (entry(0.9, 0), "n"), (None, "?")]
    organs = [((0.9, 0.3), "y"), ((0.7, 0.3), "b"), ((0.7, 0.8), "n"), ((0.2, 0.1), "n"), ((None, None), "-")]
    for (d, a), (g, b), (like, c), (o, e) in itertools.product(drops_, gains, likes, organs):
        image = dict(zip(("blur_drop", "random_drop_mean", "random_drop_p95"), d, strict=True))
        image |= {"share_in_organ": o[0], "organ_share": o[1]}
        model = {"pointing": g, "pointing_chance": g, "pointing_gain": g, "randomisation_similarity": like}
        said = {a, b, c, e}
        expected = (
            "no" if "n" in said else "not measured" if "?" in said else "care" if "b" in said else "fair"
        )
        assert verdict(image, model) == expected


def test_the_films_map_and_its_blur_drop_from_outside(packages, film):
    found = explain(packages["classifier"], film, device="cpu", threads=1)
    assert found.map.shape == (1, 150, 120) and found.map.min() >= 0 and np.ptp(found.map) > 0
    assert found.geometry == film.geometry and (found.cell_unit, round(found.cell, 2)) == ("px", 18.75)
    check(saliency_json(found, packages["classifier"]), "saliency")
    region = hottest(found.map[0])
    changed = film.array.copy()
    changed[0][region] = np.rint(gaussian_filter(film.array[0].astype(float), 0.05 * 120, mode="nearest"))[
        region
    ]
    other = Volume(changed, film.geometry, kind="film", meta=film.meta)

    def chance(volume):
        return {
            c.label: c.probability for c in run(RunRequest(packages["classifier"], volume, "cpu", 1)).classes
        }

    before, after = chance(film), chance(other)
    assert found.label == max(before, key=before.get)
    assert found.this_image["p"] == pytest.approx(before[found.label], abs=1e-6)
    assert found.this_image["blur_drop"] == pytest.approx(before[found.label] - after[found.label], abs=1e-5)


def test_labels_have_maps_of_their_own_and_each_is_repeatable(packages, film):
    names = [label.name for label in packages["classifier"].spec.labels]
    one, two, again = (
        explain(packages["classifier"], film, label=n, device="cpu", threads=1)
        for n in (*names, names[0].upper())
    )
    assert [one.label, two.label, again.label] == [*names, names[0]]
    np.testing.assert_array_equal(one.map, again.map)
    assert one.this_image == again.this_image
    assert np.corrcoef(one.map.ravel(), two.map.ravel())[0, 1] < 0.999
    with pytest.raises(MedViewerError) as fault:
        explain(packages["classifier"], film, label="nonsense")
    assert fault.value.exit_code == 4
    with pytest.raises(MedViewerError) as fault:
        explain(packages["classifier"], film, method="nonsense")
    assert fault.value.exit_code == 2


@pytest.mark.parametrize("name", ["detector", "segmenter"])
@pytest.mark.parametrize("method", ["hires-cam", "grad-cam"])
def test_the_map_of_a_finding_lies_in_its_slice_round_it(packages, name, method):
    volume = ball_volume()
    found = explain(packages[name], volume, method=method, device="cpu", threads=1)
    assert found.method == method and found.map.shape == SHAPE
    inside = ball(SHAPE, SPACING, CENTER, 30)
    assert found.map[inside].sum() / found.map.sum() > 3 * inside.mean()
    assert {int(k) for k in np.nonzero(found.map)[0]} == {6}
    assert (found.cell_unit, found.cell) == ("mm", pytest.approx(2.0, rel=0.02))
    assert 0 <= found.this_image["p"] <= 1 and found.this_image["organ_share"] is None
    check(saliency_json(found, packages[name]), "saliency")


def test_a_place_stands_for_a_finding(packages):
    volume = ball_volume()
    at = explain(packages["segmenter"], volume, at_lps=CENTER, device="cpu", threads=1)
    first = explain(packages["segmenter"], volume, finding="tiny_segmenter-1", device="cpu", threads=1)
    np.testing.assert_array_equal(at.map, first.map)
    elsewhere = explain(packages["segmenter"], volume, at_lps=(70, 20, 22), device="cpu", threads=1)
    assert {int(k) for k in np.nonzero(elsewhere.map)[0]} <= {11}
    for wrong in ({"at_lps": (900, 0, 0)}, {"finding": "no-such"}):
        with pytest.raises(MedViewerError) as fault:
            explain(packages["segmenter"], volume, device="cpu", threads=1, **wrong)
        assert fault.value.exit_code == 4


def test_turned_series_have_the_same_map(packages):
    volume = ball_volume()
    order, flips = (2, 0, 1), (False, True, True)
    array = volume.array.transpose([2 - order[c] for c in (2, 1, 0)])
    array = array[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]
    turned = ct_volume(np.ascontiguousarray(array), affine=volume.geometry.permuted(order, flips).affine)
    a = explain(packages["segmenter"], volume, device="cpu", threads=1)
    b = explain(packages["segmenter"], turned, device="cpu", threads=1)
    assert a.this_image == pytest.approx(b.this_image, abs=1e-5)
    k, j, i = np.unravel_index(b.map.argmax(), b.map.shape)
    assert b.map.max() == pytest.approx(a.map.max(), rel=1e-4)
    at = volume.geometry.to_ijk(turned.geometry.to_lps((i, j, k)))
    assert a.map[tuple(np.rint(at).astype(int)[::-1])] == pytest.approx(a.map.max(), rel=1e-3)


def test_nothing_found_is_told_and_cancel_works(packages, film):
    empty = ct_volume(np.full(SHAPE, -1000, np.int16), SPACING)
    with pytest.raises(MedViewerError) as fault:
        explain(packages["segmenter"], empty, device="cpu", threads=1)
    assert fault.value.exit_code == 4
    progress = Progress()
    progress.listen(lambda p: p.cancel() if p.done > 3 else None)
    seen = []
    with pytest.raises(Cancelled):
        explain(packages["classifier"], film, progress, device="cpu", threads=1, on_map=seen.append)
    assert len(seen) == 1 and seen[0].this_image == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
@pytest.mark.parametrize("shape", [(150, 120), (90, 140), (100, 100)])
@pytest.mark.parametrize("invert", [False, True])
def test_quick_preparation_equals_the_plain_one(packages, dtype, shape, invert):
    from medviewer.core.values import Values
    from medviewer.inference.explain.quick import QuickPlanes
    from medviewer.inference.films import FilmReader

    rng = np.random.default_rng(3)
    stored = np.clip(rng.normal(90, 60, shape), 0, 255).astype(dtype)
    values = Values(np.array([1.5]), np.array([-7.0]))
    film = Volume(
        stored[None], Geometry(np.eye(4), (shape[1], shape[0], 1)), values, kind="film", invert=invert
    )
    reader = FilmReader(film, packages["classifier"].spec.input)
    sign = -1.0 if invert else 1.0
    quick = QuickPlanes(stored, sign * 1.5, sign * -7.0, reader.recipe, reader.recipe.size)
    for image in (stored, np.roll(stored, 7, 0) // 2):
        np.testing.assert_allclose(quick.prepare(image), reader.prepare(image), atol=2e-5)
