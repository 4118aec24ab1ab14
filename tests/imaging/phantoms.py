"""Small volumes whose content is known everywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane, rotation
from medviewer.core.values import Values
from medviewer.core.volume import Volume


def grid(name: str = "aligned", size=(40, 36, 22), spacing=(0.8, 0.8, 1.7)) -> Geometry:
    turn = np.eye(3) if name in ("aligned", "tilted") else rotation((1, 2, 3), 24)
    linear = turn * np.array(spacing)
    if name in ("tilted", "oblique and sheared"):
        linear[:, 2] += turn[:, 1] * 0.6
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = linear, (-11.0, 7.5, 90.0)
    return Geometry(affine, size)


GRIDS = ("aligned", "oblique", "tilted", "oblique and sheared")


def places(geometry: Geometry) -> np.ndarray:
    """LPS mm of every voxel, [k, j, i, 3]."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.size[::-1]), indexing="ij")
    return geometry.to_lps(np.stack([i, j, k], axis=-1))


def noise(geometry: Geometry, dtype=np.int16, seed: int = 0, unit: str = "HU") -> Volume:
    array = np.random.default_rng(seed).integers(-900, 900, geometry.size[::-1]).astype(dtype)
    return Volume(array, geometry, Values(unit=unit), meta={"modality": "CT"})


def painted(geometry: Geometry, value: Callable[[np.ndarray], np.ndarray], dtype=np.float32) -> Volume:
    """A volume whose value is a function of the place in LPS mm."""
    return Volume(value(places(geometry)).astype(dtype), geometry, Values(unit="HU"), meta={"modality": "CT"})


def pixel_places(plane: Plane) -> np.ndarray:
    """LPS mm of every pixel, [y, x, 3]."""
    x, y = np.meshgrid(np.arange(plane.size[0]), np.arange(plane.size[1]))
    return plane.to_lps(np.stack([x, y], axis=-1))


def among_centers(geometry: Geometry, lps: np.ndarray, margin: float = 1e-6) -> np.ndarray:
    ijk = geometry.to_ijk(lps)
    return ((ijk >= margin) & (ijk <= np.array(geometry.size) - 1 - margin)).all(-1)
