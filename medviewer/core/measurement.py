"""What a reader draws: lengths, angles, ellipses, in patient mm or, without a spacing, in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike, NDArray

MeasurementKind = Literal["length", "angle", "ellipse", "probe"]
LengthUnit = Literal["mm", "px"]
POINTS = {"length": 2, "angle": 3, "ellipse": 3, "probe": 1}
"""Points of each kind: length two ends; angle arm, vertex, arm; ellipse centre and ends of its half axes."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """points: (n, 3) in LPS mm; for an image without a place in (x * sx, y * sy, frame) of the film itself.

    series_uid: what it was drawn on. unit: "px" where no spacing is vouched for, then points are in pixels.
    statistics: of an ellipse: mean, sd, min, max, n and their unit.
    """

    kind: MeasurementKind
    points: NDArray[np.float64]
    series_key: str
    unit: LengthUnit = "mm"
    normal: NDArray[np.float64] | None = None
    statistics: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex[:12])

    def with_points(self, points: ArrayLike, statistics: dict[str, Any] | None = None) -> Measurement:
        told = self.statistics if statistics is None else statistics
        return replace(self, points=np.asarray(points, float), statistics=told)

    @property
    def length(self) -> float:
        """Distance of the two ends, in `unit`."""
        return length_mm(self.points[0], self.points[1])

    @property
    def angle_deg(self) -> float:
        """Angle at the middle point, 0 to 180 degrees."""
        return angle_deg(*self.points[:3])

    @property
    def half_axes(self) -> tuple[float, float]:
        """Half axes of an ellipse, in `unit`."""
        return length_mm(self.points[0], self.points[1]), length_mm(self.points[0], self.points[2])

    @property
    def area(self) -> float:
        """Area of an ellipse in `unit` squared: pi a b."""
        a, b = self.half_axes
        return float(np.pi * a * b)


def length_mm(a: ArrayLike, b: ArrayLike) -> float:
    """Euclidean distance of two points in LPS mm."""
    return float(np.linalg.norm(np.asarray(a, float) - np.asarray(b, float)))


def angle_deg(a: ArrayLike, vertex: ArrayLike, b: ArrayLike) -> float:
    """Angle a-vertex-b in degrees, 0 to 180 (by atan2, exact near 0 and 180)."""
    u, v = (np.asarray(p, float) - np.asarray(vertex, float) for p in (a, b))
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v)))
