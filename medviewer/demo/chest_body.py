"""Chest: body wall, lungs, heart, mediastinum and upper abdomen, from formulas in LPS millimetres (z = 0 lowest)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.demo.grid import Floats, Grid, smooth_noise

AIR, LUNG, FAT, MUSCLE, SKIN, BLOOD, LIVER, SPLEEN = -1000.0, -888.0, -105.0, 48.0, 20.0, 45.0, 60.0, 48.0
_ROUND = 2.4
"""Power of the superellipse that the body's outline is measured with."""


def cage_axes(z: Floats | float) -> tuple[Floats, Floats, Floats]:
    """Half width, half depth and middle (y) of the rib cage's inner outline at height z, mm."""
    above = np.clip(np.asarray(z, np.float32) - 110, 0, None)
    higher = np.clip(np.asarray(z, np.float32) - 150, 0, None)
    width = np.maximum(138 - 0.0017 * above**2, 30)
    depth = np.maximum(84 - 0.00112 * above**2, 30)
    return width.astype(np.float32), depth.astype(np.float32), (6 + 0.12 * higher).astype(np.float32)


@dataclass
class _Outline:
    """2D fields of the body wall that do not change with height: thresholds of the superellipse."""

    muscle: Floats
    plane_low: Floats
    plane_high: Floats


def _outline(x: Floats, y: Floats) -> _Outline:
    angle = np.arctan2((y[:, None] - 10) / 112, x[None, :] / 156)
    fat = 0.115 + 0.03 * np.cos(2 * angle) + 0.02 * np.sin(angle)
    middle = (1 - fat) * 0.915 + 0.006 * np.sin(9 * angle)
    return _Outline(
        ((1 - fat) ** _ROUND).astype(np.float32),
        ((middle - 0.008) ** _ROUND).astype(np.float32),
        ((middle + 0.008) ** _ROUND).astype(np.float32),
    )


