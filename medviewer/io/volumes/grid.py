"""What the headers of NIfTI, NRRD and MetaImage come to: a grid in LPS, samples, parts, and how to read them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.jobs import Progress
from medviewer.core.report import GeometryReport, ReportItem
from medviewer.core.values import Values
from medviewer.core.volume import SeriesKind, Volume
from medviewer.core.words import Words
from medviewer.io.loading import LoadingVolume, OnSlice, zeros
from medviewer.io.sources import Source
from medviewer.io.study import SeriesInfo

MAX_BYTES = 64 << 30
CHUNK = 4 << 20
READING = Words("Loading", "正在载入")
DAMAGED = Words(
    "This {format} file is damaged: its header can't be read.", "该 {format} 文件已损坏：无法读取头信息。"
)
CUT = Words("This {format} file is cut off: voxels are missing.", "该 {format} 文件被截断：缺少体素数据。")
UNKNOWN_PLACE = Words(
    "The file does not say how it lies in the patient: shown as a stack.",
    "文件未说明其在患者体内的方位：按堆叠显示。",
)
TILTED = Words(
    "The voxel axes are not at right angles (by {deg}°); planes are exact.",
    "体素坐标轴不成直角（偏差 {deg}°）；各平面精确显示。",
)
NOT_CALIBRATED = Words("Not calibrated: lengths in pixels.", "未校准：长度以像素计。")


@dataclass(eq=False)
class Grid:
    """One file's header.

    size: (columns, rows, slices) of one volume. parts: how many volumes, one after the other. components: samples per
    voxel; stored: samples per voxel in the file (4 with alpha). affine: voxel to LPS mm, or None where the file does not
    say. stream: the bytes of all samples in file order, in chunks.
    """

    format: str
    size: tuple[int, int, int]
    parts: int
    components: int
    dtype: np.dtype[Any]
    affine: NDArray[np.float64] | None
    stream: Callable[[], Iterator[bytes]]
    spacing: tuple[float, float, float] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    description: str | None = None
    items: list[ReportItem] = field(default_factory=list)
    components_first: bool = True
    alpha: bool = False

    @property
    def stored(self) -> int:
        """Samples per voxel in the file."""
        return self.components + self.alpha

    @property
    def count(self) -> int:
        """Samples in the whole file."""
        return self.size[0] * self.size[1] * self.size[2] * self.parts * self.stored


@dataclass(eq=False)
class GridSource:
    grid: Grid
    part: int


def damaged(name: str, detail: str = "") -> MedViewerError:
    return MedViewerError("input.damaged", DAMAGED.format(format=name), detail=detail)


def series_of(grid: Grid, source: Source) -> list[SeriesInfo]:
    """One entry for each volume of the file."""
    if min(grid.size) < 1 or grid.count * grid.dtype.itemsize > MAX_BYTES or grid.parts > 100_000:
        raise damaged(grid.format, "size")
    color = grid.components == 3 and grid.dtype == np.uint8
    if grid.components != 1 and not color:
        raise MedViewerError(
            "input.components",
            Words("A {format} file with {n} values per voxel can't be shown.", "无法显示每体素 {n} 个值的 {format} 文件。")
            .format(format=grid.format, n=grid.components),
        )  # fmt: skip
    kind, report = _judged(grid)
    key = source.key
    spacing: tuple[float | None, float | None, float | None] = (None, None, None)
    if kind == "volume" and grid.affine is not None:
        spacing = Geometry(grid.affine, grid.size).spacing
    elif grid.spacing is not None:
        spacing = (grid.spacing[0], grid.spacing[1], None)
    found = []
    for part in range(grid.parts):
        found.append(SeriesInfo(
            key=key + (f"#{part}" if grid.parts > 1 else ""), uid=None, number=None, modality=None,
            description=grid.description or source.base, kind=kind, files=1, size=grid.size, channels=3 if color else 1,
            part={"Volume": part + 1} if grid.parts > 1 else None, spacing_mm=spacing,
            spacing_source="file" if spacing[0] else None, affine_lps=grid.affine if kind == "volume" else None,
            report=report, meta={"source_name": source.base, "listed": source.name, "order": part}, source=GridSource(grid, part),
        ))  # fmt: skip
    return found


def _judged(grid: Grid) -> tuple[SeriesKind, GeometryReport]:
    items = list(grid.items)
    if grid.size[2] == 1:
        if grid.spacing is None:
            return "film", GeometryReport(
                "red", items=(ReportItem("geometry.spacing", NOT_CALIBRATED), *items)
            )
        return "film", GeometryReport("amber" if items else "green", items=tuple(items))
    if grid.affine is None:
        return "stack", GeometryReport(
            "red", items=(ReportItem("geometry.orientation", UNKNOWN_PLACE), *items)
        )
    try:
        geometry = Geometry(grid.affine, grid.size)
    except ValueError:
        return "stack", GeometryReport(
            "red", items=(ReportItem("geometry.orientation", UNKNOWN_PLACE), *items)
        )
    tilt = 0.0
    if not geometry.is_orthogonal():
        normal, step = geometry.slice_normal, geometry.direction[:, 2]
        tilt = float(np.degrees(np.arccos(np.clip(abs(normal @ step), 0, 1))))
        items.append(ReportItem("geometry.tilt", TILTED.format(deg=f"{geometry.shear_deg:.1f}")))
    return "volume", GeometryReport("amber" if items else "green", tilt, items=tuple(items))


def open_grid(series: SeriesInfo) -> LoadingVolume:
    """The volume of one entry, array preallocated."""
    source = series.source
    if not isinstance(source, GridSource):
        raise TypeError("not a volume file")
    grid, color = source.grid, series.channels == 3
    columns, rows, depth = grid.size
    dtype = _memory_type(grid.dtype)
    shape: tuple[int, ...] = (depth, rows, columns, 3) if color else (depth, rows, columns)
    array = zeros(shape, dtype)
    x, y, z = series.spacing_mm
    if series.affine_lps is not None:
        geometry = Geometry(series.affine_lps, grid.size)
    else:
        geometry = Geometry(np.diag([x or 1.0, y or 1.0, z or 1.0, 1.0]), grid.size)
    volume = Volume(
        array, geometry, Values(np.array([grid.slope]), np.array([grid.intercept]), series.unit, source="scl_slope"),
        series.kind, series.report, pixel_spacing=(x, y) if x and y else None,
        pixel_aspect=y / x if x and y else 1.0, spacing_source=series.spacing_source,
        meta={"key": series.key, "description": series.description, "source_name": series.meta.get("source_name"),
              "part": series.part, "notes": [], "modality": None, "series_uid": None, "study_uid": None},
    )  # fmt: skip

    return GridLoading(volume, source)


class GridLoading(LoadingVolume):
    """Fills the array in the file's order, as the bytes come out of it; slices are told as they are whole."""

    def __init__(self, volume: Volume, source: GridSource) -> None:
        super().__init__(volume)
        self._grid, self._part = source.grid, source.part

    def run(self, progress: Progress, on_slice: OnSlice | None = None) -> Volume:
        grid, array = self._grid, self.volume.array
        plain = grid.stored == grid.components and (grid.components == 1 or grid.components_first)
        try:
            if plain and grid.dtype == array.dtype:
                self._straight(progress, on_slice)
            else:
                self._converted(progress, on_slice)
        except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError) as fault:
            cut = CUT.format(format=grid.format)
            raise MedViewerError("input.damaged", cut, detail=type(fault).__name__) from fault
        return self.volume

    def _straight(self, progress: Progress, on_slice: OnSlice | None) -> None:
        """Samples as they are to be in memory: copied chunk by chunk."""
        array = self.volume.array
        depth = array.shape[0]
        target = array.reshape(-1).view(np.uint8)
        skip, done, told, each = self._part * target.size, 0, 0, target.size // depth
        for chunk in self._grid.stream():
            data = np.frombuffer(chunk, np.uint8)
            data, skip = data[min(skip, len(data)) :], max(0, skip - len(data))
            data = data[: target.size - done]
            target[done : done + len(data)] = data
            done += len(data)
            self._arrived(range(told, done // each), on_slice)
            told = done // each
            progress.step(told, depth, READING)
            if done == target.size:
                return
        raise MedViewerError("input.truncated", CUT.format(format=self._grid.format))

    def _converted(self, progress: Progress, on_slice: OnSlice | None) -> None:
        """Other byte order or type, colour by plane, or with an alpha channel."""
        grid, array = self._grid, self.volume.array
        raw = bytearray()
        for chunk in grid.stream():
            raw += chunk
            progress.check()
        flat = np.frombuffer(raw, grid.dtype, count=len(raw) // grid.dtype.itemsize)
        if flat.size < grid.count:
            raise MedViewerError("input.truncated", CUT.format(format=grid.format))
        each = array.size // grid.components * grid.stored
        part = flat[self._part * each : (self._part + 1) * each]
        if array.ndim == 3:
            array[...] = part.reshape(array.shape)
        elif grid.components_first:
            array[...] = part.reshape(*array.shape[:3], grid.stored)[..., :3]
        else:
            array[...] = np.moveaxis(part.reshape(3, *array.shape[:3]), 0, -1)
        self._arrived(range(array.shape[0]), on_slice)
        progress.step(1, 1)


def _memory_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Native byte order; 64-bit integers as float64, wider floats as float64."""
    if dtype.kind in "iu" and dtype.itemsize == 8:
        return np.dtype(np.float64)
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return np.dtype(np.float32 if dtype.itemsize == 2 else np.float64)
    return dtype.newbyteorder("=")


def stream(source: Source, offset: int, encoding: str, skip: int, count: int) -> Iterator[bytes]:
    """`count` bytes of samples, `skip` bytes into what lies behind `offset`, in chunks; less where the file ends.

    encoding: "raw", "gzip", "zlib" or "bzip2"; never more is unpacked than is asked for.
    """
    if encoding == "raw":
        for start in range(0, count, CHUNK):
            yield source.read(offset + skip + start, min(CHUNK, count - start))
        return
    if encoding == "zlib":
        yield from _inflated(source, offset, skip, count)
        return
    packed = source.path.open("rb") if source.path else io.BytesIO(source.all())
    with packed:
        packed.seek(offset)
        with gzip.GzipFile(fileobj=packed) if encoding == "gzip" else bz2.BZ2File(packed) as unpacked:
            unpacked.read(skip)
            while count > 0:
                chunk = unpacked.read(min(CHUNK, count))
                if not chunk:
                    return
                count -= len(chunk)
                yield chunk


def _inflated(source: Source, offset: int, skip: int, count: int) -> Iterator[bytes]:
    engine = zlib.decompressobj()
    for start in range(offset, source.size, CHUNK):
        packed = source.read(start, CHUNK)
        while packed and count > 0:
            chunk = engine.decompress(packed, CHUNK)
            packed = engine.unconsumed_tail
            chunk, skip = chunk[skip:], max(0, skip - len(chunk))
            chunk = chunk[:count]
            count -= len(chunk)
            yield chunk
