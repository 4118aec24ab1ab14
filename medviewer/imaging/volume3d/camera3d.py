"""Where the eye stands in 3D, in LPS; parallel projection, so that lengths across the picture hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane, direction_letters

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Camera3D:
    """azimuth: degrees round the patient's long axis, 0 from the front, 90 from the patient's left.
    elevation: up towards the head, -89 to 89. zoom: 1 fits the volume. pan: shift of the picture in mm,
    (right, down).
    """

    azimuth: float = 0.0
    elevation: float = 0.0
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)

    def axes(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors to the right, downwards and into the picture (LPS)."""
        a, e = np.radians(self.azimuth), np.radians(np.clip(self.elevation, -89.9, 89.9))
        back = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])  # towards the eye
        right = np.array([np.cos(a), np.sin(a), 0.0])
        return right, np.cross(-back, right), -back

    def plane(self, geometry: Geometry, size: tuple[int, int]) -> Plane:
        """The picture's plane through the volume's middle: its pixels are where points fall by `to_pixel`."""
        right, down, _ = self.axes()
        bounds = geometry.bounds_lps()
        diagonal = float(np.linalg.norm(bounds[1] - bounds[0]))
        pixel = diagonal / min(size) / max(self.zoom, 1e-3) * 0.7
        center = geometry.center_lps - right * self.pan[0] - down * self.pan[1]
        return Plane(center, right, down, (pixel, pixel), size)

    def letters(self) -> dict[str, str]:
        right, down, _ = self.axes()
        return {
            "right": direction_letters(right), "left": direction_letters(-right),
            "bottom": direction_letters(down), "top": direction_letters(-down),
        }  # fmt: skip
