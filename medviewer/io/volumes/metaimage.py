"""MetaImage, .mha and .mhd (ITK's MetaIO): local, one data file or a list, raw or zlib."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.io.sources import Source
from medviewer.io.volumes.grid import Grid, damaged, stream
from medviewer.io.volumes.nrrd import LEAVES

TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip


def is_metaimage(source: Source) -> bool:
    return source.base.lower().endswith((".mha", ".mhd"))


def read_grid(source: Source) -> Grid:
    """The header; raises MedViewerError "input.damaged"."""
    raw = source.head(1 << 16)
    fields: dict[str, str] = {}
    pos = 0
    while pos < len(raw):
        end = raw.find(b"\n", pos)
        line = raw[pos : end if end >= 0 else len(raw)]
        pos = end + 1 if end >= 0 else len(raw)
        if b"=" not in line or len(line) > 4096 or not line[:1].isalpha():
            if not fields:
                raise damaged("MetaImage", "header")
            continue
        name, _, value = line.decode("latin-1").partition("=")
        fields[name.strip().lower()] = value.strip()
        if name.strip().lower() == "elementdatafile":
            break
    try:
        return _grid(source, fields, raw, pos)
    except (KeyError, ValueError, IndexError) as fault:
        raise damaged("MetaImage", type(fault).__name__) from fault


def _grid(source: Source, fields: dict[str, str], raw: bytes, pos: int) -> Grid:
    rank = int(fields["ndims"])
    sizes = [int(v) for v in fields["dimsize"].split()]
    if len(sizes) < rank or not 1 <= rank <= 5:
        raise ValueError("DimSize")
    true = ("true", "1", "yes")
    big = (
        fields.get("binarydatabyteordermsb") or fields.get("elementbyteordermsb") or "false"
    ).lower() in true
    dtype = np.dtype((">" if big else "<") + TYPES[fields["elementtype"].upper()])
    packed = fields.get("compresseddata", "false").lower() in true
    components = int(fields.get("elementnumberofchannels", "1"))
    spacing = [
        abs(float(v))
        for v in (fields.get("elementspacing") or fields.get("elementsize") or "1 1 1 1 1").split()
    ]
    affine = _place(fields, rank, spacing)
    shape = [*sizes[:3], 1, 1][:3]
    parts = int(np.prod(sizes[3:rank], dtype=np.float64)) if rank > 3 else 1
    count = int(np.prod(sizes[:rank], dtype=np.float64)) * components * dtype.itemsize
    where = fields["elementdatafile"]
    skip = int(fields.get("headersize", "0"))
    pieces = _pieces(source, where, raw, pos)

    def chunks() -> Iterator[bytes]:
        if packed:
            yield from stream(*pieces[0], "zlib", 0, count)
            return
        each = count // len(pieces)
        for data, offset in pieces:
            yield from stream(data, data.size - each if skip < 0 else offset + skip, "raw", 0, each)

    known = "elementspacing" in fields or "elementsize" in fields
    gaps = (*spacing, 1.0, 1.0, 1.0)
    return Grid("MetaImage", (shape[0], shape[1], shape[2]), parts, components, dtype, affine, chunks,
                (gaps[0], gaps[1], gaps[2]) if known else None)  # fmt: skip


def _pieces(source: Source, where: str, raw: bytes, pos: int) -> list[tuple[Source, int]]:
    """(source, offset) of the data: in this file, beside it, or in a list of files."""
    if where.upper() == "LOCAL":
        return [(source, pos)]
    names = [where]
    if where.upper().startswith("LIST"):
        names = [n.strip() for n in raw[pos:].decode("latin-1").splitlines() if n.strip()]
    found = [source.sibling(name) for name in names]
    if not found or any(f is None for f in found) or "%" in where:
        raise MedViewerError("input.missing", LEAVES)
    return [(f, 0) for f in found if f is not None]


def _place(fields: dict[str, str], rank: int, spacing: list[float]) -> NDArray[np.float64] | None:
    if rank < 3:
        return None
    turn = np.eye(3)
    text = fields.get("transformmatrix") or fields.get("rotation") or fields.get("orientation")
    if text:
        numbers = np.array([float(v) for v in text.split()], float)
        if numbers.size != rank * rank:
            raise ValueError("TransformMatrix")
        turn = numbers.reshape(rank, rank)[:3, :3].T
    offset = fields.get("offset") or fields.get("position") or fields.get("origin") or "0 0 0"
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array(spacing[:3])
    affine[:3, 3] = [float(v) for v in offset.split()[:3]]
    return affine
