"""RLE (PS3.5 annex G), by numpy and pylibjpeg-rle where it is there."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.io.dicom.codecs import FrameJob


def is_available() -> bool:
    return True


def reason() -> str:
    return ""


def decode(data: bytes, job: FrameJob) -> NDArray[Any]:
    """Samples as stored, colour by pixel. ValueError where a segment is too short."""
    count = struct.unpack_from("<I", data)[0]
    each = max(1, (job.bits + 7) // 8)
    if count != each * job.samples or not 1 <= count <= 15:
        raise ValueError("RLE segments")
    offsets = [*struct.unpack_from(f"<{count}I", data, 4), len(data)]
    size = job.rows * job.columns
    planes = np.empty((job.samples, size, each), np.uint8)
    for n in range(count):
        segment = unpack(data[offsets[n] : offsets[n + 1]], size)
        sample, byte = divmod(n, each)
        planes[sample, :, each - 1 - byte] = segment  # most significant byte first
    kind = {1: "u1", 2: "<u2", 4: "<u4"}[each]
    array = planes.reshape(job.samples, -1).view(kind).reshape(job.samples, job.rows, job.columns)
    return array[0] if job.samples == 1 else np.moveaxis(array, 0, -1)


def unpack(segment: bytes, size: int) -> NDArray[np.uint8]:
    """One PackBits segment of `size` bytes."""
    import imagecodecs

    raw = imagecodecs.packbits_decode(segment)
    if len(raw) < size:
        raise ValueError("RLE segment too short")
    return np.frombuffer(raw, np.uint8, size)
