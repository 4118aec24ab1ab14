"""PNG, JPEG, TIFF, BMP and WebP pictures as films without calibration."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.jobs import Progress
from medviewer.core.report import GeometryReport, ReportItem
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.io.loading import Filled, LoadingVolume, zeros
from medviewer.io.sources import Source
from medviewer.io.study import SeriesInfo

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
MAX_PIXELS = 1 << 29
NOT_CALIBRATED = Words("Not calibrated: lengths in pixels.", "未校准：长度以像素计。")
DAMAGED = Words("This picture is damaged or of a kind that can't be read.", "该图片已损坏或格式无法读取。")
TOO_LARGE = Words("This picture is too large to be shown.", "该图片过大，无法显示。")
GREY = ("1", "L", "I", "I;16", "I;16B", "I;16L", "F", "LA")


@dataclass(eq=False)
class FilmSource:
    source: Source


def is_film(source: Source) -> bool:
    return source.base.lower().endswith(ENDINGS)


def series_of(source: Source) -> SeriesInfo:
    """The picture (all pages of a TIFF) as one entry; only its header is read."""
    with _opened(source) as picture:
        columns, rows = picture.size
        pages = int(getattr(picture, "n_frames", 1))
        mode = picture.mode
    if columns * rows * pages > MAX_PIXELS:
        raise MedViewerError("input.too_large", TOO_LARGE)
    return SeriesInfo(
        key=source.key,
        uid=None, number=None, modality=None, description=source.base, kind="film" if pages == 1 else "stack", files=1,
        size=(columns, rows, pages), channels=1 if mode in GREY else 3,
        report=GeometryReport("red", items=(ReportItem("geometry.spacing", NOT_CALIBRATED),)),
        meta={"source_name": source.base, "listed": source.name}, source=FilmSource(source),
    )  # fmt: skip


def open_film(series: SeriesInfo) -> LoadingVolume:
    """The picture's pixels as stored: 8 or 16 bits grey, or RGB."""
    origin = series.source
    if not isinstance(origin, FilmSource):
        raise TypeError("not a picture")
    with _opened(origin.source) as picture:
        deep = picture.mode.startswith("I") or picture.mode == "F"
        kind = np.float32 if picture.mode == "F" else np.int32 if picture.mode == "I" else np.uint16
    columns, rows, pages = series.size
    shape: tuple[int, ...] = (pages, rows, columns) if series.channels == 1 else (pages, rows, columns, 3)
    array = zeros(shape, np.dtype(kind if deep and series.channels == 1 else np.uint8))
    volume = Volume(
        array, Geometry(np.eye(4), series.size), kind=series.kind, report=series.report,
        meta={"key": series.key, "description": series.description, "source_name": origin.source.base, "notes": [],
              "modality": None, "series_uid": None, "study_uid": None},
    )  # fmt: skip

    def fill(progress: Progress) -> None:
        with _opened(origin.source) as picture:
            for page in range(pages):
                progress.step(page, pages)
                if pages > 1:
                    picture.seek(page)
                array[page] = _pixels(picture, series.channels)

    return Filled(volume, fill)


def _pixels(picture: Any, channels: int) -> NDArray[Any]:
    try:
        if channels == 1:
            plain = picture.convert("L") if picture.mode in ("1", "LA") else picture
            return np.asarray(plain)
        return np.asarray(picture.convert("RGB"))
    except Exception as fault:  # Pillow raises errors of many kinds
        raise MedViewerError("input.damaged", DAMAGED, detail=type(fault).__name__) from fault


def _opened(source: Source) -> Any:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(source.path or io.BytesIO(source.all()))
        except Exception as fault:  # Pillow raises errors of many kinds
            raise MedViewerError("input.damaged", DAMAGED, detail=type(fault).__name__) from fault
