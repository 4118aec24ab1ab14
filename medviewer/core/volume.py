"""Images in memory: volumes with a place in the patient, films, stacks and cines without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.report import GeometryReport
from medviewer.core.values import Values
from medviewer.core.window import Window

SeriesKind = Literal["volume", "stack", "film", "cine", "derived", "document"]
SpacingSource = Literal["patient", "detector", "magnified", "calibrated", "region", "file"]


@dataclass(eq=False)
class Volume:
    """Voxels as stored, what their numbers mean, and where they are.

    array:    [k, j, i] integers or floats as stored, [k, j, i, 3] uint8 for colour; may still be filling.
    geometry: grid in LPS mm. Where `kind` is not "volume" it only says pixel spacing (or 1 mm) and order: ask
              `pixel_spacing` before any millimetre is shown, and never cut another plane than the stored one.
    values:   stored -> unit. windows: as the file gives them, the first is the default.
    invert:   MONOCHROME1: low values are shown bright.
    """

    array: NDArray[Any]
    geometry: Geometry
    values: Values = field(default_factory=Values)
    kind: SeriesKind = "volume"
    report: GeometryReport = field(default_factory=GeometryReport)
    windows: list[Window] = field(default_factory=list)
    invert: bool = False
    pixel_spacing: tuple[float, float] | None = None
    """mm between (columns, rows) where vouched for (of the detector too: `spacing_source`), else None."""
    pixel_aspect: float = 1.0
    """Height of a pixel divided by its width, for display where there is no spacing."""
    spacing_source: SpacingSource | None = None
    frame_time_ms: float | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    """modality, series_uid, study_uid, description, patient_name, patient_id, date, body_part, ..."""

    @property
    def is_color(self) -> bool:
        return self.array.ndim == 4

    @property
    def size(self) -> tuple[int, int, int]:
        """(columns, rows, slices or frames)."""
        return int(self.array.shape[2]), int(self.array.shape[1]), int(self.array.shape[0])

    @property
    def has_place(self) -> bool:
        """Whether any plane may be cut and positions in LPS mm be named."""
        return self.kind == "volume"

    def slice_values(self, k: int) -> NDArray[np.float32]:
        """float32 [j, i] of slice k in `values.unit`."""
        return self.values.apply(self.array[k], k)

    def value_at(self, lps: ArrayLike) -> float | None:
        """Value in `values.unit` of the nearest voxel, None outside the volume or for colour."""
        if self.is_color:
            return None
        i, j, k = (int(v) for v in np.rint(self.geometry.to_ijk(lps)))
        nx, ny, nz = self.size
        if not (0 <= i < nx and 0 <= j < ny and 0 <= k < nz):
            return None
        slope, intercept = self.values.at(k)
        return float(self.array[k, j, i]) * slope + intercept
