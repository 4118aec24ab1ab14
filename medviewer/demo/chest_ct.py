"""Chest CT: the whole phantom on one grid, then what a scanner adds: blur and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from medviewer.demo.chest_body import draw_body
from medviewer.demo.chest_bones import draw_bones
from medviewer.demo.chest_vessels import draw_airways, draw_great_vessels, draw_lung_vessels
from medviewer.demo.grid import Floats, Grid
from medviewer.demo.nodules import draw_nodules

SEED = 7
SPACING = (0.8, 0.8, 1.5)
SIZE = (416, 416, 200)
NOISE_HU = 18.0
_BLUR = (0.35, 0.65, 0.65)


def empty_grid() -> Grid:
    """The grid of the CT: 416 x 416 x 200 voxels of 0.8 x 0.8 x 1.5 mm."""
    return Grid((-166.0, -156.0, 0.0), SPACING, SIZE)


def draw_chest(step: Callable[[float], None] = lambda share: None) -> tuple[Grid, np.ndarray]:
    """The phantom in HU without blur and noise, and where its lungs are; `step(share)` tells how far it is."""
    grid = empty_grid()
    lung = draw_body(grid, SEED)
    step(0.35)
    draw_great_vessels(grid)
    draw_bones(grid)
    step(0.55)
    draw_lung_vessels(grid, lung, SEED)
    step(0.85)
    draw_airways(grid, lung, SEED)
    draw_nodules(grid, SEED)
    step(1.0)
    return grid, lung


def scanned(grid: Grid) -> tuple[np.ndarray, Floats]:
    """HU as a scanner shows them, int16 [k, j, i]: blurred by its resolution, with noise of 18 HU; and without noise.

    The noise passes through the same blur, which gives it the grain that scanners have.
    """
    out = np.empty(grid.values.shape, np.int16)
    clean = np.empty(grid.values.shape, np.float32)
    kernels = [_gauss(sigma) for sigma in _BLUR]
    kept = float(np.prod([np.sqrt((k * k).sum()) for k in kernels]))
    noise = np.float32(NOISE_HU / kept)
    margin = len(kernels[0]) // 2

    def scan(part: slice) -> None:
        low, high = max(0, part.start - margin), min(grid.size[2], part.stop + margin)
        own = slice(part.start - low, part.stop - low)
        sharp = grid.values[low:high]
        clean[part] = _blurred(sharp, kernels)[own]
        random = np.random.default_rng((SEED, 6, part.start))
        grain = _blurred(random.standard_normal(sharp.shape, np.float32), kernels)[own]
        grain *= noise
        grain += clean[part]
        out[part] = np.rint(np.clip(grain, -1024, 3071, out=grain), out=grain)

    grid.in_slabs(scan, 25)
    return out, clean


def _gauss(sigma: float) -> Floats:
    """A Gaussian's taps as far as they count (1 % of the middle)."""
    reach = max(1, round(2.6 * sigma))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return (taps / taps.sum()).astype(np.float32)


def _blurred(values: Floats, kernels: list[Floats]) -> Floats:
    for axis, kernel in enumerate(kernels):
        values = ndimage.correlate1d(values, kernel, axis=axis, mode="nearest")
    return values
