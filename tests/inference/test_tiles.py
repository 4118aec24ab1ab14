"""Tiles cover everything, and put together they give what one run over the whole plane gives."""

from __future__ import annotations

import threading
import time

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medviewer.core.errors import Cancelled
from medviewer.core.jobs import Progress
from medviewer.inference.accumulate import SlabAccumulator, gaussian_weight, tile_starts
from medviewer.inference.clock import Clock
from medviewer.inference.package import find_package
from medviewer.inference.predict import predict
from medviewer.inference.session import open_session
from medviewer.inference.tiles import SlicePlan, activate, padded, plan_box, plan_tiles, run_slices
from tests.inference.conftest import PACKAGES


@given(length=st.integers(1, 700), tile=st.integers(8, 256), overlap=st.floats(0, 0.8))
def test_tiles_cover_every_pixel_and_stay_inside(length, tile, overlap):
    starts = tile_starts(length, tile, overlap)
    covered = np.zeros(max(length, tile), bool)
    for s in starts:
        assert s >= 0 and s + tile <= max(length, tile)
        covered[s : s + tile] = True
    assert covered[:length].all() and starts == sorted(set(starts))
    gaps = np.diff(starts)
    assert (gaps <= max(1, int(tile * (1 - overlap)))).all() or len(starts) == 1


@given(
    h=st.integers(20, 200),
    w=st.integers(20, 200),
    data=st.data(),
    overlap=st.floats(0, 0.6),
    tile=st.integers(16, 80),
)
def test_a_box_is_covered(h, w, data, overlap, tile):
    r0, c0 = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    r1, c1 = data.draw(st.integers(r0 + 1, h)), data.draw(st.integers(c0 + 1, w))
    covered = np.zeros((max(h, tile), max(w, tile)), bool)
    for r, c in plan_box((h, w), (tile, tile), overlap, (r0, r1, c0, c1)):
        assert r >= 0 and r + tile <= covered.shape[0] and c >= 0 and c + tile <= covered.shape[1]
        covered[r : r + tile, c : c + tile] = True
    assert covered[r0:r1, c0:c1].all()


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_tiles_of_a_known_map_give_that_map(seed):
    rng = np.random.default_rng(seed)
    shape, tile = (int(rng.integers(30, 90)), int(rng.integers(30, 90))), (24, 20)
    truth = rng.random((3, *shape)).astype(np.float32)
    accumulator = SlabAccumulator(3, shape, tile, np.zeros(3, np.float32))
    starts = plan_tiles(shape, tile, 0.3)
    accumulator.expect(5, len(starts))
    merged = None
    for n, (r, c) in enumerate(rng.permutation(starts)):
        merged = accumulator.add(5, (r, c), truth[:, r : r + tile[0], c : c + tile[1]])
        assert (merged is None) == (n < len(starts) - 1)
    np.testing.assert_allclose(merged, truth, atol=1e-5)
    assert accumulator.open_slices == 0


def test_uncovered_pixels_are_background():
    accumulator = SlabAccumulator(2, (40, 40), (16, 16), np.array([1, 0], np.float32))
    accumulator.expect(0, 1)
    merged = accumulator.add(0, (0, 0), np.full((2, 16, 16), 0.25, np.float32))
    assert (merged[:, 20:, 20:] == np.array([1, 0])[:, None, None]).all()
    np.testing.assert_allclose(merged[:, :16, :16], 0.25, rtol=1e-5)


def test_weights_are_gaussian():
    weight = gaussian_weight(32, 48)
    assert weight.max() <= 1 and weight.min() >= 1e-3
    assert weight[16, 24] == weight.max()
    expected = np.exp(-0.5 * (((20 - 15.5) / 4) ** 2 + ((24 - 23.5) / 6) ** 2))
    assert weight[20, 24] == pytest.approx(expected, rel=1e-5)


