"""Pixels: slices along the grid, oblique slices and slabs, against VTK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Row, side_by_side
from benchmarks.series import PIXEL_MM, SLICE_MM, Scratch


def _volume(scratch: Scratch) -> Any:
    from medviewer.core.geometry import Geometry
    from medviewer.core.values import Values
    from medviewer.core.volume import Volume

    stored = scratch.stored
    size = (stored.shape[2], stored.shape[1], stored.shape[0])
    geometry = Geometry.from_axes([0, 0, 0], [PIXEL_MM, 0, 0], [0, PIXEL_MM, 0], [0, 0, SLICE_MM], size)
    return Volume(stored, geometry, Values(unit="HU"), meta={"modality": "CT"})


def _vtk_image(scratch: Scratch) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    stored = scratch.stored
    image = vtkImageData()
    image.SetDimensions(stored.shape[2], stored.shape[1], stored.shape[0])
    image.SetSpacing(PIXEL_MM, PIXEL_MM, SLICE_MM)
    image.GetPointData().SetScalars(numpy_to_vtk(stored.reshape(-1)))
    return image


def _vtk_reslice(
    scratch: Scratch, axes: np.ndarray, center: np.ndarray, size: tuple[int, int], pixel: float
) -> Any:
    """A reslice of 2 threads whose output is the plane of these axes (columns right, down, normal)."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkImagingCore import vtkImageReslice

    matrix = vtkMatrix4x4()
    for row in range(3):
        for column in range(3):
            matrix.SetElement(row, column, float(axes[row, column]))
        matrix.SetElement(row, 3, float(center[row]))
    filter = vtkImageReslice()
    filter.SetInputData(_vtk_image(scratch))
    filter.SetResliceAxes(matrix)
    filter.SetOutputDimensionality(2)
    filter.SetInterpolationModeToLinear()
    filter.SetNumberOfThreads(2)
    filter.SetOutputSpacing(pixel, pixel, pixel)
    filter.SetOutputExtent(0, size[0] - 1, 0, size[1] - 1, 0, 0)
    filter.SetOutputOrigin(-pixel * (size[0] - 1) / 2, -pixel * (size[1] - 1) / 2, 0)
    filter.SetBackgroundLevel(-1024)
    return filter


def _tilted(volume: Any) -> Any:
    center = volume.geometry.center_lps
    plane = (
        volume.geometry.plane("axial", center).rotated([1, 0, 0], 20, center).rotated([0, 1, 0], 15, center)
    )
    return plane.resized((512, 512), (PIXEL_MM, PIXEL_MM), center)


def axial_qimage(scratch: Scratch, id: str, line: str) -> Row:
    from PySide6.QtGui import QImage
    from vtkmodules.vtkCommonCore import vtkLookupTable
    from vtkmodules.vtkImagingCore import vtkImageMapToColors

    from medviewer.core.window import Window
    from medviewer.imaging.lut import GreyTable, to_grey
    from medviewer.imaging.reslice import reslice

    volume = _volume(scratch)
    planes = [volume.geometry.plane("axial", volume.geometry.to_lps([0, 0, k])) for k in range(100, 120)]
    first = reslice(volume, planes[0])
    table = GreyTable(Window(40, 400), first.scale, first.stored.dtype, False)

    def ours() -> None:
        for plane in planes:
            grey = to_grey(reslice(volume, plane).stored, table)
            QImage(
                grey.data, grey.shape[1], grey.shape[0], grey.strides[0], QImage.Format.Format_Grayscale8
            ).width()

    lut = vtkLookupTable()
    lut.SetTableRange(40 - 200, 40 + 200)
    lut.SetSaturationRange(0, 0)
    lut.SetValueRange(0, 1)
    lut.Build()
    center = volume.geometry.center_lps
    filter = _vtk_reslice(scratch, np.eye(3), center, (512, 512), PIXEL_MM)
    colors = vtkImageMapToColors()
    colors.SetLookupTable(lut)
    colors.SetInputConnection(filter.GetOutputPort())

    def peer() -> None:
        for k in range(100, 120):
            filter.GetResliceAxes().SetElement(2, 3, k * SLICE_MM)
            filter.Modified()
            colors.Update()

    return side_by_side(id, line, ours, peer)


def oblique(scratch: Scratch, id: str, line: str) -> Row:
    from medviewer.imaging import fast_linear
    from medviewer.imaging.reslice import reslice

    fast_linear.warm_up()
    volume = _volume(scratch)
    plane = _tilted(volume)
    filter = _vtk_reslice(
        scratch, np.stack([plane.right, plane.down, plane.normal], 1), plane.center_lps, (512, 512), PIXEL_MM
    )

    def peer() -> None:
        filter.Modified()
        filter.Update()

    return side_by_side(id, line, lambda: reslice(volume, plane), peer, inner=5)


def oblique_mip(scratch: Scratch, id: str, line: str) -> Row:
    from medviewer.core.plane import Slab
    from medviewer.imaging import fast_linear
    from medviewer.imaging.reslice import reslice

    fast_linear.warm_up()
    volume = _volume(scratch)
    plane = _tilted(volume)
    filter = _vtk_reslice(
        scratch, np.stack([plane.right, plane.down, plane.normal], 1), plane.center_lps, (512, 512), PIXEL_MM
    )
    filter.SetSlabModeToMax()
    filter.SetSlabNumberOfSlices(30)
    filter.SetSlabSliceSpacingFraction(1.0)

    def peer() -> None:
        filter.Modified()
        filter.Update()

    return side_by_side(id, line, lambda: reslice(volume, plane, Slab(30 * PIXEL_MM, "max")), peer)


LINES: dict[str, tuple[str, Callable[[Scratch, str, str], Row]]] = {
    "axial_qimage": ("axial slice 512 x 512 -> QImage / vtkImageReslice + vtkImageMapToColors", axial_qimage),
    "oblique": ("oblique slice, linear / vtkImageReslice, 2 threads", oblique),
    "oblique_mip": ("oblique MIP of 30 slices / vtkImageReslice slab, 2 threads", oblique_mip),
}
