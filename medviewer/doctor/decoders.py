"""Decoders of compressed DICOM: each is tried on a small picture, not only looked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.words import Words, same
from medviewer.doctor.item import Item

_TITLE = Words("Image decoders", "影像解码器")
Picture = NDArray[np.uint16]


def _picture() -> Picture:
    rows, columns = np.mgrid[0:32, 0:32]
    return (rows * 97 + columns * 13).astype(np.uint16)


def _imagecodecs(name: str) -> Callable[[Picture], Any]:
    def there_and_back(picture: Picture) -> Any:
        codecs = importlib.import_module("imagecodecs")
        return getattr(codecs, f"{name}_decode")(getattr(codecs, f"{name}_encode")(picture))

    return there_and_back


def _jpeg2k(picture: Picture) -> Any:
    codecs = importlib.import_module("imagecodecs")
    return codecs.jpeg2k_decode(codecs.jpeg2k_encode(picture, level=0))


def _jpeg8(picture: Picture) -> Any:
    codecs = importlib.import_module("imagecodecs")
    small = (picture >> 4).astype(np.uint8)
    back = codecs.jpeg8_decode(codecs.jpeg8_encode(small, level=100))
    return picture if np.abs(back.astype(int) - small).max() < 16 else None


def _rle(picture: Picture) -> Any:
    utils = importlib.import_module("rle.utils")
    shape = {"rows": picture.shape[0], "columns": picture.shape[1], "samples_per_pixel": 1, "bits_allocated": 16}
    coded = utils.encode_pixel_data(picture.astype("<u2").tobytes(), byteorder="<", **shape)
    return utils.decode_frame(coded, picture.size, 16, "<")


def _openjpeg(picture: Picture) -> Any:
    coded = importlib.import_module("imagecodecs").jpeg2k_encode(picture, level=0, codecformat="j2k")
    return importlib.import_module("openjpeg").decode(coded)


def _jpegls(picture: Picture) -> Any:
    module = importlib.import_module("jpeg_ls")
    return module.decode(module.encode(picture))


_DECODERS: tuple[tuple[str, Callable[[Picture], Any]], ...] = (
    ("JPEG", _jpeg8),
    ("JPEG lossless", _imagecodecs("ljpeg")),
    ("JPEG-LS", _imagecodecs("jpegls")),
    ("JPEG 2000", _jpeg2k),
    ("HTJ2K", _imagecodecs("htj2k")),
    ("JPEG-LS (pyjpegls)", _jpegls),
    ("JPEG 2000 (openjpeg)", _openjpeg),
    ("RLE", _rle),
)

_WHEELS = "imagecodecs pyjpegls pylibjpeg-openjpeg pylibjpeg-rle"


def decoders() -> Item:
    """Each decoder on a 32 x 32 picture, there and back."""
    picture = _picture()
    broken = [name for name, decode in _DECODERS if not _right(decode, picture)]
    if not broken:
        names = ", ".join(name for name, _ in _DECODERS if "(" not in name)
        return Item("decoders", _TITLE, "ok", same(names))
    return Item(
        "decoders", _TITLE, "warn",
        Words("not working: {names}", "无法使用：{names}").format(names=", ".join(broken)),
        Words("Run: {line}", "请执行：{line}").format(line=f"pip install --force-reinstall -c constraints.txt {_WHEELS}"),
    )  # fmt: skip


def _right(decode: Callable[[Picture], Any], picture: Picture) -> bool:
    try:
        back = decode(picture)
    except Exception:  # a broken wheel fails in many ways, and each of them means: not working
        return False
    if isinstance(back, bytes | bytearray):
        back = np.frombuffer(bytes(back), np.uint16)
    return back is not None and np.array_equal(np.asarray(back).ravel(), picture.ravel())
