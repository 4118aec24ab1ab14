"""The VTK scene behind the two rungs that have OpenGL; off screen, single modules, never in a widget.

Only to be imported once the probe has found a usable OpenGL: without one the first picture ends the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import vtkmodules.vtkRenderingOpenGL2 as opengl
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  (registers the GPU mapper and the fixed-point mapper's display)
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction, vtkPlane
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkColorTransferFunction,
    vtkRenderer,
    vtkRenderWindow,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper, vtkGPUVolumeRayCastMapper

from medviewer.core.finding import Finding
from medviewer.core.plane import Plane
from medviewer.core.segmentation import Segmentation
from medviewer.imaging.marks import AI
from medviewer.imaging.volume3d.grid3d import ClipPlane, Grid3D
from medviewer.imaging.volume3d.surfaces import ShownSegments, marker_actor, segment_surface, surface_actor
from medviewer.imaging.volume3d.transfer_functions import FittedTransfer


class Scene:
    """Volume, surfaces and markers in LPS mm; parallel projection."""

    def __init__(self, grid: Grid3D, rung: str, window: str) -> None:
        self._grid, self._on_gpu = grid, rung == "gpu"
        self._window = vtkRenderWindow() if window == "default" else getattr(opengl, window)()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        self._window.AddRenderer(self._renderer)
        self._mapper = vtkGPUVolumeRayCastMapper() if self._on_gpu else vtkFixedPointVolumeRayCastMapper()
        self._mapper.SetInputData(_image(grid))
        self._mapper.SetAutoAdjustSampleDistances(0)
        self._look = vtkVolumeProperty()
        self._look.SetInterpolationTypeToLinear()
        volume = vtkVolume()
        volume.SetMapper(self._mapper)
        volume.SetProperty(self._look)
        volume.SetUserMatrix(_placement(grid))
        self._renderer.AddVolume(volume)
        self._surfaces: list[tuple[Segmentation, dict[int, vtkActor]]] = []
        self._markers: list[vtkActor] = []

    def set_transfer(self, transfer: FittedTransfer) -> None:
        slope, intercept = self._grid.scale
        opacity, color = vtkPiecewiseFunction(), vtkColorTransferFunction()
        preset = transfer.preset
        if preset.mode == "mip":
            low = transfer.mip_window.center - transfer.mip_window.width / 2
            high = low + transfer.mip_window.width
            a, b = (low - intercept) / slope, (high - intercept) / slope
            for at, shade in ((a, 0.0), (b, 1.0)):
                brightness = 1 - shade if preset.invert else shade
                color.AddRGBPoint(at, brightness, brightness, brightness)
                opacity.AddPoint(at, 1.0)  # brightness alone shows the value, not its square
            self._mapper.SetBlendModeToMaximumIntensity()
        else:
            for value, share in transfer.opacity:
                opacity.AddPoint((value - intercept) / slope, share)
            for value, rgb in transfer.colors:
                color.AddRGBPoint((value - intercept) / slope, *rgb)
            self._mapper.SetBlendModeToComposite()
        self._look.SetScalarOpacity(opacity)
        self._look.SetScalarOpacityUnitDistance(1.0)
        self._look.SetColor(color)
        self._look.SetShade(preset.shade)
        self._look.SetAmbient(0.3)
        self._look.SetDiffuse(0.8)
        self._look.SetSpecular(0.25)
        self._look.SetSpecularPower(12)

    def set_segments(self, shown: Sequence[ShownSegments]) -> None:
        """Surfaces are made once for each label map; hiding and colouring them is quick."""
        wanted = [one.segmentation for one in shown]
        for segmentation, actors in self._surfaces:
            if not any(segmentation is other for other in wanted):
                for actor in actors.values():
                    self._renderer.RemoveActor(actor)
        self._surfaces = [kept for kept in self._surfaces if any(kept[0] is other for other in wanted)]
        for one in shown:
            for number, actor in self._surfaces_of(one).items():
                actor.SetVisibility(number not in one.hidden)
                actor.GetProperty().SetColor(*(c / 255 for c in one.color(number)))

    def _surfaces_of(self, one: ShownSegments) -> dict[int, vtkActor]:
        for segmentation, actors in self._surfaces:
            if segmentation is one.segmentation:
                return actors
        made: dict[int, vtkActor] = {}
        for number in one.numbers:
            surface = segment_surface(one.segmentation, number)
            if surface is not None:
                made[number] = surface_actor(surface, one.color(number))
                self._renderer.AddActor(made[number])
        self._surfaces.append((one.segmentation, made))
        return made

    def set_markers(self, findings: Sequence[Finding]) -> None:
        for actor in self._markers:
            self._renderer.RemoveActor(actor)
        made = [marker_actor(finding, AI) for finding in findings]
        self._markers = [actor for actor in made if actor is not None]
        for actor in self._markers:
            self._renderer.AddActor(actor)

    def set_clip_box(self, box: NDArray[np.float64] | None) -> None:
        """Box in the grid's index space."""
        self._mapper.SetCropping(box is not None)
        if box is not None:
            spacing = self._grid.geometry.spacing
            bounds = [float(box[end][axis]) * spacing[axis] for axis in range(3) for end in (0, 1)]
            self._mapper.SetCroppingRegionPlanes(*bounds)
            self._mapper.SetCroppingRegionFlagsToSubVolume()

    def set_clip_plane(self, cut: ClipPlane | None) -> None:
        self._mapper.RemoveAllClippingPlanes()
        if cut is not None:
            face = vtkPlane()
            face.SetOrigin(*cut.through)
            face.SetNormal(*cut.normal)
            self._mapper.AddClippingPlane(face)

    def render(self, plane: Plane, coarse: bool) -> NDArray[np.uint8]:
        """RGB [y, x, 3] of what lies before and behind the plane, along its normal."""
        width, height = plane.size
        self._window.SetSize(width, height)
        self._aim(plane)
        step = min(self._grid.geometry.spacing) * (2.0 if coarse else 1.0 if not self._on_gpu else 0.5)
        self._mapper.SetSampleDistance(step)
        self._mapper.SetImageSampleDistance(2.0 if coarse else 1.0)
        self._window.Render()
        out = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, out, 0)
        picture: NDArray[np.uint8] = vtk_to_numpy(out).reshape(height, width, 3)[::-1].copy()
        return picture

    def _aim(self, plane: Plane) -> None:
        camera = self._renderer.GetActiveCamera()
        reach = float(np.linalg.norm(np.ptp(self._grid.geometry.bounds_lps(), axis=0))) + 1.0
        reach += float(np.linalg.norm(plane.center_lps - self._grid.geometry.center_lps))
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(*plane.center_lps)
        camera.SetPosition(*(plane.center_lps - plane.normal * 2 * reach))
        camera.SetViewUp(*(-plane.down))
        camera.SetParallelScale(plane.size[1] * plane.spacing[1] / 2)
        camera.SetClippingRange(reach, 3 * reach)

    def close(self) -> None:
        self._window.Finalize()


def _image(grid: Grid3D) -> vtkImageData:
    """The voxels with their spacing, at the origin; `_placement` turns and moves them."""
    image = vtkImageData()
    image.SetDimensions(*grid.array.shape[::-1])
    image.SetSpacing(*grid.geometry.spacing)
    scalars: Any = numpy_to_vtk(grid.array.reshape(-1), deep=False)
    image.GetPointData().SetScalars(scalars)
    return image


def _placement(grid: Grid3D) -> vtkMatrix4x4:
    turn = np.eye(4)
    turn[:3, :3] = grid.geometry.direction
    turn[:3, 3] = grid.geometry.affine[:3, 3]
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(turn.ravel().tolist())
    return matrix
