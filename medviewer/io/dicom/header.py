"""A small reader of DICOM headers: the elements of `tags`, up to the pixel data, from a few kilobytes.

It knows explicit and implicit little endian, big endian and deflated files, with and without preamble
(PS3.10, PS3.5 7 and A). What it can't follow is left to pydicom, which is slower and more forgiving.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from typing import Any

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.dicom.tags import KEYWORDS, NUMERIC, PIXELS
from medviewer.io.sources import Source

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPIP_DEFLATED = ("1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205")

DAMAGED = Words(
    "This DICOM file is damaged: its header can't be read.", "该 DICOM 文件已损坏：无法读取头信息。"
)
CUT = Words("This DICOM file is cut off within its header.", "该 DICOM 文件在头信息处被截断。")

WINDOW = 8192
MAX_HEADER = 256 << 20
MAX_INFLATED = 4 << 30
UNDEFINED = 0xFFFFFFFF
LONG_FORM = frozenset(
    (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UT", b"UN", b"UC", b"UR", b"SV", b"UV")
)
KNOWN_VR = LONG_FORM | frozenset((
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
))  # fmt: skip
BINARY = {
    b"US": "H",
    b"SS": "h",
    b"UL": "I",
    b"SL": "i",
    b"FL": "f",
    b"FD": "d",
    b"AT": "I",
    b"UV": "Q",
    b"SV": "q",
}


PIXEL_KEYWORD = "PixelData"
_SEQUENCE = (b"SQ", b"")
_IS_LONG = {vr: vr in LONG_FORM for vr in KNOWN_VR}
_BY_TAG = KEYWORDS | dict.fromkeys(PIXELS, PIXEL_KEYWORD)
_LOOKUP = {
    ">": _BY_TAG,
    "<": {(tag >> 16) | (tag & 0xFFFF) << 16: keyword for tag, keyword in _BY_TAG.items()},
}


def _tag_of(read: int, order: str) -> int:
    return read if order == ">" else (read >> 16) | (read & 0xFFFF) << 16


class OddHeader(Exception):
    """The small reader can't follow this file."""


class Header:
    """The kept elements of one file, by keyword, as raw bytes; decoded when asked for."""

    __slots__ = (
        "big", "dataset", "inflated", "pixel_length", "pixel_offset", "pixel_tag", "pixel_vr", "raw", "source", "syntax",
        "truncated",
    )  # fmt: skip

    def __init__(self, source: Source, syntax: str) -> None:
        self.source, self.syntax = source, syntax
        self.raw: dict[str, tuple[bytes, bytes]] = {}
        self.big = syntax == EXPLICIT_BIG
        self.inflated = syntax == DEFLATED or syntax in JPIP_DEFLATED
        self.pixel_offset, self.pixel_length, self.pixel_tag = -1, 0, 0
        self.pixel_vr = b""
        self.truncated = False
        self.dataset: Any = None

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.raw

    @property
    def has_pixels(self) -> bool:
        return self.pixel_offset >= 0

    @property
    def encapsulated(self) -> bool:
        return self.pixel_length == UNDEFINED

    def bytes(self, keyword: str) -> bytes:
        found = self.raw.get(keyword)
        return found[1] if found else b""

    def text(self, keyword: str) -> str:
        """ASCII text, padding taken off; "" where there is none. Names and descriptions: see `text.decoded`."""
        found = self.raw.get(keyword)
        return found[1].decode("latin-1").strip(" \0\r\n\t") if found else ""

    def texts(self, keyword: str) -> list[str]:
        whole = self.text(keyword)
        return [part.strip(" \0") for part in whole.split("\\")] if whole else []

    def floats(self, keyword: str) -> list[float]:
        """All finite numbers of the element; what is no number is left out."""
        found = self.raw.get(keyword)
        if not found or not found[1]:
            return []
        vr, value = found
        code = BINARY.get(vr)
        if code:
            count = len(value) // struct.calcsize(code)
            form = f"{'>' if self.big else '<'}{count}{code}"
            numbers = [float(v) for v in struct.unpack(form, value[: struct.calcsize(form)])]
        else:
            try:
                numbers = [float(part) for part in value.rstrip(b" \0").split(b"\\")]
            except ValueError:
                numbers = _numbers(value)
        return numbers if math.isfinite(sum(numbers)) else [n for n in numbers if math.isfinite(n)]

    def number(self, keyword: str) -> float | None:
        found = self.floats(keyword)
        return found[0] if found else None

    def integer(self, keyword: str, otherwise: int = 0) -> int:
        raw = self.raw.get(keyword)
        if raw is not None and raw[0] == b"US" and len(raw[1]) == 2:
            return int.from_bytes(raw[1], "big" if self.big else "little")
        found = self.floats(keyword)
        return int(found[0]) if found and abs(found[0]) < 1e15 else otherwise

    def elements(self) -> Any:
        """The whole dataset without pixel data, by pydicom; kept."""
        if self.dataset is None:
            from medviewer.io.dicom import by_pydicom

            self.dataset = by_pydicom.read_dataset(self.source)
        return self.dataset


