"""The network over the tiles of many slices: the next tiles are prepared while the last ones run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.inference.accumulate import SlabAccumulator, tile_starts
from medviewer.inference.clock import Clock
from medviewer.inference.session import Session

Floats = NDArray[np.float32]
RUNNING = Words("Running the model", "正在运行模型")


@dataclass(frozen=True)
class SlicePlan:
    """Tiles of one slice: their first (row, column) in the prepared plane, which may lie beyond it where it is small."""

    index: int
    starts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class _Batch:
    tiles: Floats
    places: list[tuple[int, tuple[int, int]]]
    opens: list[tuple[int, int, tuple[int, int]]]
    """Slices whose first tile is in here: (index, tiles in all, padded shape)."""


def plan_tiles(shape: tuple[int, int], tile: tuple[int, int], overlap: float) -> tuple[tuple[int, int], ...]:
    """First (row, column) of the tiles that cover a plane (rows, columns)."""
    rows, columns = (tile_starts(n, t, overlap) for n, t in zip(shape, tile, strict=True))
    return tuple((r, c) for r in rows for c in columns)


def plan_box(
    shape: tuple[int, int], tile: tuple[int, int], overlap: float, box: tuple[int, int, int, int]
) -> tuple[tuple[int, int], ...]:
    """As `plan_tiles`, for the part rows r0:r1, columns c0:c1 of the plane alone."""
    starts = []
    for n, t, low, high in ((shape[0], tile[0], box[0], box[1]), (shape[1], tile[1], box[2], box[3])):
        if high - low <= t:
            starts.append([min(max(0, (low + high - t) // 2), max(0, n - t))])
        else:
            starts.append([low + s for s in tile_starts(high - low, t, overlap)])
    return tuple((r, c) for r in starts[0] for c in starts[1])


def padded(plane: Floats, tile: tuple[int, int]) -> Floats:
    """The plane (C, h, w) made at least as large as a tile, mirrored at its lower and right edge."""
    more = [max(0, t - n) for n, t in zip(plane.shape[1:], tile, strict=True)]
    if not any(more):
        return plane
    mode = "reflect" if min(plane.shape[1:]) > 1 else "edge"
    return np.pad(plane, ((0, 0), (0, more[0]), (0, more[1])), mode=mode)  # type: ignore[call-overload, no-any-return]


def activate(scores: Floats, activation: str) -> Floats:
    """Probabilities of raw scores, channels along axis -3 (or the last axis of (n, K))."""
    if activation == "sigmoid":
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -60, 60))), np.float32)
    axis = -3 if scores.ndim >= 3 else -1
    raised = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(raised / raised.sum(axis=axis, keepdims=True), np.float32)


def empty_scores(channels: int, background: int | None) -> Floats:
    """What stands where no tile was run: nothing, that is background."""
    empty = np.zeros(channels, np.float32)
    if background is not None:
        empty[background] = 1.0
    return empty


def run_slices(
    session: Session,
    plans: Sequence[SlicePlan],
    prepare: Callable[[int], Floats],
    on_slice: Callable[[int, Floats], None],
    progress: Progress,
    clock: Clock,
) -> None:
    """Run every tile and hand on each finished slice: on_slice(index, probabilities (K, h, w) of the prepared plane).

    prepare(index) gives the plane (C, h, w); it is called on a thread of its own, slices in the order of `plans`.
    Slices come in that order. Raises Cancelled.
    """
    spec = session.package.spec
    total = sum(len(p.starts) for p in plans)
    tile = (session.tile[1], session.tile[2])
    done, accumulator, sizes = 0, None, {}
    progress.step(0, max(1, total), RUNNING)
    for batch in _prepared(session, plans, prepare, progress, clock):
        with clock.stage("infer"):
            scores = session.run(batch.tiles, progress)
        with clock.stage("post"):
            probabilities = activate(scores, spec.activation)
            for index, tiles, shape in batch.opens:
                sizes[index] = shape
                full = (max(shape[0], tile[0]), max(shape[1], tile[1]))
                if accumulator is None or accumulator.shape != full:
                    channels = probabilities.shape[1]
                    accumulator = SlabAccumulator(
                        channels, full, tile, empty_scores(channels, spec.background_channel)
                    )
                accumulator.expect(index, tiles)
            assert accumulator is not None
            for one, (index, start) in zip(probabilities, batch.places, strict=True):
                merged = accumulator.add(index, start, one)
                if merged is not None:
                    h, w = sizes.pop(index)
                    on_slice(index, merged[:, :h, :w])
        done += len(batch.places)
        progress.step(done, total, RUNNING)


def _prepared(
    session: Session,
    plans: Sequence[SlicePlan],
    prepare: Callable[[int], Floats],
    progress: Progress,
    clock: Clock,
) -> Iterator[_Batch]:
    """Batches of tiles, made one ahead on a thread of its own."""
    ready: queue.Queue[_Batch | BaseException | None] = queue.Queue(maxsize=1)
    stop = threading.Event()

    def hand_over(item: _Batch | BaseException | None) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.05)
                return
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for batch in _batches(session, plans, prepare, clock):
                hand_over(batch)
                if stop.is_set() or progress.cancelled:
                    return
            hand_over(None)
        except BaseException as fault:  # handed to the thread that waits
            hand_over(fault)

    worker = threading.Thread(target=produce, name="prepare tiles", daemon=True)
    worker.start()
    try:
        while True:
            progress.check()
            try:
                item = ready.get(timeout=0.05)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()


def _batches(
    session: Session, plans: Sequence[SlicePlan], prepare: Callable[[int], Floats], clock: Clock
) -> Iterator[_Batch]:
    """Tiles in order, `session.batch` at a time; a slice may reach over two batches, all planes are of one size."""
    tile = (session.tile[1], session.tile[2])
    tiles: list[Floats] = []
    places: list[tuple[int, tuple[int, int]]] = []
    opens: list[tuple[int, int, tuple[int, int]]] = []
    for plan in plans:
        if not plan.starts:
            continue
        with clock.stage("prepare"):
            raw = prepare(plan.index)
            plane = padded(raw, tile)
        opens.append((plan.index, len(plan.starts), (raw.shape[1], raw.shape[2])))
        for r, c in plan.starts:
            tiles.append(plane[:, r : r + tile[0], c : c + tile[1]])
            places.append((plan.index, (r, c)))
            if len(tiles) == session.batch:
                yield _Batch(np.stack(tiles), places, opens)
                tiles, places, opens = [], [], []
    if tiles:
        yield _Batch(np.stack(tiles), places, opens)
