"""NRRD, attached and detached (teem's format definition, version 5): raw, gzip, bzip2 and ascii."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.sources import Source
from medviewer.io.volumes.grid import Grid, damaged, stream

TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
    "uint8_t": "u1", "short": "i2", "short int": "i2", "signed short": "i2", "signed short int": "i2", "int16": "i2",
    "int16_t": "i2", "ushort": "u2", "unsigned short": "u2", "unsigned short int": "u2", "uint16": "u2",
    "uint16_t": "u2", "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4", "uint": "u4",
    "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4", "longlong": "i8", "long long": "i8", "int64": "i8",
    "int64_t": "i8", "ulonglong": "u8", "unsigned long long": "u8", "uint64": "u8", "uint64_t": "u8", "float": "f4",
    "double": "f8",
}  # fmt: skip
ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2", "text": "ascii", "txt": "ascii",
             "ascii": "ascii"}  # fmt: skip
TO_LPS = {
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1), "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1), "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
    "left-posterior-superior-time": (1, 1, 1), "lpst": (1, 1, 1), "right-anterior-superior-time": (-1, -1, 1),
    "rast": (-1, -1, 1), "left-anterior-superior-time": (1, -1, 1), "last": (1, -1, 1),
}  # fmt: skip
COMPONENT_KINDS = ("list", "vector", "rgb-color", "hsv-color", "xyz-color", "rgba-color", "point", "covariant-vector",
                   "3-vector", "3-color", "normal", "3-gradient", "3-normal", "4-vector", "quaternion")  # fmt: skip
VECTOR = re.compile(r"\(([^)]*)\)|none", re.IGNORECASE)
LEAVES = Words(
    "This header names a data file that is missing or outside its folder.",
    "头文件所指的数据文件缺失或位于其文件夹之外。",
)


def is_nrrd(source: Source) -> bool:
    return source.base.lower().endswith((".nrrd", ".nhdr"))


def read_grid(source: Source) -> Grid:
    """The header; raises MedViewerError "input.damaged"."""
    raw = source.head(1 << 16)
    if raw[:4] != b"NRRD":
        raise damaged("NRRD", "magic")
    ends = [e for e in (raw.find(b"\n\n"), raw.find(b"\r\n\r\n")) if e >= 0]
    end = min(ends) if ends else len(raw)
    fields = _fields(raw[:end].decode("latin-1"))
    try:
        return _grid(source, fields, end + (4 if raw[end : end + 2] == b"\r\n" else 2))
    except (KeyError, ValueError, IndexError) as fault:
        raise damaged("NRRD", type(fault).__name__) from fault


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#") or ":" not in line:
            continue
        name, _, value = line.partition(":")
        if not value.startswith("="):
            found[name.strip().lower()] = value.strip()
    return found


def _grid(source: Source, fields: dict[str, str], start: int) -> Grid:
    rank = int(fields["dimension"])
    sizes = [int(v) for v in fields["sizes"].split()]
    if len(sizes) != rank or not 1 <= rank <= 8:
        raise ValueError("sizes")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    dtype = np.dtype(order + TYPES[fields["type"].lower()])
    encoding = ENCODINGS[fields["encoding"].lower()]
    directions = _directions(fields, rank)
    spatial, first = _axes(fields, directions, rank, sizes)
    components = int(np.prod([sizes[a] for a in range(first)])) if first else 1
    shape = [sizes[a] for a in spatial] + [1, 1, 1]
    parts = int(np.prod([sizes[a] for a in range(first + len(spatial), rank)], dtype=np.float64))
    affine, spacing = _place(fields, directions, spatial, _spacings(fields, rank, spatial))
    if first and (components != 3 or dtype != np.uint8):
        raise MedViewerError(
            "input.components",
            Words(
                "An NRRD file with {n} values per voxel can't be shown.",
                "无法显示每体素 {n} 个值的 NRRD 文件。",
            ).format(n=components),
        )
    count = int(np.prod(sizes, dtype=np.float64)) * dtype.itemsize
    data, offset = source, start
    name = fields.get("data file") or fields.get("datafile")
    if name:
        if name.upper().startswith("LIST") or "%" in name:
            raise MedViewerError(
                "input.type",
                Words(
                    "NRRD files split over many data files can't be shown.",
                    "无法显示拆分为多个数据文件的 NRRD。",
                ),
            )
        beside = source.sibling(name)
        if beside is None:
            raise MedViewerError("input.missing", LEAVES)
        data, offset = beside, 0
    lines = int(fields.get("line skip", fields.get("lineskip", "0")))
    skip = int(fields.get("byte skip", fields.get("byteskip", "0")))

    def chunks() -> Iterator[bytes]:
        begin = offset + _lines(data, offset, lines)
        if encoding == "ascii":
            text = data.read(begin, data.size - begin).split()
            return iter([np.array(text, float).astype(dtype).tobytes()])
        if encoding == "raw" and skip < 0:
            return stream(data, data.size - count, "raw", 0, count)
        return stream(data, begin, encoding, max(0, skip), count)

    size = (shape[0], shape[1], shape[2])
    return Grid("NRRD", size, parts, components, dtype, affine, chunks, spacing)


def _directions(fields: dict[str, str], rank: int) -> list[NDArray[np.float64] | None]:
    text = fields.get("space directions")
    if not text:
        return [None] * rank
    found: list[NDArray[np.float64] | None] = []
    for match in VECTOR.finditer(text):
        numbers = match.group(1)
        vector = np.array([float(v) for v in numbers.split(",")]) if numbers else None
        found.append(vector if vector is not None and np.isfinite(vector).all() else None)
    if len(found) != rank:
        raise ValueError("space directions")
    return found


def _axes(
    fields: dict[str, str], directions: list[Any], rank: int, sizes: list[int]
) -> tuple[list[int], int]:
    """(spatial axes, how many component axes come before them)."""
    kinds = [k.lower() for k in fields.get("kinds", "").split()]
    first = 0
    if any(d is not None for d in directions):
        while first < rank and directions[first] is None:
            first += 1
    elif len(kinds) == rank and kinds[0] in COMPONENT_KINDS and rank > 2:
        first = 1
    del sizes
    return list(range(first, min(rank, first + 3))), first


def _spacings(fields: dict[str, str], rank: int, spatial: list[int]) -> list[float] | None:
    text = fields.get("spacings")
    if not text:
        return None
    numbers = [float(v) for v in text.split()]
    found = [abs(numbers[a]) for a in spatial]
    return found if len(numbers) == rank and all(np.isfinite(v) and v > 0 for v in found) else None


def _place(
    fields: dict[str, str], directions: list[Any], spatial: list[int], spacings: list[float] | None
) -> tuple[NDArray[np.float64] | None, tuple[float, float, float] | None]:
    """(affine to LPS or None, spacing or None). A file of spacings alone lies as SimpleITK reads it: along L, P, H."""
    own = [directions[a] for a in spatial]
    signs = TO_LPS.get(fields.get("space", "").strip().lower())
    if len(own) == 3 and all(d is not None and len(d) == 3 for d in own):
        flip = np.array(signs or (1, 1, 1), float)
        affine = np.eye(4)
        affine[:3, :3] = np.stack(own, axis=1) * flip[:, None]
        origin = VECTOR.search(fields.get("space origin", ""))
        if origin and origin.group(1):
            affine[:3, 3] = np.array([float(v) for v in origin.group(1).split(",")][:3]) * flip
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        return affine, (float(lengths[0]), float(lengths[1]), float(lengths[2]))
    if all(d is not None for d in own) and own:
        lengths = [float(np.linalg.norm(d)) for d in own]
        return None, (lengths[0], lengths[1] if len(own) > 1 else lengths[0], 1.0)
    if spacings:
        three = (*spacings, 1.0, 1.0)[:3]
        return (np.diag([*three, 1.0]) if len(spacings) == 3 else None), (three[0], three[1], three[2])
    return (np.eye(4), (1.0, 1.0, 1.0)) if len(spatial) == 3 else (None, None)


def _lines(data: Source, offset: int, count: int) -> int:
    if count <= 0:
        return 0
    raw, pos = data.read(offset, 1 << 20), 0
    for _ in range(count):
        pos = raw.index(b"\n", pos) + 1
    return pos