def _numbers(value: bytes) -> list[float]:
    found = []
    for part in value.replace(b",", b".").split(b"\\"):
        match = re.search(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", part)
        if match:
            found.append(float(match.group()))
    return found


def read_header(source: Source) -> Header | None:
    """The header of a DICOM file, None where the file is no DICOM; MedViewerError "input.…" where it is damaged."""
    data = source.head(WINDOW)
    marked = data[128:132] == b"DICM"
    if not marked and not _plausible_start(data):
        return None
    try:
        header = _Reader(source, data, 132 if marked else 0).read()
    except (OddHeader, struct.error, IndexError, zlib.error):
        from medviewer.io.dicom import by_pydicom

        header = by_pydicom.read_header(source)
    if "SOPClassUID" not in header and "Rows" not in header:
        if header.truncated:
            raise MedViewerError("input.truncated", CUT)
        if not marked and "SOPInstanceUID" not in header:
            return None
        raise MedViewerError("input.damaged", DAMAGED)
    return header


def _plausible_start(data: bytes) -> bool:
    """Whether a file without preamble begins like a dataset: group 0002 or 0008 with a small length."""
    if len(data) < 16:
        return False
    group, element = struct.unpack_from("<HH", data)
    if group not in (0x0002, 0x0008) or element > 0x0200:
        return False
    if data[4:6] in KNOWN_VR:
        return True
    return 0 < int(struct.unpack_from("<I", data, 4)[0]) <= 256


class _Reader:
    """One pass over the elements of one file."""

    def __init__(self, source: Source, data: bytes, start: int) -> None:
        self.source, self.data, self.pos = source, data, start
        self.limit = source.size
        self.explicit, self.order = True, "<"

    def need(self, end: int) -> bool:
        """Have the bytes up to `end`; False where the file is shorter."""
        if end <= len(self.data):
            return True
        if end > self.limit:
            return False
        if end > MAX_HEADER:
            raise OddHeader
        wanted = min(self.limit, max(end, 4 * len(self.data)))
        if self.source.path is None:
            self.data = self.source.head(wanted)
        else:
            self.data += self.source.read(len(self.data), wanted - len(self.data))
        return end <= len(self.data)

    def read(self) -> Header:
        meta = self._meta()
        syntax = meta.get(0x00020010, b"").decode("latin-1").strip(" \0")
        if not syntax:
            syntax = IMPLICIT_LITTLE if not self._looks_explicit() else EXPLICIT_LITTLE
        header = Header(self.source, syntax)
        if 0x00020002 in meta:
            header.raw["SOPClassUID"] = (
                b"UI",
                meta[0x00020002],
            )  # the dataset's own, where it has one, replaces it
        if header.inflated:
            self._inflate()
        self.explicit = syntax != IMPLICIT_LITTLE
        if self.explicit != self._looks_explicit():
            self.explicit = not self.explicit  # some files say one and are the other
        if header.big:
            self.order = ">"
        self._dataset(header)
        return header

    def _looks_explicit(self) -> bool:
        return not self.need(self.pos + 6) or self.data[self.pos + 4 : self.pos + 6] in KNOWN_VR

    def _meta(self) -> dict[int, bytes]:
        """Group 0002: always explicit little endian."""
        found: dict[int, bytes] = {}
        while self.need(self.pos + 8):
            group, element, vr, length = struct.unpack_from("<HH2sH", self.data, self.pos)
            if group != 2:
                break
            if vr not in KNOWN_VR:
                raise OddHeader
            value = self.pos + 8
            if vr in LONG_FORM:
                if not self.need(self.pos + 12):
                    raise OddHeader
                length, value = struct.unpack_from("<I", self.data, self.pos + 8)[0], self.pos + 12
            if not self.need(value + length):
                raise OddHeader
            found[(group << 16) | element] = self.data[value : value + length]
            self.pos = value + length
        return found

    def _inflate(self) -> None:
        packed = self.source.all()[self.pos :]
        self.data = inflate(packed)
        self.pos, self.limit = 0, len(self.data)

    def _dataset(self, header: Header) -> None:
        """The elements up to the pixel data. Tags are looked up as they lie in the file, for speed."""
        raw, order, explicit = header.raw, self.order, self.explicit
        keywords, is_long = _LOOKUP[order], _IS_LONG
        short = struct.Struct(order + "I2sH").unpack_from
        plain = struct.Struct(order + "II").unpack_from
        word = struct.Struct(order + "I").unpack_from
        data, pos, end, limit = self.data, self.pos, len(self.data), self.limit
        vr = b""
        while True:
            if pos + 12 > end:
                self.need(min(pos + 12, limit))
                data, end = self.data, len(self.data)
                if pos + 8 > end:
                    header.truncated = pos < end
                    return
            value = pos + 8
            if explicit:
                tag, vr, length = short(data, pos)
                long = is_long.get(vr)
                if long:
                    if pos + 12 > end:
                        header.truncated = True
                        return
                    length = word(data, value)[0]
                    value = pos + 12
                elif long is None:
                    raise OddHeader
            else:
                tag, length = plain(data, pos)
            keyword = keywords.get(tag)
            if keyword is None:
                if length == UNDEFINED:
                    self.pos = value
                    self._skip_items(explicit and vr != b"UN", 0)
                    data, pos, end = self.data, self.pos, len(self.data)
                    continue
                pos = value + length
                if pos > limit:
                    header.truncated = True
                    return
            elif keyword == PIXEL_KEYWORD:
                header.pixel_tag, header.pixel_offset, header.pixel_length = (
                    _tag_of(tag, order),
                    value,
                    length,
                )
                header.pixel_vr = vr
                header.truncated = length != UNDEFINED and value + length > limit
                return
            elif length == UNDEFINED:
                self.pos = value
                self._skip_items(explicit and vr != b"UN", 0)
                data, pos, end = self.data, self.pos, len(self.data)
                raw[keyword] = _SEQUENCE
            else:
                pos = value + length
                if pos > limit:
                    header.truncated = True
                    return
                if vr == b"SQ":
                    raw[keyword] = _SEQUENCE
                else:
                    if pos > end:
                        self.need(pos)
                        data, end = self.data, len(self.data)
                    raw[keyword] = (vr if vr and vr != b"UN" else NUMERIC.get(keyword, b"")), data[value:pos]

    def _skip_items(self, explicit: bool, depth: int) -> None:
        """Step over the items of a sequence of undefined length, to behind its delimiter."""
        if depth > 32:
            raise OddHeader
        word = struct.Struct(self.order + "HHI").unpack_from
        while True:
            if self.pos + 8 > len(self.data) and not self.need(self.pos + 8):
                raise OddHeader
            group, element, length = word(self.data, self.pos)
            self.pos += 8
            if group != 0xFFFE:
                raise OddHeader
            if element == 0xE0DD:
                return
            if element != 0xE000:
                raise OddHeader
            if length == UNDEFINED:
                self._skip_elements(explicit, depth)
            else:
                self.pos += length
                if self.pos > self.limit:
                    raise OddHeader

    def _skip_elements(self, explicit: bool, depth: int) -> None:
        """Step over the elements of an item of undefined length, to behind its delimiter."""
        short = struct.Struct(self.order + "HH2sH").unpack_from
        plain = struct.Struct(self.order + "HHI").unpack_from
        word = struct.Struct(self.order + "I").unpack_from
        data, pos, end = self.data, self.pos, len(self.data)
        while True:
            if pos + 12 > end:
                self.need(min(pos + 12, self.limit))
                data, end = self.data, len(self.data)
                if pos + 8 > end:
                    raise OddHeader
            vr = b""
            if explicit:
                group, element, vr, length = short(data, pos)
                if group == 0xFFFE and element == 0xE00D:
                    self.pos = pos + 8
                    return
                if vr in LONG_FORM:
                    length = word(data, pos + 8)[0]
                    pos += 4
                elif vr not in KNOWN_VR:
                    raise OddHeader
            else:
                group, element, length = plain(data, pos)
                if group == 0xFFFE and element == 0xE00D:
                    self.pos = pos + 8
                    return
            pos += 8
            if length == UNDEFINED:
                self.pos = pos
                self._skip_items(explicit and vr != b"UN", depth + 1)
                data, pos, end = self.data, self.pos, len(self.data)
            else:
                pos += length
                if pos > self.limit:
                    raise OddHeader


def inflate(packed: bytes) -> bytes:
    """A deflated dataset (PS3.5 A.5), at most MAX_INFLATED and a plausible ratio."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    limit = min(MAX_INFLATED, 1100 * max(len(packed), 64))
    data = engine.decompress(packed, limit)
    if engine.unconsumed_tail:
        raise MedViewerError("input.damaged", DAMAGED, detail="deflated size")
    return data
