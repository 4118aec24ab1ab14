"""The loops behind `fast_linear`, compiled by numba; importing this module imports numba and takes about 0.3
s.

One function serves planes (one sample a pixel) and slabs. Along each row of pixels the index position is
linear in x, so that the stretch inside the voxels is found once per row and the inner loop needs no bounds
checks.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

MAX, MIN, MEAN = 0, 1, 2


@numba.njit(inline="always")
def _stretch(at: float, step: float, low: float, high: float, first: int, last: int) -> tuple[int, int]:
    """The part of first..last (exclusive) in which low <= at + x * step <= high."""
    if step > 1e-12:
        a, b = np.ceil((low - at) / step), np.floor((high - at) / step)
    elif step < -1e-12:
        a, b = np.ceil((high - at) / step), np.floor((low - at) / step)
    elif low <= at <= high:
        return first, last
    else:
        return first, first
    if a > first:
        first = int(min(a, last))
    if b + 1 < last:
        last = int(max(b + 1, first))
    return first, max(first, last)


@numba.njit(inline="always")
def _clamped(at: float, top: int) -> tuple[int, Any]:
    """(voxel below, share of the next) with positions beyond the outer centres drawn back to them."""
    if at <= 0.0:
        return 0, np.float32(0.0)
    if at >= top:
        return max(top - 1, 0), np.float32(1.0 if top > 0 else 0.0)
    below = int(at)
    return below, np.float32(at - below)


@numba.njit(inline="always")
def _between(flat, at, di, dj, dk, fi, fj, fk):  # type: ignore[no-untyped-def]
    """Trilinear value; `at` is the unsigned offset of the lowest of the eight voxels: no wrap-round to check
    for.
    """
    a = np.float32(flat[at])
    a += fi * (np.float32(flat[at + di]) - a)
    b = np.float32(flat[at + dj])
    b += fi * (np.float32(flat[at + dj + di]) - b)
    c = np.float32(flat[at + dk])
    c += fi * (np.float32(flat[at + dk + di]) - c)
    d = np.float32(flat[at + dk + dj])
    d += fi * (np.float32(flat[at + dk + dj + di]) - d)
    a += fj * (b - a)
    c += fj * (d - c)
    return a + fk * (c - a)


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def sampled(flat, size, at, step, line):  # type: ignore[no-untyped-def]
    """line[x] = value at index position at + x * step; returns the stretch of x that lies inside the voxels.

    flat: voxels in the order of memory; size (i, j, k). Half a voxel beyond the outer centres counts as
    inside.
    """
    ni, nj, nk = size
    edge = 0.5 + 1e-6
    x0, x1 = _stretch(at[0], step[0], -edge, ni - 1 + edge, 0, line.shape[0])
    x0, x1 = _stretch(at[1], step[1], -edge, nj - 1 + edge, x0, x1)
    x0, x1 = _stretch(at[2], step[2], -edge, nk - 1 + edge, x0, x1)
    # the inner stretch, where both neighbours exist along every axis
    a0, a1 = _stretch(at[0], step[0], 0.0, ni - 1 - 1e-9, x0, x1)
    a0, a1 = _stretch(at[1], step[1], 0.0, nj - 1 - 1e-9, a0, a1)
    a0, a1 = _stretch(at[2], step[2], 0.0, nk - 1 - 1e-9, a0, a1)
    row, slice_ = np.uintp(ni), np.uintp(ni * nj)
    one = np.uintp(1)
    pi, pj, pk = at[0], at[1], at[2]
    qi, qj, qk = step[0], step[1], step[2]
    for x in range(a0, a1):
        u, v, w = pi + x * qi, pj + x * qj, pk + x * qk
        i, j, k = np.int32(u), np.int32(v), np.int32(w)  # signed: unsigned conversions are slow
        fi, fj, fk = np.float32(u - i), np.float32(v - j), np.float32(w - k)
        base = np.uintp(k) * slice_ + np.uintp(j) * row + np.uintp(i)
        line[x] = _between(flat, base, one, row, slice_, fi, fj, fk)
    di = np.uintp(1 if ni > 1 else 0)
    dj = np.uintp(ni if nj > 1 else 0)
    dk = np.uintp(ni * nj if nk > 1 else 0)
    for side in range(2):
        for x in range(x0 if side == 0 else a1, a0 if side == 0 else x1):
            ci, fi = _clamped(pi + x * qi, ni - 1)
            cj, fj = _clamped(pj + x * qj, nj - 1)
            ck, fk = _clamped(pk + x * qk, nk - 1)
            base = np.uintp(ck) * slice_ + np.uintp(cj) * row + np.uintp(ci)
            line[x] = _between(flat, base, di, dj, dk, fi, fj, fk)
    return x0, x1


@numba.njit(nogil=True, cache=True)
def rows(flat, size, first, right, down, normal, samples, mode, y0, y1, background, whole, out):  # type: ignore[no-untyped-def]
    """Fill out[y0:y1] with the linear interpolant through a slab, rounded where `whole`.

    first, right, down, normal: (i, j, k) index vectors. samples: offsets along normal, evenly spaced. Samples
    outside the voxels are left out, where all are, the background stands. The mean is of trapezoids: ends
    weigh half.
    """
    width = out.shape[1]
    line, put, count = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.int32)
    ends = np.empty((2, width), np.float32)
    at = np.empty(3)
    for y in range(y0, y1):
        count[:] = 0
        for n in range(samples.shape[0]):
            for a in range(3):
                at[a] = first[a] + y * down[a] + samples[n] * normal[a]
            x0, x1 = sampled(flat, size, at, right, line)
            if mode == MEAN:
                for x in range(x0, x1):
                    if count[x] == 0:
                        put[x], ends[0, x] = np.float32(0), line[x]
                    put[x] += line[x]
                    ends[1, x] = line[x]
                    count[x] += 1
            else:
                sign = np.float32(1 if mode == MAX else -1)
                for x in range(x0, x1):
                    if count[x] == 0 or sign * line[x] > sign * put[x]:
                        put[x] = line[x]
                    count[x] = 1
        for x in range(width):
            if count[x] == 0:
                out[y, x] = background
                continue
            value = put[x]
            if mode == MEAN and count[x] > 1:
                value = (value - (ends[0, x] + ends[1, x]) / 2) / (count[x] - 1)
            out[y, x] = np.floor(value + np.float32(0.5)) if whole else value


@numba.njit(nogil=True, cache=True)
def plane_rows(flat, size, first, right, down, y0, y1, background, whole, out):  # type: ignore[no-untyped-def]
    """As `rows` for a plane alone."""
    width = out.shape[1]
    line = np.empty(width, np.float32)
    at = np.empty(3)
    for y in range(y0, y1):
        for a in range(3):
            at[a] = first[a] + y * down[a]
        x0, x1 = sampled(flat, size, at, right, line)
        for x in range(x0):
            out[y, x] = background
        if whole:
            for x in range(x0, x1):
                out[y, x] = np.floor(line[x] + np.float32(0.5))
        else:
            for x in range(x0, x1):
                out[y, x] = line[x]
        for x in range(x1, width):
            out[y, x] = background