def draw_body(grid: Grid, seed: int) -> NDArray[np.bool_]:
    """Fill the grid with the chest without bones and vessels; returns where lung is."""
    x, y, z = grid.axis(0), grid.axis(1), grid.axis(2)
    outline = _outline(x, y)
    lung = np.zeros(grid.values.shape, bool)
    fatty = _mediastinal_fat(grid, seed)
    texture = lung_texture(seed)

    def slab(part: slice) -> None:
        drawn, inside = _draw_slab(x, y, z[part], outline, fatty[part])
        lines = np.arange(part.start, part.stop) % texture.shape[0]
        repeated = np.take(texture, lines, 0)
        down, across = -(-len(y) // texture.shape[1]), -(-len(x) // texture.shape[2])
        repeated = np.tile(repeated, (1, down, across))[:, : len(y), : len(x)]
        # Blood collects at the back: lung is denser there.
        repeated = repeated + (LUNG + (y + 80) * 0.3)[None, :, None]
        grid.values[part] = np.where(inside, repeated, drawn)
        lung[part] = inside

    grid.in_slabs(slab)
    return lung


def lung_texture(seed: int) -> Floats:
    """A block of lung texture (HU around 0, standard deviation 15) that repeats without a seam."""
    from scipy import ndimage

    random = np.random.default_rng((seed, 1))
    block = ndimage.gaussian_filter(random.standard_normal((40, 96, 96), np.float32), (1.2, 2.2, 2.2), mode="wrap")
    return (block * (15 / block.std())).astype(np.float32)


def _mediastinal_fat(grid: Grid, seed: int) -> NDArray[np.bool_]:
    """Where fat lies between the organs of the mediastinum: lobules some millimetres wide."""
    fat = np.zeros(grid.values.shape, bool)
    box = grid.box((-62, -90, 55), (62, 60, 400))
    if box is None:
        return fat
    shape = tuple(s.stop - s.start for s in box)
    fat[box] = smooth_noise(np.random.default_rng((seed, 2)), shape, (4, 7, 7), 1.0) > -0.25
    return fat


def _draw_slab(
    x1: Floats, y1: Floats, z1: Floats, outline: _Outline, fatty: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    x, y, z = x1[None, None, :], y1[None, :, None], z1[:, None, None]
    rise = np.clip((z - 170) / 130, 0, 1)
    shoulder = rise * rise * (3 - 2 * rise)
    width = 156 + 5 * np.sin(z / 60) - 3 * shoulder
    depth = 112 - 26 * shoulder + 4 * np.sin(z / 80)
    back = 10 + 17 * shoulder
    away = (np.abs(x) / width) ** np.float32(2.5) + (np.abs(y - back) / depth) ** np.float32(2.35)

    out = np.full(away.shape, AIR, np.float32)
    body = away < 1
    out[body] = FAT
    out[body & (away > 0.965)] = SKIN
    muscle = away < outline.muscle
    out[muscle] = MUSCLE
    out[muscle & (away > outline.plane_low) & (away < outline.plane_high)] = FAT + 25

    cage_x, cage_y, middle = cage_axes(z)
    # Between the ribs' inner side and the muscles lies a thin layer of fat.
    ring = (np.abs(x) / (cage_x + 3.5)) ** np.float32(2.3) + (np.abs(y - middle) / (cage_y + 3.5)) ** np.float32(2.3)
    out[muscle & (ring < 1)] = FAT + 30
    caged = ((np.abs(x) / cage_x) ** np.float32(2.3) + (np.abs(y - middle) / cage_y) ** np.float32(2.3)) < 1
    out[caged] = MUSCLE - 10

    heart = _heart(x, y, z)
    lung = caged & ~heart & _lung_region(x, y, z)
    soft = caged & ~lung
    above_diaphragm = z > 60
    out[soft & above_diaphragm & (np.abs(x) < 62) & fatty] = FAT + 15
    out[heart & caged] = BLOOD
    abdomen = soft & (z < 95) & ~heart & ((z < 62) | (np.abs(x) > 30))
    out[abdomen & (x < 35)] = LIVER
    out[abdomen & (x >= 35)] = SPLEEN
    stomach = abdomen & (((x - 75) / 34) ** 2 + ((y + 20) / 30) ** 2 + ((z - 40) / 26) ** 2 < 1)
    out[stomach & (y < -18)] = -850
    out[stomach & (y >= -18)] = 15
    return out, lung


def _heart(x: Floats, y: Floats, z: Floats) -> NDArray[np.bool_]:
    turned = ((x - 24) * 0.9 + (z - 92) * 0.35) / 58
    upward = ((z - 92) - (x - 24) * 0.25) / 52
    ventricles = turned**2 + ((y + 30) / 46) ** 2 + upward**2 < 1
    atria = ((x + 8) / 42) ** 2 + ((y + 8) / 36) ** 2 + ((z - 128) / 30) ** 2 < 1
    return ventricles | atria


def _lung_region(x: Floats, y: Floats, z: Floats) -> NDArray[np.bool_]:
    """Above the diaphragm's dome, below the apex, outside the mediastinum; left and right."""
    side = np.where(x < 0, np.float32(-1), np.float32(1))
    distance = np.abs(x)
    dome = 74 - 4 * side - 0.0055 * (distance - 72) ** 2 - 0.0072 * y**2 - 0.30 * np.clip(y - 10, 0, None)
    round_ = np.exp(-(((y + 14) / 40) ** 2))
    hila = 11 + (13 + 22 * np.exp(-(((z - 105) / 62) ** 2))) * round_
    spine = 17 * np.exp(-(((y - 64) / 26) ** 2))
    mediastinum = hila - 8 * np.exp(-(((z - 225) / 40) ** 2)) + spine + np.where(x < 0, -3, 3)
    apex = 290 - 0.014 * (distance - 68) ** 2 - 0.018 * (y - 28) ** 2
    return (distance > mediastinum) & (z > dome) & (z < apex)
