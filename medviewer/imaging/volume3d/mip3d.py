"""A rotating MIP on the CPU: 3D where there is no OpenGL at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Finding
from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane, Slab
from medviewer.imaging.lut import GreyTable, to_grey
from medviewer.imaging.marks import AI, Marks
from medviewer.imaging.overlays import finding_circles
from medviewer.imaging.reslice import reslice_grid
from medviewer.imaging.volume3d.grid3d import Grid3D
from medviewer.imaging.volume3d.surfaces import ShownSegments
from medviewer.imaging.volume3d.transfer_functions import FittedTransfer

COARSE_SIDE = 160
"""While it turns the picture is computed with about so many pixels on its shorter side and enlarged."""


def mip3d(
    grid: Grid3D,
    transfer: FittedTransfer,
    plane: Plane,
    coarse: bool = False,
    segments: Sequence[ShownSegments] = (),
    findings: Sequence[Finding] = (),
    box: NDArray[np.float64] | None = None,
) -> NDArray[np.uint8]:
    """RGB [y, x, 3] of the largest value along each line of sight through the whole grid, on the camera's
    plane.

    Segments are tinted where the line meets them; findings are rings. box: [[low], [high]] in the grid's
    index space, what lies outside is cut away.
    """
    width, height = plane.size
    factor = max(1.0, min(width, height) / COARSE_SIDE) if coarse else 1.0
    size = max(1, round(width / factor)), max(1, round(height / factor))
    spacing = plane.spacing[0] * width / size[0], plane.spacing[1] * height / size[1]
    small = plane.resized(size, spacing, plane.center_lps)
    array, geometry = grid.array, grid.geometry
    if box is not None:
        low = np.clip(np.ceil(box[0]).astype(int), 0, np.array(geometry.size) - 1)
        high = np.clip(np.floor(box[1]).astype(int) + 1, low + 1, geometry.size)
        array = array[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
        affine = geometry.affine.copy()
        affine[:3, 3] = geometry.to_lps(low)
        geometry = Geometry(affine, (array.shape[2], array.shape[1], array.shape[0]))
    corners = grid.geometry.corners_lps(edges=True)
    depth = 2 * float(np.abs((corners - plane.center_lps) @ plane.normal).max())
    window = transfer.mip_window
    lowest = (window.center - window.width - grid.scale[1]) / grid.scale[0]
    background = max(float(np.iinfo(array.dtype).min), lowest) if array.dtype.kind == "i" else lowest
    brightest = reslice_grid(array, geometry, small, "linear", Slab(depth, "max"), background)
    grey = to_grey(brightest, GreyTable(window, grid.scale, brightest.dtype, transfer.preset.invert))
    picture = np.repeat(grey[..., None], 3, axis=2)
    for shown in segments:
        source, labels = shown.segmentation, shown.segmentation.labels
        if shown.hidden:  # else a hidden one of a higher number would stand before those that are shown
            labels = np.where(np.isin(labels, list(shown.hidden)), 0, labels).astype(labels.dtype)
        met = reslice_grid(labels, source.geometry, small, "nearest", Slab(depth, "max"))
        for number in shown.numbers:
            if number not in shown.hidden:
                mask = met == number
                picture[mask] = (picture[mask] * 0.5 + np.array(shown.color(number)) * 0.5).astype(np.uint8)
    if size != (width, height):
        rows = np.minimum((np.arange(height) * size[1]) // height, size[1] - 1)
        columns = np.minimum((np.arange(width) * size[0]) // width, size[0] - 1)
        picture = picture[rows][:, columns]
    circles = finding_circles(findings, plane, thickness_mm=depth)
    if not circles:
        return np.ascontiguousarray(picture)
    marks = Marks(np.ascontiguousarray(picture), unit=max(0.75, min(width, height) / 640))
    for circle in circles:
        marks.ring(circle.xy, max(circle.radius_px, 4.0), AI, dashed=False)
    return marks.array()
