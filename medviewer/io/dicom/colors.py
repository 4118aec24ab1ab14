"""Colour samples to RGB: YBR_FULL, YBR_FULL_422, YBR_PARTIAL, palettes (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def ybr_to_rgb(array: NDArray[Any], partial: bool = False) -> NDArray[np.uint8]:
    """Y Cb Cr of 8 bits, last axis, to RGB; `partial`: studio range (16..235)."""
    y, b, r = (array[..., n].astype(np.float32) for n in range(3))
    b -= 128
    r -= 128
    if partial:
        y = (y - 16) * np.float32(255 / 219)
        b *= np.float32(255 / 224)
        r *= np.float32(255 / 224)
    out = np.empty((*array.shape[:-1], 3), np.float32)
    out[..., 0] = y + np.float32(1.402) * r
    out[..., 1] = y - np.float32(0.344136) * b - np.float32(0.714136) * r
    out[..., 2] = y + np.float32(1.772) * b
    np.rint(out, out=out)
    return np.clip(out, 0, 255, out=out).astype(np.uint8)


def unpack_422(samples: NDArray[Any], rows: int, columns: int) -> NDArray[np.uint8]:
    """Y1 Y2 Cb Cr of each pair of pixels to Y Cb Cr of each pixel; `columns` is even."""
    quads = np.asarray(samples, np.uint8).reshape(-1, 4)
    out = np.empty((rows * columns // 2, 2, 3), np.uint8)
    out[:, 0, 0], out[:, 1, 0] = quads[:, 0], quads[:, 1]
    out[:, :, 1], out[:, :, 2] = quads[:, 2:3], quads[:, 3:4]
    return out.reshape(rows, columns, 3)


def palette_to_rgb(indices: NDArray[Any], dataset: Any) -> NDArray[np.uint8]:
    """Palette indices to RGB by the file's tables (plain or segmented), 16-bit entries by their upper byte."""
    from pydicom.pixels.processing import apply_color_lut

    colors = np.asarray(apply_color_lut(indices, dataset))[..., :3]
    if colors.dtype.itemsize == 2:
        colors = colors >> 8
    return colors.astype(np.uint8)


def to_eight_bits(array: NDArray[Any], bits_stored: int) -> NDArray[np.uint8]:
    """Colour of more than 8 bits to 8."""
    return array if array.dtype == np.uint8 else (array >> max(0, bits_stored - 8)).astype(np.uint8)
