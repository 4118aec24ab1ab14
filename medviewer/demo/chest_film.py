"""Chest film: the CT phantom projected from back to front, with an opacity added to the right lung."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medviewer.demo.chest_ct import SEED
from medviewer.demo.grid import Floats, Grid, smooth_noise
from medviewer.demo.truth import Opacity

PIXEL_MM = 0.4
WHITE = 4095
_OPACITY_CENTRE = (-80.0, 26.0, 112.0)
_OPACITY_HALF = (33.0, 36.0, 26.0)


def draw_film(grid: Grid, clean: Floats, lung: NDArray[np.bool_]) -> tuple[NDArray[np.int16], Opacity]:
    """(rows, columns) of 0.4 mm, bright where much is in the way (MONOCHROME2), and what was added.

    clean: HU [k, j, i] without noise. The rays run parallel; the patient's right is at the left, head up.
    """
    through = _opacity(grid, lung)

    def project(part: slice) -> None:
        through[part] += _water(clean[part]).sum(1)

    grid.in_slabs(project)
    through *= np.float32(grid.spacing[1])
    size = (round(grid.size[2] * grid.spacing[2] / PIXEL_MM), round(grid.size[0] * grid.spacing[0] / PIXEL_MM))
    finer = (size[0] / through.shape[0], size[1] / through.shape[1])
    film = ndimage.zoom(through[::-1], finer, order=3, grid_mode=True, mode="nearest")
    return _developed(film), _truth(grid, size)


def _water(hu: Floats) -> Floats:
    """Attenuation against water, 1 for water; bone takes more at the energies of a film."""
    mu = np.maximum(hu * np.float32(0.001) + 1, 0)
    bone = np.maximum(hu - 120, 0)
    bone *= np.float32(0.0011)
    bone += 1
    mu *= bone
    return mu


def _opacity(grid: Grid, lung: NDArray[np.bool_]) -> Floats:
    """Sum along the rays (in voxels of water) of a patchy consolidation within the right lung."""
    added = np.zeros((grid.size[2], grid.size[0]), np.float32)
    centre, half = np.array(_OPACITY_CENTRE), np.array(_OPACITY_HALF)
    box = grid.box(centre - 1.6 * half, centre + 1.6 * half)
    assert box is not None
    x, y, z = grid.places(box)
    away = ((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2 + ((z - centre[2]) / half[2]) ** 2
    patchy = smooth_noise(np.random.default_rng((SEED, 7)), away.shape, (5, 8, 8), 1.0)
    share = np.exp(-1.4 * away**1.5) * np.clip(0.75 + 0.3 * patchy, 0, 1.1)
    added[box[0], box[2]] = (share * lung[box]).sum(1)
    return added


def _developed(water_mm: Floats) -> NDArray[np.int16]:
    """The film's curve: contrast in the lungs and the mediastinum both, edges sharpened, fine grain."""
    broad = ndimage.gaussian_filter(water_mm, 30 / PIXEL_MM, mode="nearest", truncate=2)
    even = water_mm - 0.45 * broad
    sharp = even + 0.6 * (even - ndimage.gaussian_filter(even, 2.0 / PIXEL_MM, truncate=2.5))
    low, high = np.percentile(sharp, [0.5, 99.7])
    share = np.clip((sharp - low) / (high - low), 0, 1)
    grey = share / (share + 0.55 * (1 - share))
    random = np.random.default_rng((SEED, 8))
    grain = ndimage.gaussian_filter(random.standard_normal(grey.shape, np.float32), 0.6)
    grey = grey * 0.9 + 0.03 + grain * (0.006 / grain.std())
    return np.rint(np.clip(grey, 0, 1) * WHITE).astype(np.int16)


def _truth(grid: Grid, size: tuple[int, int]) -> Opacity:
    column = (_OPACITY_CENTRE[0] - grid.origin[0] + grid.spacing[0] / 2) / PIXEL_MM - 0.5
    row = size[0] - (_OPACITY_CENTRE[2] - grid.origin[2] + grid.spacing[2] / 2) / PIXEL_MM - 0.5
    return Opacity((round(column, 1), round(row, 1)), round(2 * _OPACITY_HALF[0] / PIXEL_MM, 1))
