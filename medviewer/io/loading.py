"""A volume that fills while it is looked at."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.volume import Volume
from medviewer.core.words import Words

OnSlice = Callable[[int], None]
TOO_LARGE = Words("There is not enough memory for this series.", "内存不足，无法载入该序列。")


class LoadingVolume:
    """`volume` is there at once, zeros; `run` fills it, `loaded` says which slices are there.

    `run` may be called once, from any thread; `on_slice(k)` is called on that thread as slices arrive.
    """

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.loaded: NDArray[np.bool_] = np.zeros(volume.size[2], dtype=bool)

    def run(self, progress: Progress, on_slice: OnSlice | None = None) -> Volume:
        """Fill the volume; raises MedViewerError where nothing can be read, Cancelled where asked to stop."""
        raise NotImplementedError

    def _arrived(self, ks: Iterable[int], on_slice: OnSlice | None) -> None:
        for k in ks:
            self.loaded[k] = True
            if on_slice is not None:
                on_slice(k)


class Filled(LoadingVolume):
    """A volume that is there as a whole once `fill` has run."""

    def __init__(self, volume: Volume, fill: Callable[[Progress], None]) -> None:
        super().__init__(volume)
        self._fill = fill

    def run(self, progress: Progress, on_slice: OnSlice | None = None) -> Volume:
        self._fill(progress)
        self._arrived(range(self.volume.size[2]), on_slice)
        return self.volume


def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array for voxels; MedViewerError "resource.memory" where the machine can't hold it."""
    wanted = math.prod(shape) * dtype.itemsize
    try:
        held = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        held = 0  # Windows: only numpy's own error tells
    if held and wanted > 0.9 * held:
        raise MedViewerError("resource.memory", TOO_LARGE)
    try:
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError) as fault:
        raise MedViewerError("resource.memory", TOO_LARGE) from fault


def outwards(first: int, count: int) -> list[int]:
    """0 … count - 1, from `first` to both sides."""
    first = min(max(first, 0), count - 1)
    return sorted(range(count), key=lambda k: (abs(k - first), k))
