"""Decoders of compressed pixel data: a table of transfer syntaxes; each codec in a small module of its own.

A codec has `is_available() -> bool`, `reason() -> str` and `decode(data, job) -> array`; it returns the samples of one
frame as (rows, columns) or (rows, columns, samples), colour already as RGB where `job.rgb` says so.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from medviewer.core.words import Words

NATIVE = frozenset((
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.1.98",
))  # fmt: skip
"""Uncompressed samples."""

JPEG = "medviewer.io.dicom.codecs.jpeg"
JPEG_LOSSLESS = "medviewer.io.dicom.codecs.jpeg_lossless"
JPEG_LS = "medviewer.io.dicom.codecs.jpeg_ls"
JPEG_2000 = "medviewer.io.dicom.codecs.jpeg_2000"
RLE = "medviewer.io.dicom.codecs.run_length"

TABLE: dict[str, tuple[str, str]] = {
    "1.2.840.10008.1.2.4.50": ("JPEG baseline", JPEG), "1.2.840.10008.1.2.4.51": ("JPEG extended", JPEG),
    "1.2.840.10008.1.2.4.53": ("JPEG spectral selection", JPEG),
    "1.2.840.10008.1.2.4.55": ("JPEG full progression", JPEG),
    "1.2.840.10008.1.2.4.57": ("JPEG lossless", JPEG_LOSSLESS),
    "1.2.840.10008.1.2.4.70": ("JPEG lossless SV1", JPEG_LOSSLESS),
    "1.2.840.10008.1.2.4.80": ("JPEG-LS lossless", JPEG_LS), "1.2.840.10008.1.2.4.81": ("JPEG-LS", JPEG_LS),
    "1.2.840.10008.1.2.4.90": ("JPEG 2000 lossless", JPEG_2000), "1.2.840.10008.1.2.4.91": ("JPEG 2000", JPEG_2000),
    "1.2.840.10008.1.2.4.92": ("JPEG 2000 multi lossless", JPEG_2000),
    "1.2.840.10008.1.2.4.93": ("JPEG 2000 multi", JPEG_2000),
    "1.2.840.10008.1.2.4.201": ("HTJ2K lossless", JPEG_2000), "1.2.840.10008.1.2.4.202": ("HTJ2K RPCL", JPEG_2000),
    "1.2.840.10008.1.2.4.203": ("HTJ2K", JPEG_2000), "1.2.840.10008.1.2.5": ("RLE", RLE),
}  # fmt: skip
"""Transfer syntax UID -> (name, module)."""

REFUSED_BY_NAME = {
    "1.2.840.10008.1.2.4.110": "JPEG XL lossless", "1.2.840.10008.1.2.4.111": "JPEG XL recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL", "1.2.840.10008.1.2.4.100": "MPEG-2", "1.2.840.10008.1.2.4.101": "MPEG-2",
    "1.2.840.10008.1.2.4.102": "MPEG-4", "1.2.840.10008.1.2.4.103": "MPEG-4", "1.2.840.10008.1.2.4.104": "MPEG-4",
    "1.2.840.10008.1.2.4.105": "MPEG-4", "1.2.840.10008.1.2.4.106": "MPEG-4", "1.2.840.10008.1.2.4.107": "HEVC",
    "1.2.840.10008.1.2.4.108": "HEVC", "1.2.840.10008.1.2.4.94": "JPIP", "1.2.840.10008.1.2.4.95": "JPIP",
    "1.2.840.10008.1.2.4.204": "JPIP HTJ2K", "1.2.840.10008.1.2.4.205": "JPIP HTJ2K",
}  # fmt: skip


@dataclass(frozen=True)
class FrameJob:
    """What a codec must know of a frame. rgb: the samples are asked for as RGB; photometric as in the header."""

    rows: int
    columns: int
    samples: int
    bits: int
    bits_stored: int
    signed: bool
    photometric: str
    planar: int
    syntax: str

    @property
    def rgb(self) -> bool:
        return self.samples >= 3


def codec(syntax: str) -> Any:
    """The module that decodes a transfer syntax; KeyError where there is none."""
    return importlib.import_module(TABLE[syntax][1])


def refusal(syntax: str) -> Words | None:
    """Why pixel data of this transfer syntax can't be read, or None where it can."""
    if syntax in NATIVE:
        return None
    if syntax in TABLE:
        module = codec(syntax)
        if module.is_available():
            return None
        return Words("{name} can't be decoded: {why}.", "无法解码 {name}：{why}。").format(
            name=TABLE[syntax][0], why=module.reason()
        )
    if syntax in REFUSED_BY_NAME:
        return Words(
            "Pixel data encoded as {name} can't be shown.", "无法显示以 {name} 编码的像素数据。"
        ).format(name=REFUSED_BY_NAME[syntax])
    shown = syntax[:64] if syntax.replace(".", "").isdigit() else "?"
    return Words("Its transfer syntax ({uid}) is not known.", "未知的传输语法（{uid}）。").format(uid=shown)
