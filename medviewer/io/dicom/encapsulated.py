"""Compressed frames in their fragments (PS3.5 A.4): basic and extended offset tables, or none."""

from __future__ import annotations

import struct
from itertools import pairwise

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words

CUT_PIXELS = Words("The pixel data of this file is cut off.", "该文件的像素数据被截断。")


def fragments(data: bytes, offset: int) -> tuple[list[int], list[tuple[int, int]], bool]:
    """(basic offset table, (start, length) of each fragment in `data`, whether the data is whole)."""
    table: list[int] = []
    found: list[tuple[int, int]] = []
    pos, first = offset, True
    while pos + 8 <= len(data):
        group, element, length = struct.unpack_from("<HHI", data, pos)
        pos += 8
        if (group, element) == (0xFFFE, 0xE0DD):
            return table, found, True
        if (group, element) != (0xFFFE, 0xE000) or length == 0xFFFFFFFF:
            return table, found, False
        if first:
            count = min(length, len(data) - pos) // 4
            table = list(struct.unpack_from(f"<{count}I", data, pos))
            first = False
        else:
            found.append((pos, min(length, len(data) - pos)))
            if pos + length > len(data):
                return table, found, False
        pos += length
    return table, found, False


def frames(data: bytes, offset: int, count: int) -> list[bytes | None]:
    """The bytes of each frame; None for those that the file does not hold. Raises where there are no fragments."""
    table, parts, _ = fragments(data, offset)
    if not parts:
        raise MedViewerError("input.truncated", CUT_PIXELS)
    if count == 1:
        return [b"".join(data[a : a + n] for a, n in parts)]
    if len(parts) == count:
        return [data[a : a + n] for a, n in parts]
    if len(table) == count:
        base = parts[0][0] - 8
        starts = {a - 8 - base: k for k, (a, _) in enumerate(parts)}
        if all(t in starts for t in table):
            edges = [*(starts[t] for t in table), len(parts)]
            return [b"".join(data[a : a + n] for a, n in parts[lo:hi]) for lo, hi in pairwise(edges)]
    if len(parts) < count:
        return [data[a : a + n] for a, n in parts] + [None] * (count - len(parts))
    return _by_markers(data, parts, count)


def _by_markers(data: bytes, parts: list[tuple[int, int]], count: int) -> list[bytes | None]:
    """More fragments than frames and no table: a frame begins where a codestream begins (JPEG SOI, JPEG 2000 SOC)."""
    groups: list[list[bytes]] = []
    for a, n in parts:
        chunk = data[a : a + n]
        if (
            not groups
            or chunk[:3] == b"\xff\xd8\xff"
            or chunk[:4] == b"\xff\x4f\xff\x51"
            or chunk[4:8] == b"jP  "
        ):
            groups.append([])
        groups[-1].append(chunk)
    found: list[bytes | None] = [b"".join(g) for g in groups[:count]]
    return found + [None] * (count - len(found))
