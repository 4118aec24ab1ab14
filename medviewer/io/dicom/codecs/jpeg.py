"""JPEG baseline, extended (8 and 12 bit) and the retired progressive processes (libjpeg-turbo through imagecodecs)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.io.dicom.codecs import FrameJob
from medviewer.io.dicom.codecs.imagecodecs_wheel import is_available, reason

__all__ = ["decode", "is_available", "reason"]


def decode(data: bytes, job: FrameJob) -> NDArray[Any]:
    """Grey samples, or RGB converted from what the JPEG says it is (Adobe marker, JFIF, component ids), else the header."""
    import imagecodecs

    if job.samples == 1:
        return np.asarray(imagecodecs.jpeg8_decode(data))
    space = "YCBCR" if is_ycbcr(data, job.photometric) else "RGB"
    return np.asarray(imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace="RGB"))


def is_ycbcr(data: bytes, photometric: str) -> bool:
    """Whether a colour JPEG holds Y Cb Cr: its APP14 Adobe transform, a JFIF marker, ids 'R' 'G' 'B', or the header."""
    pos, jfif = 2, False
    while pos + 4 <= len(data) and data[pos] == 0xFF:
        marker, length = data[pos + 1], int.from_bytes(data[pos + 2 : pos + 4], "big")
        body = data[pos + 4 : pos + 2 + length]
        if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            return body[11] != 0
        if marker == 0xE0 and body[:4] == b"JFIF":
            jfif = True
        if marker in (0xC0, 0xC1, 0xC2) and len(body) >= 15:
            if bytes(body[6 + 3 * n] for n in range(3)) == b"RGB":
                return False
            break
        if marker == 0xDA:
            break
        pos += 2 + length
    return jfif or photometric != "RGB"
