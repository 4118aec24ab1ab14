"""From a series of the index to a volume in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.core.words import Words
from medviewer.io.loading import LoadingVolume
from medviewer.io.study import SeriesInfo

__all__ = ["LoadingVolume", "load", "open_progressive", "thumbnail"]


def open_progressive(series: SeriesInfo, first_slice: int | None = None) -> LoadingVolume:
    """The volume with its array preallocated (zeros); its `run` fills it from first_slice (the middle) outwards."""
    from medviewer.io.dicom.series import DicomSource
    from medviewer.io.films import FilmSource, open_film
    from medviewer.io.volumes.grid import GridSource, open_grid

    if isinstance(series.source, DicomSource):
        from medviewer.io.dicom.load import open_dicom

        return open_dicom(series, first_slice)
    if isinstance(series.source, GridSource):
        return open_grid(series)
    if isinstance(series.source, FilmSource):
        return open_film(series)
    raise MedViewerError("fit.no_image", Words("This object holds no image.", "该对象不含图像。"))


def load(
    series: SeriesInfo, progress: Progress | None = None, first_slice: int | None = None,
    on_slice: Callable[[int], None] | None = None,
) -> Volume:  # fmt: skip
    """The whole series in one array; `on_slice(k)` as slices arrive, from first_slice outwards.

    Raises MedViewerError "input.…" where nothing of it can be read; what is missing is told in meta["notes"].
    """
    return open_progressive(series, first_slice).run(progress or Progress(), on_slice)


def thumbnail(series: SeriesInfo, size: int = 64) -> NDArray[np.uint8]:
    """The middle slice in its first window, at most size x size: grey (h, w) or RGB (h, w, 3)."""
    from medviewer.io.dicom.series import DicomSource

    if isinstance(series.source, DicomSource):
        from medviewer.io.dicom.load import middle_slice

        volume = middle_slice(series)
        plane, values = volume.array[0], volume.slice_values(0) if not volume.is_color else None
    else:
        volume = load(series)
        k = volume.size[2] // 2
        plane, values = volume.array[k], volume.slice_values(k) if not volume.is_color else None
    step = max(1, -(-max(plane.shape[:2]) // size))
    if values is None:
        return np.ascontiguousarray(plane[::step, ::step])
    small = values[::step, ::step]
    window = series.windows[0] if series.windows else _automatic(small)
    grey = window.apply(small) * 255
    return np.asarray(255 - grey if volume.invert else grey).astype(np.uint8)


def _automatic(values: NDArray[Any]) -> Window:
    low, high = (float(v) for v in np.percentile(values, (1, 99)))
    return Window.of_range(low, high if high > low else low + 1)
