"""Tasks on bodies of known place and size, through the example networks (they mark what is brighter than -300 HU)."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import Source
from medviewer.core.geometry import Geometry
from medviewer.core.jobs import Progress
from medviewer.core.plane import rotation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.inference.clock import Clock
from medviewer.inference.package import find_package
from medviewer.inference.session import open_session
from medviewer.inference.tasks import find_task
from medviewer.inference.tasks.parts import Part, link, merge_near, parts_of_slice
from medviewer.inference.tasks.segmentation import SliceSmoother
from tests.inference.conftest import PACKAGES, ball, ct_volume

SPACING = (0.8, 0.8, 1.5)
SHAPE = (40, 120, 130)
SMALL, LARGE = ((80.0, 64.0, 45.0), 11.0), ((40.0, 40.0, 27.0), 30.0)
SOURCE = Source("model", "test")


@pytest.fixture(scope="module")
def sessions():
    return {
        name: open_session(find_package(PACKAGES / f"tiny_{name}"), "cpu", 2)
        for name in ("detector", "segmenter", "classifier")
    }


def two_balls() -> Volume:
    array = np.full(SHAPE, -900, np.int16)
    for center, mm in (SMALL, LARGE):
        array[ball(SHAPE, SPACING, center, mm)] = 100
    return ct_volume(array, SPACING)


def run(session, volume):
    return find_task(session.package.spec.task).run(session, volume, SOURCE, Progress(), Clock())


@pytest.mark.parametrize("name", ["detector", "segmenter"])
def test_each_ball_is_one_finding_with_its_place_size_and_volume(sessions, name):
    volume = two_balls()
    outcome = run(sessions[name], volume)
    assert len(outcome.findings) == 2
    for center, mm in (SMALL, LARGE):
        found = min(outcome.findings, key=lambda f: np.linalg.norm(f.center_lps_mm - center))
        np.testing.assert_allclose(found.center_lps_mm, center, atol=0.8)
        assert found.diameter_mm == pytest.approx(mm, abs=2.4)
        assert found.volume_ml == pytest.approx(np.pi * mm**3 / 6000, rel=0.12)
        assert found.mean_value == pytest.approx(100, abs=40) and found.unit == "HU"
        assert 0.5 < found.probability <= 1 and not found.calibrated
        np.testing.assert_allclose(volume.geometry.to_lps(found.center_ijk), found.center_lps_mm)
        mask = outcome.segmentation.labels == found.segment
        i, j, k = np.rint(found.center_ijk).astype(int)
        assert mask[k, j, i]
    truth = ball(SHAPE, SPACING, *SMALL) | ball(SHAPE, SPACING, *LARGE)
    mask = outcome.segmentation.labels > 0
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.93
    assert outcome.segmentation.geometry == volume.geometry


def oblique_affine() -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = rotation([1, 0.3, 0.2], 12) @ np.diag(SPACING)
    affine[:3, 3] = [-20, 60, 11]
    return affine


@pytest.mark.parametrize("name", ["detector", "segmenter"])
@pytest.mark.parametrize(
    "way",
    [((2, 1, 0), (False, True, False)), ((1, 2, 0), (True, True, True)), ((0, 1, 2), (True, False, True))],
)
def test_flipped_permuted_oblique_series_give_the_same_places(sessions, name, way):
    straight = two_balls()
    straight = ct_volume(straight.array, affine=oblique_affine())
    order, flips = way
    array = straight.array.transpose([2 - order[c] for c in (2, 1, 0)])
    array = array[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]
    turned = ct_volume(np.ascontiguousarray(array), affine=straight.geometry.permuted(order, flips).affine)
    one, other = run(sessions[name], straight), run(sessions[name], turned)
    assert len(one.findings) == len(other.findings) == 2
    for a, b in zip(one.findings, other.findings, strict=True):
        np.testing.assert_allclose(a.center_lps_mm, b.center_lps_mm, atol=1e-6)
        assert a.diameter_mm == pytest.approx(b.diameter_mm) and a.volume_ml == pytest.approx(b.volume_ml)
        assert a.probability == pytest.approx(b.probability, abs=1e-5)
    back = other.segmentation.labels[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]
    inverse = np.argsort([2 - order[c] for c in (2, 1, 0)])
    np.testing.assert_array_equal(back.transpose(inverse) > 0, one.segmentation.labels > 0)


def test_slopes_by_slice_do_not_change_what_is_found(sessions):
    volume = two_balls()
    slope = np.linspace(0.5, 2, SHAPE[0])
    stored = volume.array / slope[:, None, None]
    scaled = Volume(
        stored.astype(np.float32), volume.geometry, Values(slope, np.zeros(SHAPE[0]), "HU"), meta=volume.meta
    )
    a, b = run(sessions["detector"], volume), run(sessions["detector"], scaled)
    np.testing.assert_allclose(a.findings[0].center_lps_mm, b.findings[0].center_lps_mm, atol=1e-4)


def test_nothing_is_nothing(sessions):
    empty = ct_volume(np.full((5, 64, 64), -1000, np.int16), SPACING)
    for name in ("detector", "segmenter"):
        outcome = run(sessions[name], empty)
        assert outcome.findings == [] and not outcome.segmentation.labels.any()


def test_a_film_has_classes(sessions):
    session = sessions["classifier"]
    array = np.zeros((1, 90, 60), np.uint8)
    array[0, 20:70, 10:50] = 200
    film = Volume(array, Geometry(np.eye(4), (60, 90, 1)), kind="film", meta={"modality": "DX"})
    outcome = run(session, film)
    assert [c.label for c in outcome.classes] == [label.name for label in session.package.spec.labels]
    assert all(
        0 <= c.probability <= 1 and c.positive == (c.probability >= c.threshold) for c in outcome.classes
    )
    inverted = Volume(255 - array, film.geometry, kind="film", invert=True, meta=film.meta)
    for a, b in zip(outcome.classes, run(session, inverted).classes, strict=True):
        assert a.probability == pytest.approx(b.probability, abs=1e-3)


def test_unknown_tasks_are_told():
    with pytest.raises(MedViewerError) as fault:
        find_task("juggling")
    assert fault.value.code == "package.task" and fault.value.exit_code == 5


def part(index, row, column, size, score=0.9):
    return Part(index, row, column, np.ones((size, size), np.float32), np.ones((size, size), bool), score)


def test_parts_join_across_slices_only_where_they_overlap():
    parts = [part(0, 0, 0, 6), part(1, 1, 1, 6), part(2, 20, 20, 6), part(3, 20, 20, 5), part(3, 0, 0, 6)]
    lesions = sorted(link(parts), key=lambda lesion: min(p.index for p in lesion.parts))
    assert [lesion.slices for lesion in lesions] == [[0, 1], [2, 3], [3]]
    assert [len(lesion.slices) for lesion in link(parts, reach=2)].count(3) == 1


def test_a_large_lesion_that_falls_apart_is_merged():
    ring = [part(s, 0, 0, 30) for s in range(5)]
    inner = [part(s, 12, 12, 4, 0.5) for s in (1, 2)]
    far = [part(1, 90, 90, 6)]
    merged = merge_near(link(ring) + link(inner) + link(far), (0.7, 0.7), 2.0, 3.0)
    assert sorted(len(lesion.parts) for lesion in merged) == [1, 7]


def test_score_needs_more_than_one_bright_slice():
    lone = link([part(0, 0, 0, 5, 0.9), part(1, 0, 0, 5, 0.1), part(2, 0, 0, 5, 0.1)])[0]
    steady = link([part(0, 0, 0, 5, 0.7), part(1, 0, 0, 5, 0.7), part(2, 0, 0, 5, 0.7)])[0]
    assert steady.score(3) > lone.score(3)
    assert lone.score(1) == pytest.approx(0.9)


def test_a_peak_without_outline_is_still_a_part():
    outline, score = np.zeros((40, 40), np.float32), np.zeros((40, 40), np.float32)
    score[10:13, 10:13] = 0.8
    score[30, 30] = 0.9
    outline[29:33, 29:33] = 0.7
    found = parts_of_slice(4, outline, score, 0.5, 0.3, None)
    assert sorted(p.area for p in found) == [9, 16]
    assert {round(p.score, 3) for p in found} == {0.8, 0.9}
    allowed = np.zeros((40, 40), bool)
    allowed[:20] = True
    assert [p.area for p in parts_of_slice(4, outline, score, 0.5, 0.3, allowed)] == [9]


@pytest.mark.parametrize("width", [1, 3, 5])
def test_smoothing_across_slices_equals_a_weighted_mean(width):
    rng = np.random.default_rng(0)
    slices = rng.random((9, 2, 4, 5)).astype(np.float32)
    order = [0, 1, 2, 3, 6, 7, 8]
    seen: dict[int, np.ndarray] = {}
    smoother = SliceSmoother(width, lambda s, p: seen.__setitem__(s, p.copy()))
    for s in order:
        smoother.add(s, slices[s])
    smoother.finish()
    assert list(seen) == order
    reach = (width - 1) // 2
    for run_ in ([0, 1, 2, 3], [6, 7, 8]):
        for s in run_:
            near = [t for t in run_ if abs(t - s) <= reach]
            weights = [reach + 1 - abs(t - s) for t in near]
            np.testing.assert_allclose(seen[s], np.average(slices[near], axis=0, weights=weights), atol=1e-5)


def test_elongation_tells_tubes_from_balls_and_discs():
    def lesion(mask):
        return link([Part(s, 0, 0, m.astype(np.float32), m, 0.9) for s, m in enumerate(mask) if m.any()])[0]

    body = ball((20, 40, 40), (0.7, 0.7, 1.5), (14, 14, 14), 16)
    assert lesion(body).elongation((0.7, 0.7), 1.5) == pytest.approx(1, abs=0.1)
    tube = np.zeros((20, 12, 12), bool)
    tube[:, 4:8, 4:8] = True
    assert lesion(tube).elongation((0.7, 0.7), 1.5) == pytest.approx(30 / 2.8, rel=0.05)
    assert lesion(tube[:1]).elongation((0.7, 0.7), 5.0) == pytest.approx(1, abs=0.1)
    line = np.zeros((1, 40, 40), bool)
    line[0, 20:23, 4:36] = True
    assert lesion(line).elongation((0.7, 0.7), 1.5) > 5


def test_far_weaker_structures_may_be_left_out(sessions):
    from dataclasses import replace

    session = sessions["segmenter"]
    spec = session.package.spec
    volume = two_balls()
    try:
        for keep, extra, count in (
            ("all", {}, 2),
            ("largest", {}, 1),
            ("largest_per_label", {}, 1),
            ("all", {"min_evidence_share": 0.5}, 1),
        ):
            settings = replace(spec.segmentation, keep=keep, extra=extra)
            session.package.spec = replace(spec, segmentation=settings)
            outcome = run(session, volume)
            assert len(outcome.findings) == count
            np.testing.assert_allclose(outcome.findings[0].center_lps_mm, LARGE[0], atol=0.8)
            assert (outcome.segmentation.labels > 0).sum() < 1.1 * sum(
                f.volume_ml for f in outcome.findings
            ) * 1000 / 0.96
    finally:
        session.package.spec = spec