def test_activation_against_scipy():
    from scipy.special import expit, softmax

    scores = np.random.default_rng(0).normal(0, 5, (2, 4, 6, 5)).astype(np.float32)
    np.testing.assert_allclose(activate(scores, "sigmoid"), expit(scores), atol=1e-6)
    np.testing.assert_allclose(activate(scores, "softmax"), softmax(scores, axis=1), atol=1e-6)
    np.testing.assert_allclose(
        activate(scores[:, :, 0, 0], "softmax"), softmax(scores[:, :, 0, 0], axis=1), atol=1e-6
    )


@pytest.fixture(scope="module")
def raw_session():
    """onnxruntime by itself, as the independent answer."""
    path = PACKAGES / "tiny_segmenter" / "models" / "model.onnx"
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_one_tile_equals_onnxruntime_by_itself(raw_session):
    session = open_session(find_package(PACKAGES / "tiny_segmenter"), "cpu", 1)
    plane = np.random.default_rng(3).random((1, 64, 64)).astype(np.float32)
    feeds = {
        "image": np.stack([plane, plane * 0]),
        "target": np.zeros((2, 3), np.float32),
        "region": np.zeros((2, 1, 64, 64), np.float32),
    }
    scores = raw_session.run(["scores"], feeds)[0][0]
    raised = np.exp(scores - scores.max(0))
    np.testing.assert_allclose(predict(session, plane)[0], raised / raised.sum(0), atol=1e-5)


def test_small_planes_are_mirrored_and_large_ones_tiled():
    session = open_session(find_package(PACKAGES / "tiny_segmenter"), "cpu", 1)
    rng = np.random.default_rng(4)
    small, large = rng.random((1, 20, 50)).astype(np.float32), rng.random((1, 130, 90)).astype(np.float32)
    found = predict(session, [small, large, small])
    assert [f.shape for f in found] == [(3, 20, 50), (3, 130, 90), (3, 20, 50)]
    np.testing.assert_array_equal(found[0], found[2])
    for f in found:
        np.testing.assert_allclose(f.sum(0), 1, atol=1e-4)
    full = np.pad(small, ((0, 0), (0, 44), (0, 14)), mode="reflect")
    np.testing.assert_array_equal(padded(small, (64, 64)), full)


def test_slices_come_in_order_and_equal_single_planes():
    session = open_session(find_package(PACKAGES / "tiny_detector"), "cpu", 1)
    rng = np.random.default_rng(5)
    planes = rng.random((7, 1, 110, 100)).astype(np.float32)
    starts = plan_tiles((110, 100), (96, 96), 0.25)
    seen: dict[int, np.ndarray] = {}
    threads = set()

    def prepare(index):
        threads.add(threading.current_thread().name)
        return planes[index]

    plans = [SlicePlan(s, starts) for s in range(7)]
    clock = Clock()
    run_slices(session, plans, prepare, lambda s, p: seen.__setitem__(s, p.copy()), Progress(), clock)
    assert list(seen) == list(range(7))
    assert threads == {"prepare tiles"}
    for s in (0, 4, 6):
        np.testing.assert_allclose(seen[s], predict(session, planes[s])[0], atol=1e-5)
    assert clock.seconds["infer"] > 0 and clock.seconds["prepare"] >= 0


def test_a_fault_while_preparing_reaches_the_caller():
    session = open_session(find_package(PACKAGES / "tiny_detector"), "cpu", 1)

    def prepare(index):
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        run_slices(session, [SlicePlan(0, ((0, 0),))], prepare, lambda *_: None, Progress(), Clock())


def test_cancel_ends_a_search_at_once():
    session = open_session(find_package(PACKAGES / "tiny_detector"), "cpu", 1)
    plane = np.zeros((1, 400, 400), np.float32)
    plans = [SlicePlan(s, plan_tiles((400, 400), (96, 96), 0.5)) for s in range(200)]
    progress = Progress()
    started = threading.Event()
    asked: list[float] = []

    def on_slice(index, _):
        started.set()

    def stop():
        started.wait(10)
        asked.append(time.perf_counter())
        progress.cancel()

    threading.Thread(target=stop).start()
    with pytest.raises(Cancelled):
        run_slices(session, plans, lambda s: plane, on_slice, progress, Clock())
    assert time.perf_counter() - asked[0] < 0.3
    # the session is as good as before
    assert predict(session, plane)[0].shape == (2, 400, 400)
