"""What `run` and `explain` share: the package first, then the series, in the order in which faults are told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medviewer.core.volume import Volume
    from medviewer.imaging.picture import PictureOverlays
    from medviewer.inference.package import ModelPackage
    from medviewer.io.study import Index, SeriesInfo


@dataclass(eq=False)
class Loaded:
    """A series in memory, and how many seconds reading it took."""

    series: SeriesInfo
    volume: Volume
    seconds: float


def load_series(
    path: Path,
    selector: str | None,
    package: ModelPackage,
    progress: Progress,
    others: Sequence[str | None] = (),
) -> Loaded:
    """The series of PATH that was asked for, its voxels read. others: tried in turn where the first is not found.

    Raises input.* where nothing can be read, fit.* where the headers already say that the model does not fit.
    """
    from medviewer.inference.fit import fits
    from medviewer.io.index import scan
    from medviewer.io.load import load

    started = time.perf_counter()
    index = scan([path], progress)
    series = _first_found(index, [selector, *others])
    fit = fits(package.spec, series)
    if not fit.ok:
        raise MedViewerError(
            f"fit.{fit.code}",
            Words("{model} does not fit this series: {reason}.", "{model}不适用于该序列：{reason}。").format(
                model=package.spec.title, reason=fit.reason
            ),
        )
    volume = load(series, progress)
    return Loaded(series, volume, time.perf_counter() - started)


def _first_found(index: Index, selectors: Sequence[str | None]) -> SeriesInfo:
    for selector in selectors[:-1]:
        try:
            return index.find(selector)
        except MedViewerError:
            continue
    return index.find(selectors[-1])


def check_output(folder: Path) -> None:
    """Raise resource.write where results can't be written, before any time is spent."""
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise MedViewerError(
            "resource.write",
            Words(
                "The output lies below a file; nothing was written.", "输出路径位于文件之下，未写入任何内容。"
            ),
        )


def picture_of(
    volume: Volume, package: ModelPackage, through_lps: NDArray[np.float64] | None, overlays: PictureOverlays
) -> NDArray[np.uint8]:
    """RGB picture of the film, or of the model's own plane through a point, in the window the model reads."""
    from medviewer.core.window import Window
    from medviewer.imaging.picture import picture, view_of
    from medviewer.inference.slices import SliceStack

    rule = package.spec.input.normalise
    window = Window.of_range(rule.low, rule.high) if rule.kind == "window" else None
    name = SliceStack.of(volume, package.spec.input.plane).plane if volume.has_place else None
    return picture(volume, view_of(volume, name, through_lps, window), overlays)


def write_picture(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write RGB pixels as PNG."""
    from PIL import Image

    Image.fromarray(pixels).save(path, "PNG")
