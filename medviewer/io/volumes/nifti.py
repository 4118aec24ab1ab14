"""NIfTI-1 and NIfTI-2, single files and pairs, plain or gzipped (nifti1.h, nifti2.h by the NIfTI working group).

The place is the sform where its code is above 0, else the qform; RAS of the file becomes LPS.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.report import ReportItem
from medviewer.core.words import Words
from medviewer.io.sources import Source
from medviewer.io.volumes.grid import CUT, Grid, damaged, stream

TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
RGB24, RGBA32 = 128, 2304
VECTOR_INTENTS = (1007, 2003)
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
UNKNOWN_TYPE = Words(
    "NIfTI voxels of this type ({n}) can't be shown.", "无法显示该类型（{n}）的 NIfTI 体素。"
)
CONFLICT = Words(
    "Its two orientations (sform, qform) differ; the sform is used.",
    "文件的两种方位（sform、qform）不一致；采用 sform。",
)


def is_nifti(source: Source) -> bool:
    name = source.base.lower()
    return name.endswith((".nii", ".nii.gz", ".hdr"))


def read_grid(source: Source) -> Grid:
    """The header; raises MedViewerError "input.damaged"."""
    packed = source.head(2) == b"\x1f\x8b"
    raw = source.head(1 << 16)
    if packed:
        try:
            raw = gzip.GzipFile(fileobj=io.BytesIO(source.read(0, min(source.size, 1 << 20)))).read(1024)
        except (OSError, EOFError, zlib.error) as fault:
            raise damaged("NIfTI", "gzip") from fault
    if len(raw) < 348:
        raise damaged("NIfTI", "short")
    for order in "<>":
        size = struct.unpack_from(order + "i", raw)[0]
        if size == 348 and raw[344:347] in (b"n+1", b"ni1"):
            return _grid(source, _first(raw, order), packed)
        if size == 540 and len(raw) >= 540 and raw[4:7] in (b"n+2", b"ni2"):
            return _grid(source, _second(raw, order), packed)
    raise damaged("NIfTI", "magic")


@dataclass(frozen=True)
class _Fields:
    """What both versions of the header say; the free text is left alone, it may name a patient."""

    order: str
    dims: tuple[int, ...]
    pixdim: tuple[float, ...]
    offset: int
    slope: float
    intercept: float
    q_code: int
    s_code: int
    quaternion: tuple[float, ...]
    sform: NDArray[np.float64]
    datatype: int
    intent: int
    units: int
    pair: bool


def _first(raw: bytes, o: str) -> _Fields:
    intent, datatype = struct.unpack_from(o + "2h", raw, 68)
    offset, slope, intercept = struct.unpack_from(o + "3f", raw, 108)
    q, s = struct.unpack_from(o + "2h", raw, 252)
    rows = np.array(struct.unpack_from(o + "12f", raw, 280), float).reshape(3, 4)
    return _Fields(
        o, struct.unpack_from(o + "8h", raw, 40), struct.unpack_from(o + "8f", raw, 76), int(offset), slope, intercept,
        q, s, struct.unpack_from(o + "6f", raw, 256), rows, datatype, intent, raw[123],
        raw[344:347] == b"ni1",
    )  # fmt: skip


def _second(raw: bytes, o: str) -> _Fields:
    slope, intercept = struct.unpack_from(o + "2d", raw, 176)
    q, s = struct.unpack_from(o + "2i", raw, 344)
    rows = np.array(struct.unpack_from(o + "12d", raw, 400), float).reshape(3, 4)
    units, intent = struct.unpack_from(o + "2i", raw, 500)
    return _Fields(
        o, struct.unpack_from(o + "8q", raw, 16), struct.unpack_from(o + "8d", raw, 104),
        int(struct.unpack_from(o + "q", raw, 168)[0]), slope, intercept, q, s,
        struct.unpack_from(o + "6d", raw, 352), rows, struct.unpack_from(o + "h", raw, 12)[0], intent, units,
        raw[4:7] == b"ni2",
    )  # fmt: skip


def _grid(source: Source, f: _Fields, packed: bool) -> Grid:
    rank = f.dims[0]
    if not 1 <= rank <= 7 or any(d < 0 for d in f.dims[1 : rank + 1]):
        raise damaged("NIfTI", "dim")
    sizes = [max(1, int(d)) for d in f.dims[1 : rank + 1]] + [1] * 7
    size, parts = (sizes[0], sizes[1], sizes[2]), int(np.prod(sizes[3:7], dtype=np.float64))
    components = 3 if f.datatype == RGB24 else 4 if f.datatype == RGBA32 else 1
    if components == 1 and f.datatype not in TYPES:
        raise MedViewerError("input.type", UNKNOWN_TYPE.format(n=f.datatype))
    planes = f.intent in VECTOR_INTENTS and sizes[3] == 1 and sizes[4] == 3 and TYPES.get(f.datatype) == "u1"
    if planes:  # colour as three volumes one after the other
        components, parts = 3, parts // 3
    dtype = np.dtype("u1" if components > 1 else f.order + TYPES[f.datatype])
    scale = UNIT_MM.get(f.units & 7, 1.0)
    affine, items = _place(f, scale)
    spacing = [abs(float(v)) * scale for v in f.pixdim[1:4]]
    good = all(np.isfinite(s) and s > 0 for s in spacing[:2])
    data, offset = source, f.offset if f.pair else max(f.offset, 352)
    if f.pair:
        stem = source.base.rsplit(".", 1)[0]
        found = next((s for s in map(source.sibling, (stem + ".img", stem + ".img.gz")) if s), None)
        if found is None:
            raise damaged("NIfTI", "no .img beside .hdr")
        data, packed = found, found.head(2) == b"\x1f\x8b"
    count = int(np.prod(size, dtype=np.float64)) * parts * components * dtype.itemsize
    scaled = np.isfinite(f.slope) and f.slope != 0
    slope = float(f.slope) if scaled else 1.0
    intercept = float(f.intercept) if scaled and np.isfinite(f.intercept) else 0.0

    if not packed and data.size < offset + count:
        raise MedViewerError("input.truncated", CUT.format(format="NIfTI"))
    known = (spacing[0], spacing[1], spacing[2]) if good else None
    begin = (0, "gzip", offset) if packed else (offset, "raw", 0)
    return Grid(
        "NIfTI", size, parts, min(components, 3), dtype, affine, lambda: stream(data, *begin, count), known, slope,
        intercept, None, items, not planes, alpha=components == 4,
    )  # fmt: skip


def _place(f: _Fields, scale: float) -> tuple[NDArray[np.float64] | None, list[ReportItem]]:
    """Affine to LPS mm and what is odd about it; None where neither form is given."""
    by_q = _from_quaternion(f.quaternion, f.pixdim) if f.q_code > 0 else None
    by_s = np.vstack([f.sform, [0, 0, 0, 1]]) if f.s_code > 0 else None
    if by_s is not None and (not np.isfinite(by_s).all() or abs(np.linalg.det(by_s[:3, :3])) < 1e-9):
        by_s = None
    affine = by_s if by_s is not None else by_q
    if affine is None:
        return None, []
    items = []
    if (
        by_s is not None
        and by_q is not None
        and np.abs(by_s - by_q).max() > 0.02 * np.abs(by_s[:3, :3]).max() + 0.05
    ):
        items.append(ReportItem("geometry.conflict", CONFLICT))
    lps = LPS @ affine
    lps[:3] *= scale
    return lps, items


def _from_quaternion(quaternion: Any, pixdim: Any) -> NDArray[np.float64] | None:
    """Method 2 of nifti1.h: quaternion b, c, d, offsets, and pixdim with qfac in its first entry."""
    b, c, d, x, y, z = (float(v) for v in quaternion)
    rest = 1.0 - (b * b + c * c + d * d)
    if rest < -1e-4 or not np.isfinite([b, c, d, x, y, z]).all():
        return None
    if rest < 1e-7:
        length = np.sqrt(b * b + c * c + d * d)
        b, c, d, a = b / length, c / length, d / length, 0.0
    else:
        a = float(np.sqrt(rest))
    turn = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ])  # fmt: skip
    steps = np.array([float(v) if np.isfinite(v) and v > 0 else 1.0 for v in pixdim[1:4]])
    if pixdim[0] < 0:
        steps[2] = -steps[2]
    affine = np.eye(4)
    affine[:3, :3] = turn * steps
    affine[:3, 3] = x, y, z
    return affine
