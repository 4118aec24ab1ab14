"""Segments as smoothed surfaces and findings as spheres, in LPS mm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from medviewer.core.finding import Finding
from medviewer.core.segmentation import Segmentation
from medviewer.imaging.overlays import segment_color

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkActor

SMOOTHING_ROUNDS = 20
PASS_BAND = 0.05
"""Of the windowed sinc filter: rounds off voxel steps, keeps volume (Taubin 1996)."""


@dataclass(frozen=True, eq=False)
class ShownSegments:
    """A label map in 3D. hidden: numbers not shown. colors: RGB of a number in place of the segment's own."""

    segmentation: Segmentation
    hidden: frozenset[int] = frozenset()
    colors: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """All segments, the hidden ones too."""
        if self.segmentation.segments:
            return [s.number for s in self.segmentation.segments]
        return [int(n) for n in np.unique(self.segmentation.labels) if n != 0]

    def color(self, number: int) -> tuple[int, int, int]:
        segment = self.segmentation.segment(number)
        return self.colors.get(number) or (segment.color if segment else segment_color(number))


def segment_surface(segmentation: Segmentation, number: int) -> vtkPolyData | None:
    """Closed, smoothed surface of a segment in LPS mm; None where the segment has no voxels.

    Built in index space on the segment's own box and then carried over by the affine, so that oblique and
    sheared grids are exact.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkCommonTransforms import vtkTransform
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D, vtkPolyDataNormals, vtkWindowedSincPolyDataFilter
    from vtkmodules.vtkFiltersGeneral import vtkTransformFilter

    mask = segmentation.labels == number
    ranges = []
    for axis in range(3):
        other = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero(mask.any(axis=other))
        if found.size == 0:
            return None
        ranges.append((int(found[0]), int(found[-1]) + 1))
    part = mask[tuple(slice(a, b) for a, b in ranges)]
    padded = np.pad(part, 2).astype(np.uint8)
    image = vtkImageData()
    image.SetDimensions(*padded.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(padded.reshape(-1), deep=True))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(SMOOTHING_ROUNDS)
    smooth.SetPassBand(PASS_BAND)
    smooth.NormalizeCoordinatesOn()
    smooth.BoundarySmoothingOff()
    affine = segmentation.geometry.affine.copy()
    affine[:3, 3] = segmentation.geometry.to_lps([a - 2 for a, _ in reversed(ranges)])
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(affine.ravel().tolist())
    transform = vtkTransform()
    transform.SetMatrix(matrix)
    placed = vtkTransformFilter()
    placed.SetInputConnection(smooth.GetOutputPort())
    placed.SetTransform(transform)
    normals = vtkPolyDataNormals()  # after the affine: a left-handed one turns triangles inside out
    normals.SetInputConnection(placed.GetOutputPort())
    normals.SplittingOff()
    normals.AutoOrientNormalsOn()
    normals.Update()
    return normals.GetOutput()


def surface_actor(surface: vtkPolyData, color: tuple[int, int, int], opacity: float = 1.0) -> vtkActor:
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    look = vtkPolyDataMapper()
    look.SetInputData(surface)
    look.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(look)
    skin = actor.GetProperty()
    skin.SetColor(*(c / 255 for c in color))
    skin.SetOpacity(opacity)
    skin.SetSpecular(0.15)
    skin.SetSpecularPower(12)
    return actor


def marker_actor(finding: Finding, color: tuple[int, int, int]) -> vtkActor | None:
    """A sphere of the finding's diameter round its centre (at least 4 mm, to be seen); None without a
    centre.
    """
    from vtkmodules.vtkFiltersSources import vtkSphereSource

    if finding.center_lps_mm is None:
        return None
    ball = vtkSphereSource()
    ball.SetCenter(*(float(v) for v in finding.center_lps_mm))
    ball.SetRadius(max(4.0, finding.diameter_mm or 0.0) / 2)
    ball.SetThetaResolution(32)
    ball.SetPhiResolution(24)
    ball.Update()
    return surface_actor(ball.GetOutput(), color, 0.85)
