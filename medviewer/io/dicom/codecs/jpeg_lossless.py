"""JPEG lossless, process 14, any predictor (imagecodecs)."""

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

    if job.samples > 1:
        return np.asarray(imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))
    try:
        return np.asarray(imagecodecs.jpeg8_decode(data))
    except Exception:  # libjpeg-turbo is the faster; liblj92 takes some streams that it does not
        return np.asarray(imagecodecs.ljpeg_decode(data))
