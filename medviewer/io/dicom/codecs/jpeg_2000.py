"""JPEG 2000 and HTJ2K (OpenJPEG, OpenJPH through imagecodecs)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.io.dicom.codecs import FrameJob
from medviewer.io.dicom.codecs.imagecodecs_wheel import is_available, reason

__all__ = ["decode", "is_available", "reason"]


def decode(data: bytes, job: FrameJob) -> NDArray[Any]:
    """Samples as stored. The codestream undoes its own colour transform; YBR_FULL without one is left to the caller."""
    import imagecodecs

    if ".4.20" in job.syntax:
        try:
            array = np.asarray(imagecodecs.htj2k_decode(data))
        except Exception:  # OpenJPH is stricter than OpenJPEG
            array = np.asarray(imagecodecs.jpeg2k_decode(data))
    else:
        array = np.asarray(imagecodecs.jpeg2k_decode(data))
    if (
        job.samples > 1
        and array.ndim == 3
        and array.shape[0] == job.samples
        and array.shape[2] != job.samples
    ):
        array = np.moveaxis(array, 0, -1)
    return array
