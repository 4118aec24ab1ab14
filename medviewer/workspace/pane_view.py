"""Geometry of a pane: between its pixels and patient space, and from slice to slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane
from medviewer.workspace.pane_state import PaneState, cross

Vector = NDArray[np.float64]
ALONG = 1 - 1e-6
"""Cosine from which a direction counts as running along another."""


@dataclass(frozen=True, eq=False)
class PaneView:
    """Pane coordinates are logical pixels, (0, 0) the upper left corner, x right, y down; scale: px per mm."""

    center: Vector
    right: Vector
    down: Vector
    scale: float
    size: tuple[int, int]

    @classmethod
    def of(cls, pane: PaneState, geometry: Geometry) -> PaneView:
        return cls(pane.center, pane.right, pane.down, scale_of(pane, geometry), pane.size)

    @property
    def normal(self) -> Vector:
        return cross(self.right, self.down)

    def to_lps(self, xy: ArrayLike) -> Vector:
        """LPS mm of pane coordinates (..., 2)."""
        d = (np.asarray(xy, float) - np.array(self.size) / 2) / self.scale
        return self.center + d[..., :1] * self.right + d[..., 1:2] * self.down

    def to_xy(self, lps: ArrayLike) -> Vector:
        """Pane coordinates (..., 2) of points dropped onto the plane along its normal."""
        d = np.asarray(lps, float) - self.center
        return np.stack([d @ self.right, d @ self.down], axis=-1) * self.scale + np.array(self.size) / 2

    def distance(self, lps: ArrayLike) -> Any:
        """Signed distance in mm from the plane."""
        return (np.asarray(lps, float) - self.center) @ self.normal

    def plane(self, pixels_per_unit: float = 1.0) -> Plane:
        """The pane's picture as a plane with that many pixels to a logical pixel."""
        w, h = (max(1, round(n * pixels_per_unit)) for n in self.size)
        pixel = 1 / (self.scale * pixels_per_unit)
        return Plane(self.center, self.right, self.down, (pixel, pixel), (w, h))


def extent(geometry: Geometry, direction: ArrayLike) -> float:
    """Length in mm of the grid (outer edges) along a direction."""
    return float(np.abs(geometry.affine[:3, :3].T @ np.asarray(direction, float)) @ np.array(geometry.size))


def scale_of(pane: PaneState, geometry: Geometry) -> float:
    """Logical pixels per mm; fitted where the pane has no zoom of its own."""
    if pane.zoom is not None:
        return pane.zoom
    w, h = (max(1, n) for n in pane.size)
    return min(w / extent(geometry, pane.right), h / extent(geometry, pane.down))


@dataclass(frozen=True, eq=False)
class Slices:
    """The row of slices across a plane. on_grid: they are the voxels' own, the index theirs.

    index = (normal @ lps - first) / step, 0 to count - 1; step in mm, negative where the index runs against
    the normal. axis: the voxel axis across, the nearest one where the plane is oblique.
    """

    normal: Vector
    first: float
    step: float
    count: int
    on_grid: bool
    axis: int

    @classmethod
    def across(cls, geometry: Geometry, right: Vector, down: Vector) -> Slices:
        key = (id(geometry), right.tobytes(), down.tobytes())
        known = _rows.get(key)
        if known is None or known[0] is not geometry:
            if len(_rows) > 64:
                _rows.clear()
            known = _rows[key] = (geometry, cls._across(geometry, right, down))
        return known[1]

    @classmethod
    def _across(cls, geometry: Geometry, right: Vector, down: Vector) -> Slices:
        normal = cross(right, down)
        cosines = geometry.direction.T @ normal
        axis = int(np.abs(cosines).argmax())
        if in_plane_axes(geometry, right, down) is not None:
            step = float(geometry.affine[:3, axis] @ normal)
            first = float(geometry.to_lps((0, 0, 0)) @ normal)
            return cls(normal, first, step, geometry.size[axis], True, axis)
        corners = geometry.corners_lps() @ normal
        low, high = float(corners.min()), float(corners.max())
        step = geometry.spacing[axis]
        count = max(1, int((high - low) / step + 1e-6) + 1)
        if cosines[axis] < 0:
            return cls(normal, high, -step, count, False, axis)
        return cls(normal, low, step, count, False, axis)

    def index(self, lps: ArrayLike) -> float:
        """Place in the row, with fractions; not limited."""
        return float((np.asarray(lps, float) @ self.normal - self.first) / self.step)

    def nearest(self, lps: ArrayLike) -> int:
        return int(np.clip(round(self.index(lps)), 0, self.count - 1))

    def moved_to(self, lps: ArrayLike, index: float) -> Vector:
        """The point dropped along the normal onto that slice, which is kept within the row."""
        index = min(max(index, 0), self.count - 1)
        return np.asarray(lps, float) + self.normal * (self.step * (index - self.index(lps)))

    def snapped(self, lps: ArrayLike) -> Vector:
        """The point on the nearest slice; an oblique plane stays where it is, but within the row."""
        index = self.index(lps)
        return self.moved_to(lps, round(index) if self.on_grid else index)


_rows: dict[tuple[int, bytes, bytes], tuple[Geometry, Slices]] = {}
"""Rows of slices asked for before: every paint asks for the same ones many times."""


def in_plane_axes(
    geometry: Geometry, right: Vector, down: Vector
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """((voxel axis, sign) to the right, the same down) where a plane's picture runs along voxel axes, and the
    third axis does not lean over it so that rows of voxels lie in the plane; else None."""
    found = []
    for way in (right, down):
        cosines = geometry.direction.T @ way
        axis = int(np.abs(cosines).argmax())
        if abs(cosines[axis]) < ALONG:
            return None
        found.append((axis, 1 if cosines[axis] > 0 else -1))
    return (found[0], found[1]) if found[0][0] != found[1][0] else None


def grid_plane(geometry: Geometry, right: Vector, down: Vector, through_lps: ArrayLike) -> Plane | None:
    """The plane through a point, whole, whose pixels are the voxels themselves; None where it is oblique."""
    axes = in_plane_axes(geometry, right, down)
    if axes is None:
        return None
    (a, sa), (b, sb) = axes
    slices = Slices.across(geometry, right, down)
    middle = (np.array(geometry.size) - 1) / 2
    middle[slices.axis] = slices.nearest(through_lps)
    return Plane(
        geometry.to_lps(middle), geometry.direction[:, a] * sa, geometry.direction[:, b] * sb,
        (geometry.spacing[a], geometry.spacing[b]), (geometry.size[a], geometry.size[b]),
    )  # fmt: skip
