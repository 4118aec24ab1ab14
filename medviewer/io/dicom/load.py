"""Voxels of a DICOM series into one preallocated array, from the slice on screen outwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.jobs import Progress
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.io.dicom.codecs import NATIVE
from medviewer.io.dicom.instance import Frame
from medviewer.io.dicom.pixels import PixelReader
from medviewer.io.dicom.series import DicomSource
from medviewer.io.dicom.stacking import Stack
from medviewer.io.loading import LoadingVolume, OnSlice, outwards, zeros
from medviewer.io.study import SeriesInfo

READING = Words("Loading", "正在载入")
IN_PART = Words(
    "{n} of {total} slices can't be read ({why}) and are shown empty.",
    "{total} 层中有 {n} 层无法读取（{why}），显示为空白。",
)


def open_dicom(series: SeriesInfo, first_slice: int | None = None) -> LoadingVolume:
    """The volume of a series, its array preallocated."""
    source = series.source
    if not isinstance(source, DicomSource):
        raise TypeError("not a DICOM series")
    return DicomLoading(series, source.stack, first_slice)


def volume_of(series: SeriesInfo, stack: Stack) -> Volume:
    """The volume with an array of zeros."""
    frames = [stack.frames[a] for a, _, _ in stack.plan]
    columns, rows, depth = series.size
    dtype = (
        np.dtype(np.int32) if "ModalityLUTSequence" in frames[0].instance.header else frames[0].instance.dtype
    )
    shape: tuple[int, ...] = (depth, rows, columns)
    if series.channels == 3:
        shape, dtype = (*shape, 3), np.dtype(np.uint8)
    array = zeros(shape, dtype)
    x, y, z = series.spacing_mm
    if series.affine_lps is not None:
        geometry = Geometry(series.affine_lps, series.size)
    else:
        geometry = Geometry(
            np.diag([x or 1.0, y or series.meta.get("pixel_aspect", 1.0), z or 1.0, 1.0]), series.size
        )
    return Volume(
        array, geometry, values_of(series, frames), series.kind, series.report, list(series.windows),
        invert=bool(series.meta.get("invert")), pixel_spacing=(x, y) if x and y else None,
        pixel_aspect=float(series.meta.get("pixel_aspect", 1.0)), spacing_source=series.spacing_source,
        frame_time_ms=series.frame_time_ms, meta=meta_of(series),
    )  # fmt: skip


def values_of(series: SeriesInfo, frames: list[Frame]) -> Values:
    """Slope and intercept of the slices, one where all are alike."""
    if series.channels == 3 or "ModalityLUTSequence" in frames[0].instance.header:
        source = "ModalityLUTSequence" if series.channels == 1 else ""
        return Values(unit=series.unit, source=source)
    slope, intercept = np.array([f.slope for f in frames]), np.array([f.intercept for f in frames])
    if np.ptp(slope) == 0 and np.ptp(intercept) == 0:
        slope, intercept = slope[:1], intercept[:1]
    return Values(slope, intercept, series.unit, series.meta.get("padding"), "RescaleSlope")


def meta_of(series: SeriesInfo) -> dict[str, Any]:
    """What results, exports and corner texts need of the header."""
    kept = {k: v for k, v in series.meta.items() if k not in ("order", "padding", "pixel_aspect", "invert")}
    return kept | {
        "modality": series.modality, "series_uid": series.uid, "study_uid": series.study_uid, "key": series.key,
        "description": series.description, "study_description": series.study_description, "number": series.number,
        "patient_name": series.patient_name, "patient_id": series.patient_id, "date": series.date,
        "body_part": series.body_part, "part": series.part, "suv": series.suv, "notes": [],
    }  # fmt: skip


class DicomLoading(LoadingVolume):
    """Fills the array slice by slice: native files in one thread, compressed ones in two."""

    def __init__(self, series: SeriesInfo, stack: Stack, first_slice: int | None) -> None:
        super().__init__(volume_of(series, stack))
        self._stack = stack
        self._first = stack.depth // 2 if first_slice is None else first_slice
        self._faults: dict[int, MedViewerError] = {}
        self._mixed = any(w for _, _, w in stack.plan)
        self._slopes = np.array([(f.slope, f.intercept) for f in stack.frames])

    def run(self, progress: Progress, on_slice: OnSlice | None = None) -> Volume:
        depth = self._stack.depth
        order = outwards(self._first, depth)
        readers = {id(f.instance): PixelReader(f.instance) for f in self._stack.frames}
        for done, k in enumerate(self._worked(order, readers, progress), 1):
            if k not in self._faults:
                self._arrived([k], on_slice)
            progress.step(done, depth, READING)
        self._judge()
        return self.volume

    def _worked(self, order: list[int], readers: dict[int, PixelReader], progress: Progress) -> Iterator[int]:
        """Slices as they are done."""
        compressed = any(f.instance.syntax not in NATIVE for f in self._stack.frames)
        if not compressed or len(order) == 1 or (os.cpu_count() or 1) < 2:
            for k in order:
                self._fill(k, readers)
                yield k
            return
        with ThreadPoolExecutor(2, "decode") as pool:
            waiting: set[Future[int]] = set()
            queue = iter(order)
            try:
                for k in queue:
                    waiting.add(pool.submit(self._fill, k, readers))
                    if len(waiting) >= 4:
                        ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        for one in ready:
                            yield one.result()
                while waiting:
                    ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for one in ready:
                        yield one.result()
            except Cancelled:
                progress.check()
                raise
            finally:
                for one in waiting:
                    one.cancel()

    def _fill(self, k: int, readers: dict[int, PixelReader]) -> int:
        a, b, weight = self._stack.plan[k]
        try:
            self._read(a, readers, self.volume.array[k])
            if weight:
                other = np.empty_like(self.volume.array[k])
                try:
                    self._read(b, readers, other)
                except (MedViewerError, OSError):
                    self.volume.array[k] = 0
                    raise
                self._mix(k, a, b, weight, other)
        except MedViewerError as fault:
            self._faults[k] = fault
        except OSError:
            self._faults[k] = MedViewerError(
                "input.vanished", Words("a file is gone or can't be read", "文件已消失或无法读取")
            )
        return k

    def _read(self, n: int, readers: dict[int, PixelReader], target: NDArray[Any]) -> None:
        frame = self._stack.frames[n]
        reader = readers[id(frame.instance)]
        if frame.tile is None:
            reader.into(frame.index, target)
        else:
            x, y = frame.tile
            whole = reader.frame(frame.index)
            target[...] = whole[y : y + frame.size[1], x : x + frame.size[0]]

    def _mix(self, k: int, a: int, b: int, weight: float, other: NDArray[Any]) -> None:
        """Slice k between two stored ones, linear in values, kept in the stored numbers of the first."""
        (slope, intercept), (slope_b, intercept_b) = self._slopes[a], self._slopes[b]
        target = self.volume.array[k]
        second = (other.astype(np.float32) * slope_b + (intercept_b - intercept)) / slope
        mixed = target.astype(np.float32) * (1 - weight) + second * weight
        if target.dtype.kind in "iu":
            limits = np.iinfo(target.dtype)
            np.rint(mixed, out=mixed)
            np.clip(mixed, limits.min, limits.max, out=mixed)
        target[...] = mixed.astype(target.dtype)

    def _judge(self) -> None:
        """Refuse where no slice could be read; else note how many are missing."""
        if not self._faults:
            return
        worst = self._faults[min(self._faults)]
        if len(self._faults) == self._stack.depth:
            raise worst
        note = IN_PART.format(n=len(self._faults), total=self._stack.depth, why=worst.sentence)
        self.volume.meta["notes"].append(note)


def middle_slice(series: SeriesInfo) -> Volume:
    """Only the middle slice, for a thumbnail."""
    source = series.source
    stack: Stack = source.stack
    a = stack.plan[stack.depth // 2][0]
    one = replace(series, size=(series.size[0], series.size[1], 1), kind="film", affine_lps=None)
    single = Stack([stack.frames[a]], None, [(0, 0, 0.0)], stack.report)
    return DicomLoading(one, single, 0).run(Progress())
