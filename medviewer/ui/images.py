"""Arrays as QImages that own their pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from medviewer.core.finding import Finding
from medviewer.core.volume import Volume
from medviewer.core.window import Window

CROP_MM = 44.0


def of_array(pixels: NDArray[Any]) -> QImage:
    """uint8 [h, w] grey or [h, w, 3] RGB."""
    pixels = np.ascontiguousarray(pixels, np.uint8)
    h, w = pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.data, w, h, pixels.strides[0], kind).copy()


def of_finding(volume: Volume, finding: Finding, window: Window) -> QImage | None:
    """The stored slice round a finding, 44 mm or thrice its diameter wide; None where it has no place."""
    if finding.center_lps_mm is None or volume.is_color:
        return None
    i, j, k = (round(float(v)) for v in volume.geometry.to_ijk(finding.center_lps_mm))
    nx, ny, nz = volume.size
    if not (0 <= k < nz and 0 <= i < nx and 0 <= j < ny):
        return None
    wide = max(CROP_MM, 3 * (finding.diameter_mm or 0))
    rx, ry = (max(4, round(wide / 2 / s)) for s in volume.geometry.spacing[:2])
    part = volume.array[k, max(0, j - ry) : j + ry + 1, max(0, i - rx) : i + rx + 1]
    grey = window.apply(volume.values.apply(part, k)) * 255
    return of_array(255 - grey if volume.invert else grey)
