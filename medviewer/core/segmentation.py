"""Label maps and saliency maps, each on a grid of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Code
from medviewer.core.geometry import Geometry


@dataclass(frozen=True)
class Segment:
    """One number of a label map; color is (red, green, blue) 0..255."""

    number: int
    label: str
    color: tuple[int, int, int]
    code: Code | None = None


@dataclass(eq=False)
class Segmentation:
    """labels: [k, j, i] unsigned integers, 0 is background."""

    labels: NDArray[Any]
    geometry: Geometry
    segments: list[Segment] = field(default_factory=list)

    def segment(self, number: int) -> Segment | None:
        return next((s for s in self.segments if s.number == number), None)

    def volume_ml(self, number: int) -> float:
        """Volume in ml: voxels of that number times the voxel volume."""
        return float((self.labels == number).sum()) * self.geometry.voxel_volume_mm3 / 1000.0


@dataclass(eq=False)
class SaliencyMap:
    """map: [k, j, i] float32, not negative, on `geometry` (the grid of the image that is explained).

    cell: size of one map cell, in mm where the image has a spacing (`cell_unit` "mm"), else in pixels ("px").
    this_image, this_model: honesty figures, see `medviewer.inference.explain`. verdict: fair, care, no, not
    measured.
    """

    map: NDArray[np.float32]
    geometry: Geometry
    label: str
    method: str
    layer: str
    cell: float
    cell_unit: str
    this_image: dict[str, float | None] = field(default_factory=dict)
    this_model: dict[str, Any] = field(default_factory=dict)
    verdict: str = "not measured"
