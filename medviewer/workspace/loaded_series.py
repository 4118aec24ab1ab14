"""A series in memory, perhaps still filling."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.plane import PlaneName
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.imaging.presets import default_window
from medviewer.imaging.reslice import stored_geometry


@dataclass(eq=False)
class LoadedSeries:
    """Voxels of a series and how much of them is there.

    loaded: bool per slice, filled by the loading thread. done: no more will come. error: why it stopped.
    """

    key: str
    volume: Volume
    loaded: NDArray[np.bool_]
    done: bool = False
    error: MedViewerError | None = None
    _window: tuple[bool, Window] | None = field(default=None, repr=False)
    _normals: dict[PlaneName, NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @cached_property
    def geometry(self) -> Geometry:
        """The grid that panes cut: the true one, or for an image without a place that of its own pixels
        (x right, y down, frames along z, 1 apart)."""
        return self.volume.geometry if self.volume.has_place else stored_geometry(self.volume)

    @property
    def mm_known(self) -> bool:
        """Whether a length may be said in mm; else it is said in pixels."""
        if self.volume.has_place:
            return self.volume.report.verdict != "red"
        return self.volume.pixel_spacing is not None

    @property
    def unit(self) -> str:
        """Unit of the values, "" for colour."""
        return "" if self.volume.is_color else self.volume.values.unit

    @property
    def frame(self) -> Any:
        """What tells whether two series share a patient space: the frame of reference, else the series alone."""
        uid = self.volume.meta.get("frame_of_reference_uid")
        return uid if uid and self.volume.has_place else self.key

    @property
    def window(self) -> Window:
        """The window it opens with; while it loads, from what is there so far."""
        if self._window is not None and self._window[0] == self.done:
            return self._window[1]
        volume = self.volume
        if not self.done and self.loaded.any():
            k = int(np.flatnonzero(self.loaded)[0])
            slope, intercept = volume.values.at(k)
            values = replace(volume.values, slope=np.array([slope]), intercept=np.array([intercept]))
            size = (volume.size[0], volume.size[1], 1)
            geometry = Geometry(volume.geometry.affine, size)
            volume = replace(volume, array=volume.array[k : k + 1], values=values, geometry=geometry)
        window = default_window(volume)
        if self.done or self.loaded.any():
            self._window = (self.done, window)
        return window

    def value_at(self, lps: NDArray[np.float64]) -> float | None:
        """Value in `unit` of the nearest voxel; None outside, in colour, or where it isn't loaded yet."""
        if self.volume.is_color:
            return None
        i, j, k = (int(v) for v in np.rint(self.geometry.to_ijk(lps)))
        nx, ny, nz = self.volume.size
        if not (0 <= i < nx and 0 <= j < ny and 0 <= k < nz) or not self.loaded[k]:
            return None
        slope, intercept = self.values.at(k)
        return float(self.volume.array[k, j, i]) * slope + intercept

    @property
    def values(self) -> Values:
        return self.volume.values

    def normal_of(self, view: PlaneName) -> NDArray[np.float64]:
        """Normal of the named plane as it opens."""
        if view not in self._normals:
            self._normals[view] = self.geometry.plane(view).normal
        return self._normals[view]

    @property
    def is_stack(self) -> bool:
        """Whether only the stored slices may be shown."""
        return not self.volume.has_place
