"""What the headers of NIfTI, NRRD and MetaImage come to: a grid in LPS, samples, parts, and how to read them."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable
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
from medviewer.io.loading import Filled, LoadingVolume, zeros
from medviewer.io.sources import Source
from medviewer.io.study import SeriesInfo

MAX_BYTES = 64 << 30
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
    voxel, interleaved. affine: voxel to LPS mm, or None where the file does not say. read: all samples of the file as
    a flat array in file order.
    """

    format: str
    size: tuple[int, int, int]
    parts: int
    components: int
    dtype: np.dtype[Any]
    affine: NDArray[np.float64] | None
    read: Callable[[], NDArray[Any]]
    spacing: tuple[float, float, float] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    description: str | None = None
    items: list[ReportItem] = field(default_factory=list)
    components_first: bool = True

    @property
    def count(self) -> int:
        """Samples in the whole file."""
        return self.size[0] * self.size[1] * self.size[2] * self.parts * self.components


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
    key = "file:" + hashlib.sha256(source.name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
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

    def fill(progress: Progress) -> None:
        progress.step(0, 1)
        flat = _samples(grid)
        each = array.size
        part = flat[source.part * each : (source.part + 1) * each]
        if not grid.components_first and color:
            array[...] = np.moveaxis(part.reshape(3, depth, rows, columns), 0, -1)
        else:
            array[...] = part.reshape(shape)
        progress.step(1, 1)

    return Filled(volume, fill)


def _samples(grid: Grid) -> NDArray[Any]:
    try:
        flat = grid.read()
    except MedViewerError:
        raise
    except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError) as fault:
        raise MedViewerError(
            "input.damaged", CUT.format(format=grid.format), detail=type(fault).__name__
        ) from fault
    if flat.size < grid.count:
        raise MedViewerError("input.truncated", CUT.format(format=grid.format))
    return flat[: grid.count]


def _memory_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Native byte order; 64-bit integers as float64, wider floats as float64."""
    if dtype.kind in "iu" and dtype.itemsize == 8:
        return np.dtype(np.float64)
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return np.dtype(np.float32 if dtype.itemsize == 2 else np.float64)
    return dtype.newbyteorder("=")


def unpacked(source: Source, offset: int, encoding: str, count: int) -> bytes:
    """`count` bytes of samples behind `offset`; encoding "raw", "gzip", "zlib" or "bzip2", never more than asked for."""
    if encoding == "raw":
        return source.read(offset, count)
    packed: Any = io.BytesIO(source.read(offset, source.size - offset))
    if encoding == "gzip":
        with gzip.GzipFile(fileobj=packed) as stream:
            return _exactly(stream, count)
    if encoding == "bzip2":
        with bz2.BZ2File(packed) as stream:
            return _exactly(stream, count)
    engine = zlib.decompressobj()
    return engine.decompress(packed.getvalue(), count)


def _exactly(stream: Any, count: int) -> bytes:
    parts, left = [], count
    while left > 0:
        chunk = stream.read(min(left, 1 << 24))
        if not chunk:
            break
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)
