"""JPEG-LS, lossless and near-lossless (CharLS through imagecodecs)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.io.dicom.codecs import FrameJob
from medviewer.io.dicom.codecs.imagecodecs_wheel import is_available, reason

__all__ = ["decode", "is_available", "reason"]


def decode(data: bytes, job: FrameJob) -> NDArray[Any]:
    """Samples as stored; unsigned, the caller gives signed samples their sign."""
    import imagecodecs

    array = np.asarray(imagecodecs.jpegls_decode(data))
    if (
        job.samples > 1
        and array.ndim == 3
        and array.shape[0] == job.samples
        and array.shape[2] != job.samples
    ):
        array = np.moveaxis(array, 0, -1)
    return array
