"""NIfTI-1 and NIfTI-2, single files and pairs, plain or gzipped (nifti1.h, nifti2.h by the NIfTI working group).

The place is the sform where its code is above 0, else the qform; RAS of the file becomes LPS.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.report import ReportItem
from medviewer.core.words import Words
from medviewer.io.sources import Source
from medviewer.io.volumes.grid import Grid, damaged, unpacked

TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
RGB24, RGBA32 = 128, 2304
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
CONFLICT = Words(
    "Its two orientations (sform, qform) differ; the sform is used.",
    "文件的两种方位（sform、qform）不一致；采用 sform。",
)


def is_nifti(source: Source) -> bool:
    name = source.base.lower()
    return name.endswith((".nii", ".nii.gz", ".hdr"))


def read_grid(source: Source) -> Grid:
    """The header; raises MedViewerError "input.damaged"."""
    name = source.base.lower()
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
            return _first(source, raw, order, packed, name)
        if size == 540 and len(raw) >= 540 and raw[4:7] in (b"n+2", b"ni2"):
            return _second(source, raw, order, packed, name)
    raise damaged("NIfTI", "magic")


def _first(source: Source, raw: bytes, o: str, packed: bool, name: str) -> Grid:
    dims = struct.unpack_from(o + "8h", raw, 40)
    pixdim = struct.unpack_from(o + "8f", raw, 76)
    offset, slope, intercept = struct.unpack_from(o + "3f", raw, 108)
    codes = struct.unpack_from(o + "2h", raw, 252)
    quaternion = struct.unpack_from(o + "6f", raw, 256)
    rows = np.array(struct.unpack_from(o + "12f", raw, 280), float).reshape(3, 4)
    code = struct.unpack_from(o + "h", raw, 70)[0]
    text = raw[148:228]
    pair = raw[344:347] == b"ni1"
    return _grid(source, o, packed, name, dims, pixdim, int(offset), slope, intercept, codes, quaternion, rows, code,
                 raw[123], text, pair)  # fmt: skip


def _second(source: Source, raw: bytes, o: str, packed: bool, name: str) -> Grid:
    code = struct.unpack_from(o + "h", raw, 12)[0]
    dims = struct.unpack_from(o + "8q", raw, 16)
    pixdim = struct.unpack_from(o + "8d", raw, 104)
    offset = struct.unpack_from(o + "q", raw, 168)[0]
    slope, intercept = struct.unpack_from(o + "2d", raw, 176)
    text = raw[240:320]
    codes = struct.unpack_from(o + "2i", raw, 344)
    quaternion = struct.unpack_from(o + "6d", raw, 352)
    rows = np.array(struct.unpack_from(o + "12d", raw, 400), float).reshape(3, 4)
    units = struct.unpack_from(o + "i", raw, 500)[0]
    pair = raw[4:7] == b"ni2"
    return _grid(source, o, packed, name, dims, pixdim, int(offset), slope, intercept, codes, quaternion, rows, code,
                 units, text, pair)  # fmt: skip


def _grid(
    source: Source, order: str, packed: bool, name: str, dims: Any, pixdim: Any, offset: int, slope: float,
    intercept: float, codes: Any, quaternion: Any, sform: NDArray[np.float64], code: int, units: int, text: bytes,
    pair: bool,
) -> Grid:  # fmt: skip
    rank = dims[0]
    if not 1 <= rank <= 7 or any(d < 0 for d in dims[1 : rank + 1]):
        raise damaged("NIfTI", "dim")
    sizes = [max(1, int(d)) for d in dims[1 : rank + 1]] + [1] * 7
    size, parts = (sizes[0], sizes[1], sizes[2]), int(np.prod(sizes[3:7], dtype=np.float64))
    components = 3 if code == RGB24 else 4 if code == RGBA32 else 1
    if components == 1 and code not in TYPES:
        raise MedViewerError(
            "input.type",
            Words(
                "NIfTI voxels of this type ({n}) can't be shown.", "无法显示该类型（{n}）的 NIfTI 体素。"
            ).format(n=code),
        )
    dtype = np.dtype("u1" if components > 1 else order + TYPES[code])
    scale = UNIT_MM.get(units & 7, 1.0)
    affine, items = _place(codes, quaternion, sform, pixdim, scale)
    spacing = [abs(float(v)) * scale for v in pixdim[1:4]]
    good = all(np.isfinite(s) and s > 0 for s in spacing[:2])
    data = source
    if pair:
        stem = source.base[: -len(".hdr")] if name.endswith(".hdr") else source.base.rsplit(".", 1)[0]
        found = next((s for s in map(source.sibling, (stem + ".img", stem + ".img.gz")) if s), None)
        if found is None:
            raise damaged("NIfTI", "no .img beside .hdr")
        data, packed = found, found.head(2) == b"\x1f\x8b"
    else:
        offset = max(offset, 352 if sform.size and not pair else 0)
    count = int(np.prod(size, dtype=np.float64)) * parts * components * dtype.itemsize
    linear = slope if np.isfinite(slope) and slope != 0 else 1.0
    shift = intercept if np.isfinite(intercept) and slope != 0 and np.isfinite(slope) else 0.0

    def read() -> NDArray[Any]:
        if packed:
            whole = unpacked(data, 0, "gzip", offset + count)
            flat = np.frombuffer(
                whole, dtype, offset=offset, count=max(0, (len(whole) - offset) // dtype.itemsize)
            )
        else:
            flat = np.frombuffer(data.read(offset, count), dtype)
        return flat.reshape(-1, 4)[:, :3].reshape(-1) if components == 4 else flat

    if not packed and data.size < offset + count:
        raise MedViewerError(
            "input.truncated",
            Words("This NIfTI file is cut off: voxels are missing.", "该 NIfTI 文件被截断：缺少体素数据。"),
        )
    words = text.split(b"\0")[0].decode("latin-1").strip()
    del words  # the description field is free text that may name a patient: the file's name is shown instead
    return Grid("NIfTI", size, parts, min(components, 3), dtype, affine, read,
                (spacing[0], spacing[1], spacing[2]) if good else None, float(linear), float(shift), items=items)  # fmt: skip


def _place(
    codes: Any, quaternion: Any, sform: NDArray[np.float64], pixdim: Any, scale: float
) -> tuple[NDArray[np.float64] | None, list[ReportItem]]:
    """Affine to LPS mm and what is odd about it; None where neither form is given."""
    q_code, s_code = codes
    by_q = _from_quaternion(quaternion, pixdim) if q_code > 0 else None
    by_s = np.vstack([sform, [0, 0, 0, 1]]) if s_code > 0 else None
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
