"""Where voxels are: the affine from index space to patient space.

Patient space is LPS millimetres (DICOM PS3.3 C.7.6.2.1.1: x to the patient's left, y to posterior, z to the
head). Index space is (i, j, k) = (column, row, slice); arrays are stored [k, j, i]; voxel centres are at
integers.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.plane import AXIS_OF_PLANE, DOWN, RIGHT, Plane, PlaneName

Vector = NDArray[np.float64]
Handedness = Literal["right", "left"]


@dataclass(frozen=True, eq=False)
class Geometry:
    """A grid of voxels: affine (4 x 4, voxel index (i, j, k, 1) to LPS mm) and size (columns, rows, slices).

    The grid may be oblique, left-handed or sheared: a tilted gantry is a sheared affine.
    """

    affine: Vector
    size: tuple[int, int, int]

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if (
            affine.shape != (4, 4)
            or not np.isfinite(affine).all()
            or not np.array_equal(affine[3], [0, 0, 0, 1])
        ):
            raise ValueError(f"not an affine: {affine.tolist()}")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise ValueError("the affine has no volume")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "size", tuple(int(n) for n in self.size))
        if len(self.size) != 3 or min(self.size) < 1:
            raise ValueError(f"not a size: {self.size}")

    @classmethod
    def from_axes(
        cls,
        origin: ArrayLike,
        columns: ArrayLike,
        rows: ArrayLike,
        slices: ArrayLike,
        size: tuple[int, int, int],
    ) -> Geometry:
        """From the LPS position of voxel (0, 0, 0) and the steps in mm to the next column, row and slice."""
        affine = np.eye(4)
        affine[:3] = np.stack([np.asarray(v, float) for v in (columns, rows, slices, origin)], axis=1)
        return cls(affine, size)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Geometry)
            and self.size == other.size
            and np.array_equal(self.affine, other.affine)
        )

    __hash__ = None  # type: ignore[assignment]

    def is_close(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """The same grid: equal size, and all eight corners within the tolerance."""
        apart = np.abs(self.corners_lps() - other.corners_lps()).max() if self.size == other.size else np.inf
        return bool(apart <= tolerance_mm)

    @cached_property
    def inverse(self) -> Vector:
        """Affine (4 x 4) from LPS mm to voxel index."""
        inverse: Vector = np.linalg.inv(self.affine).astype(np.float64)
        inverse.setflags(write=False)
        return inverse

    def to_lps(self, ijk: ArrayLike) -> Vector:
        """LPS mm of voxel indices, shape (..., 3)."""
        return np.asarray(ijk, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_ijk(self, lps: ArrayLike) -> Vector:
        """Voxel indices (continuous) of LPS mm, shape (..., 3)."""
        return np.asarray(lps, float) @ self.inverse[:3, :3].T + self.inverse[:3, 3]

    @cached_property
    def spacing(self) -> tuple[float, float, float]:
        """Length in mm of the steps to the next column, row and slice.

        For a sheared grid the third is measured along the line of slice positions, not along the normal.
        """
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @cached_property
    def direction(self) -> Vector:
        """3 x 3, columns are the unit steps along i, j, k."""
        direction: Vector = self.affine[:3, :3] / np.array(self.spacing)
        return direction

    @property
    def slice_normal(self) -> Vector:
        """Unit normal of the slices, the side of it to which the slice index rises."""
        normal = np.cross(self.direction[:, 0], self.direction[:, 1])
        normal /= np.linalg.norm(normal)
        return normal if normal @ self.direction[:, 2] > 0 else -normal

    @property
    def slice_distance(self) -> float:
        """Distance in mm between neighbouring slices, along their normal."""
        return float(self.slice_normal @ self.affine[:3, 2])

    @property
    def voxel_volume_mm3(self) -> float:
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def shear_deg(self) -> float:
        """Largest deviation of two voxel axes from a right angle, in degrees."""
        d = self.direction
        cosines = [abs(float(d[:, a] @ d[:, b])) for a, b in ((0, 1), (0, 2), (1, 2))]
        return float(np.degrees(np.arcsin(min(1.0, max(cosines)))))

    def is_orthogonal(self, tolerance_deg: float = 0.06) -> bool:
        """The voxel axes stand at right angles (no shear)."""
        return self.shear_deg <= tolerance_deg

    @property
    def handedness(self) -> Handedness:
        return "right" if np.linalg.det(self.affine[:3, :3]) > 0 else "left"

    @cached_property
    def closest_axes(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Which voxel axis runs along L, P and H, and with which sign: (axes, signs).

        Each voxel axis is used once; of the six ways the one with the largest sum of cosines is taken.
        """
        cosines = self.direction.T  # [voxel axis, LPS axis]
        ways = itertools.permutations(range(3))
        axes = max(ways, key=lambda p: sum(abs(cosines[p[lps], lps]) for lps in range(3)))
        signs = tuple(1 if cosines[axes[lps], lps] >= 0 else -1 for lps in range(3))
        return (axes[0], axes[1], axes[2]), (signs[0], signs[1], signs[2])

    def is_aligned(self, tolerance_deg: float = 0.06) -> bool:
        """The voxel axes run along the patient's axes."""
        axes, _ = self.closest_axes
        cosines = [abs(self.direction[lps, axes[lps]]) for lps in range(3)]
        return bool(min(cosines) >= np.cos(np.radians(tolerance_deg)))

    def corners_lps(self, edges: bool = False) -> Vector:
        """LPS mm of the eight corner voxels' centres, or of the outer edges; shape (8, 3)."""
        half = 0.5 if edges else 0.0
        ends = [(-half, n - 1 + half) for n in self.size]
        return self.to_lps(np.array(list(itertools.product(*ends))))

    def bounds_lps(self) -> Vector:
        """Smallest box along the patient's axes around all voxels to their edges: [low, high] of (x, y, z)."""
        corners = self.corners_lps(edges=True)
        return np.stack([corners.min(0), corners.max(0)])

    @property
    def center_lps(self) -> Vector:
        return self.to_lps((np.array(self.size) - 1) / 2)

    def contains(self, lps: ArrayLike, margin: float = 0.5) -> bool:
        """Whether the point lies within the voxels; `margin` in voxels beyond the outer centres."""
        ijk = self.to_ijk(lps)
        return bool(((ijk >= -margin) & (ijk <= np.array(self.size) - 1 + margin)).all())

    def frame(self) -> Vector:
        """The grid's own right-angled axes, 3 x 3: unit vectors along i, along j, and their cross product.

        For a sheared grid these are the slices' own plane and its normal.
        """
        x = self.direction[:, 0]
        y = self.direction[:, 1] - (self.direction[:, 1] @ x) * x
        y /= np.linalg.norm(y)
        return np.stack([x, y, np.cross(x, y)], axis=1)

    def plane(self, name: PlaneName, through_lps: ArrayLike | None = None) -> Plane:
        """The axial, coronal or sagittal plane through a point (None: the middle), oriented for the reader.

        It follows the grid's own right-angled axes where the grid is oblique, is as wide as the grid (outer
        edge to outer edge), and has square pixels of the smallest in-plane voxel spacing.
        """
        return self._oriented(name, self.frame(), through_lps)

    def patient_plane(self, name: PlaneName, through_lps: ArrayLike | None = None) -> Plane:
        """As `plane`, but exactly along the patient's axes."""
        return self._oriented(name, np.eye(3), through_lps)

    def _oriented(self, name: PlaneName, frame: Vector, through_lps: ArrayLike | None) -> Plane:
        right, down = _nearest_pair(frame, RIGHT[name], DOWN[name])
        center = self.center_lps
        if through_lps is not None:
            normal = np.cross(right, down)
            center = center + normal * (normal @ (np.asarray(through_lps, float) - center))
        extent = [np.abs(self.affine[:3, :3].T @ d) * self.size for d in (right, down)]
        lies_in = [max(extent[0][a], extent[1][a]) > 0.5 * self.spacing[a] * self.size[a] for a in range(3)]
        pixel = min(
            (s for s, inside in zip(self.spacing, lies_in, strict=True) if inside), default=min(self.spacing)
        )
        width, height = (max(1, round(float(e.sum()) / pixel)) for e in extent)
        return Plane(center, right, down, (pixel, pixel), (width, height))

    def slice_axis(self, name: PlaneName) -> tuple[int, int]:
        """(voxel axis, sign) along the named plane's own axis; sign 1 where the index rises with LPS."""
        axes, signs = self.closest_axes
        lps = AXIS_OF_PLANE[name]
        return axes[lps], signs[lps]

    def permuted(self, order: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> Geometry:
        """Geometry of the array whose voxel axes are `order` of ours, then flipped where `flips` says.

        For the array [k, j, i]: `a.transpose([2 - order[c] for c in (2, 1, 0)])`, then flipped.
        """
        affine = np.eye(4)
        affine[:3, :3] = self.affine[:3, list(order)]
        size = tuple(self.size[a] for a in order)
        first = np.zeros(3)
        for axis in range(3):
            if flips[axis]:
                first[order[axis]] = size[axis] - 1
                affine[:3, axis] *= -1
        affine[:3, 3] = self.to_lps(first)
        return Geometry(affine, (size[0], size[1], size[2]))


def _nearest_pair(frame: Vector, right: ArrayLike, down: ArrayLike) -> tuple[Vector, Vector]:
    """Two different axes of the frame, with sign, that lie nearest to the reader's right and down."""
    candidates = [(a, s) for a in range(3) for s in (1.0, -1.0)]

    def closeness(pair: tuple[tuple[int, float], tuple[int, float]]) -> float:
        (a, s), (b, t) = pair
        return float(s * frame[:, a] @ np.asarray(right) + t * frame[:, b] @ np.asarray(down))

    pairs = ((p, q) for p in candidates for q in candidates if p[0] != q[0])
    (a, s), (b, t) = max(pairs, key=closeness)
    return s * frame[:, a], t * frame[:, b]
