"""Planes through patient space, and the letters that say which way they face."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
PlaneName = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[PlaneName, ...] = ("axial", "coronal", "sagittal")

# The reader's view: axial from below, coronal from the front, sagittal from the left side; LPS unit vectors.
RIGHT: dict[PlaneName, tuple[float, float, float]] = {
    "axial": (1, 0, 0), "coronal": (1, 0, 0), "sagittal": (0, 1, 0),
}  # fmt: skip
DOWN: dict[PlaneName, tuple[float, float, float]] = {
    "axial": (0, 1, 0), "coronal": (0, 0, -1), "sagittal": (0, 0, -1),
}  # fmt: skip
AXIS_OF_PLANE: dict[PlaneName, int] = {"axial": 2, "coronal": 1, "sagittal": 0}
"""The LPS axis across each plane."""

SlabMode = Literal["max", "min", "mean"]


@dataclass(frozen=True)
class Slab:
    """Thickness in mm along the plane's normal, and how the values in it are put together."""

    thickness_mm: float
    mode: SlabMode = "max"


@dataclass(frozen=True, eq=False)
class Plane:
    """A rectangle of pixels in patient space.

    center_lps: LPS mm of the picture's middle. right, down: unit vectors (LPS) to the next column and row.
    spacing: mm between pixels (x, y). size: pixels (width, height). Pixel centres are at integers.
    """

    center_lps: Vector
    right: Vector
    down: Vector
    spacing: tuple[float, float]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        for name in ("center_lps", "right", "down"):
            value = np.array(getattr(self, name), dtype=np.float64)
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @cached_property
    def normal(self) -> Vector:
        """Unit vector right x down: away from the reader, into the picture."""
        normal = np.cross(self.right, self.down)
        normal.setflags(write=False)
        return normal

    @property
    def origin_lps(self) -> Vector:
        """LPS mm of the centre of pixel (0, 0)."""
        return self.to_lps((0, 0))

    def to_lps(self, xy: ArrayLike) -> Vector:
        """LPS mm of pixel positions (x, y), shape (..., 2) -> (..., 3)."""
        xy = np.asarray(xy, float)
        offset = (xy - (np.array(self.size) - 1) / 2) * np.array(self.spacing)
        lps: Vector = self.center_lps + offset[..., :1] * self.right + offset[..., 1:2] * self.down
        return lps

    def to_pixel(self, lps: ArrayLike) -> Vector:
        """Pixel positions (x, y) of points dropped onto the plane along its normal, (..., 3) -> (..., 2)."""
        d = np.asarray(lps, float) - self.center_lps
        along = np.stack([d @ self.right, d @ self.down], axis=-1)
        xy: Vector = along / np.array(self.spacing) + (np.array(self.size) - 1) / 2
        return xy

    def distance(self, lps: ArrayLike) -> Vector | float:
        """Signed distance in mm from the plane, positive along its normal."""
        away = (np.asarray(lps, float) - self.center_lps) @ self.normal
        return float(away) if np.ndim(away) == 0 else away

    def through(self, lps: ArrayLike) -> Plane:
        """The parallel plane through that point, its picture not moved sideways."""
        return replace(self, center_lps=self.center_lps + self.normal * float(self.distance(lps)))

    def moved(self, mm: float) -> Plane:
        """The parallel plane so many mm along the normal."""
        return replace(self, center_lps=self.center_lps + self.normal * mm)

    def resized(self, size: tuple[int, int], spacing: tuple[float, float], center_lps: ArrayLike) -> Plane:
        """The same orientation with another picture."""
        return replace(self, size=size, spacing=spacing, center_lps=np.asarray(center_lps, float))

    def rotated(self, axis: ArrayLike, degrees: float, about_lps: ArrayLike) -> Plane:
        """Turned about an axis through a point (right-hand rule)."""
        turn = rotation(axis, degrees)
        about = np.asarray(about_lps, float)
        center = about + turn @ (self.center_lps - about)
        return replace(self, center_lps=center, right=turn @ self.right, down=turn @ self.down)

    def letters(self) -> dict[Literal["left", "right", "top", "bottom"], str]:
        """Orientation letters at the picture's edges: R L A P H F, two when oblique, the larger first."""
        return {
            "right": direction_letters(self.right), "left": direction_letters(-self.right),
            "bottom": direction_letters(self.down), "top": direction_letters(-self.down),
        }  # fmt: skip


def rotation(axis: ArrayLike, degrees: float) -> Vector:
    """3 x 3 rotation about a unit axis by the right-hand rule (Rodrigues' formula)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    turn: Vector = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def direction_letters(direction: ArrayLike, tolerance_deg: float = 5.0) -> str:
    """Letters of a direction in LPS: the largest component first, a second where it leans past the tolerance.

    As DICOM PS3.3 C.7.6.1.1.1 (Patient Orientation), with H and F for head and foot and at most two letters.
    """
    d = np.asarray(direction, float)
    d = d / np.linalg.norm(d)
    order = sorted(range(3), key=lambda a: (-round(abs(float(d[a])), 9), a))
    least = np.sin(np.radians(tolerance_deg))
    pairs = (("R", "L"), ("A", "P"), ("F", "H"))
    found = [pairs[a][1 if d[a] > 0 else 0] for a in order if abs(d[a]) > least]
    return "".join(found[:2])
