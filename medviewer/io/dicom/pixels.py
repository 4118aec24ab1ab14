"""The stored samples of one file: native or compressed, one frame at a time, written into place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.dicom import colors
from medviewer.io.dicom.codecs import NATIVE, FrameJob, codec
from medviewer.io.dicom.encapsulated import CUT_PIXELS
from medviewer.io.dicom.encapsulated import frames as encapsulated_frames
from medviewer.io.dicom.header import inflate
from medviewer.io.dicom.instance import Instance
from medviewer.io.sources import FileSource

BROKEN = Words("The pixel data of this file is damaged.", "该文件的像素数据已损坏。")


class PixelReader:
    """Frames of one file. `frame(n)`: (rows, columns[, 3]) as stored (colour as RGB); `into` fills an array in place."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._frames: list[bytes | None] | None = None
        self._data: bytes | None = None
        self._modality_table: NDArray[Any] | None = None

    @property
    def can_read_straight(self) -> bool:
        """Native grey samples of a file on disk that are laid out as in memory."""
        i = self.instance
        return (
            i.syntax in NATIVE and not i.header.inflated and not i.header.big and i.samples == 1 and not i.is_color
            and i.bits in (8, 16, 32) and isinstance(i.header.source, FileSource) and not i.header.truncated
            and not (i.signed and i.bits_stored < i.bits) and "ModalityLUTSequence" not in i.header
        )  # fmt: skip

    def into(self, n: int, target: NDArray[Any]) -> None:
        """Read frame n into a contiguous (rows, columns[, 3]) array; MedViewerError "input.…" where it can't be read."""
        instance = self.instance
        source = instance.header.source
        if self.can_read_straight and isinstance(source, FileSource) and target.flags.c_contiguous:
            size = instance.rows * instance.columns * instance.bits // 8
            view = target.reshape(-1).view(np.uint8).data
            there = source.read_into(instance.header.pixel_offset + n * size, view)
            if there != size:
                view[:there] = bytes(there)
                raise MedViewerError("input.truncated", CUT_PIXELS)
            _trim(target, instance)
            return
        target[...] = self.frame(n)

    def frame(self, n: int) -> NDArray[Any]:
        """Frame n as stored; MedViewerError "input.…" where it can't be read."""
        instance = self.instance
        try:
            array = self._native(n) if instance.syntax in NATIVE else self._compressed(n)
            return self._finished(array)
        except MedViewerError:
            raise
        except MemoryError:
            raise
        except Exception as fault:  # decoders raise errors of many kinds
            raise MedViewerError(
                "input.damaged", BROKEN, detail=f"{type(fault).__name__} in {instance.syntax}"
            ) from fault

    def _native(self, n: int) -> NDArray[Any]:
        i = self.instance
        samples = i.rows * i.columns * i.samples
        if i.photometric == "YBR_FULL_422" and i.samples == 3:
            samples = i.rows * i.columns * 2
        if i.bits == 1:
            first = n * samples
            raw = self._bytes(first // 8, (first + samples + 7) // 8 - first // 8)
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
            return bits[first % 8 : first % 8 + samples].reshape(i.rows, i.columns)
        if i.bits not in (8, 16, 32, 64):
            return self._packed(n, samples)
        size = samples * i.bits // 8
        swapped = i.header.big and i.bits == 8 and i.header.pixel_vr == b"OW"
        raw = self._swapped(n * size, size) if swapped else self._bytes(n * size, size)
        kind = "f" if i.header.pixel_tag != 0x7FE00010 else "i" if i.signed else "u"
        order = ">" if i.header.big else "<"
        array = np.frombuffer(raw, np.dtype(f"{order}{kind}{i.bits // 8}"))
        if i.samples == 1:
            return array.reshape(i.rows, i.columns)
        if i.photometric == "YBR_FULL_422":
            return colors.unpack_422(array, i.rows, i.columns)
        if i.planar == 1:
            return np.moveaxis(array.reshape(i.samples, i.rows, i.columns), 0, -1)
        return array.reshape(i.rows, i.columns, i.samples)

    def _swapped(self, start: int, count: int) -> bytes:
        """Bytes of a big-endian file that wrote them as 16-bit words."""
        first = start & ~1
        words = np.frombuffer(self._bytes(first, (start + count - first + 1) & ~1), np.uint8)
        return words.reshape(-1, 2)[:, ::-1].tobytes()[start - first : start - first + count]

    def _packed(self, n: int, samples: int) -> NDArray[Any]:
        """Samples of 12 bits, packed without gaps (retired)."""
        bits = self.instance.bits
        raw = np.frombuffer(self._bytes(n * samples * bits // 8, (samples * bits + 7) // 8), np.uint8)
        flat = np.unpackbits(raw, bitorder="little")[: samples * bits].reshape(samples, bits)
        values = flat.astype(np.uint32) @ (1 << np.arange(bits, dtype=np.uint32))
        return values.astype(np.uint16).reshape(self.instance.rows, self.instance.columns)

    def _bytes(self, start: int, count: int) -> bytes:
        header = self.instance.header
        if header.inflated:
            if self._data is None:
                self._data = _inflated(header.source.all())
            raw = self._data[header.pixel_offset + start : header.pixel_offset + start + count]
        else:
            raw = header.source.read(header.pixel_offset + start, count)
        if len(raw) < count:
            raise MedViewerError("input.truncated", CUT_PIXELS)
        return raw

    def _compressed(self, n: int) -> NDArray[Any]:
        i = self.instance
        if self._frames is None:
            whole = i.header.source.all()
            self._frames = encapsulated_frames(whole, i.header.pixel_offset, i.count)
        data = self._frames[n]
        if not data:
            raise MedViewerError("input.truncated", CUT_PIXELS)
        job = FrameJob(
            i.rows, i.columns, i.samples, i.bits, i.bits_stored, i.signed, i.photometric, i.planar, i.syntax
        )
        array = np.asarray(codec(i.syntax).decode(data, job))
        wanted = (i.rows, i.columns) if i.samples == 1 else (i.rows, i.columns, i.samples)
        if array.shape != wanted:
            if array.size != int(np.prod(wanted)):
                raise MedViewerError(
                    "input.damaged", BROKEN, detail=f"decoded {array.shape}, header {wanted}"
                )
            array = array.reshape(wanted)
        return array

    def _finished(self, array: NDArray[Any]) -> NDArray[Any]:
        i = self.instance
        if i.photometric == "PALETTE COLOR":
            return colors.palette_to_rgb(array, i.header.elements())
        if i.is_color:
            array = colors.to_eight_bits(array[..., :3], i.bits_stored)
            compressed_jpeg = ".4.5" in i.syntax
            if i.photometric.startswith("YBR_FULL") and not compressed_jpeg:
                array = colors.ybr_to_rgb(array)
            elif i.photometric.startswith("YBR_PARTIAL") and not compressed_jpeg:
                array = colors.ybr_to_rgb(array, partial=True)
            return array
        if array.dtype.kind == "f":
            return array
        if i.bits > 1 and array.dtype != i.dtype:
            array = _as_stored(array, i.dtype)
        if not array.flags.writeable and i.signed and i.bits_stored < i.bits:
            array = array.copy()
        _trim(array, i)
        if "ModalityLUTSequence" in i.header:
            array = self._through_table(array)
        return array

    def _through_table(self, array: NDArray[Any]) -> NDArray[Any]:
        """The modality LUT (PS3.3 C.11.1.1.1) in place of slope and intercept."""
        item = self.instance.header.elements().ModalityLUTSequence[0]
        descriptor = [int(v) for v in item.LUTDescriptor]
        count, first = descriptor[0] or 65536, descriptor[1]
        if self.instance.signed and first > 32767:
            first -= 65536
        raw = item.LUTData
        if isinstance(raw, bytes):
            raw = np.frombuffer(raw, "<u2" if descriptor[2] > 8 and len(raw) >= 2 * count else "u1")
        table = np.asarray(raw).astype(np.int64)[:count]
        values = table[np.clip(array.astype(np.int64) - first, 0, len(table) - 1)]
        return values.astype(np.int32)


def _as_stored(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Decoded or big-endian samples in the stored type: bit patterns stay (decoders give unsigned for signed)."""
    if array.dtype.itemsize == dtype.itemsize and array.dtype.isnative:
        return array.view(dtype)
    return array.astype(dtype)


def _trim(array: NDArray[Any], instance: Instance) -> None:
    """Signed samples of fewer bits than are allocated get their sign, where the bits above are not theirs."""
    if not instance.signed or instance.bits_stored >= instance.bits or array.dtype.kind != "i":
        return
    spare = array.dtype.itemsize * 8 - instance.bits_stored
    top = 1 << (instance.bits_stored - 1)
    if spare > 0 and int(array.max(initial=0)) >= top:
        np.left_shift(array, spare, out=array)
        np.right_shift(array, spare, out=array)


def _inflated(whole: bytes) -> bytes:
    """The dataset of a deflated file: behind its file meta group."""
    start = 132 if whole[128:132] == b"DICM" else 0
    length = int.from_bytes(whole[start + 8 : start + 12], "little")
    return inflate(whole[start + 12 + length :])
