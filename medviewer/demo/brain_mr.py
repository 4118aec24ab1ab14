"""Brain MR, T1 with contrast: head, brain with grey and white matter, ventricles, vessels, a tumour with a bright rim.

24 slices of 6 mm, 0.9 mm in plane; arbitrary units; places in LPS mm with the middle of the brain near (0, 0, 15).
Each slice is the mean of three thin ones, as the scanner averages over its thickness.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medviewer.demo.grid import Floats, Grid, smooth_noise
from medviewer.demo.truth import Tumour

SEED = 11
SPACING = (0.9, 0.9, 6.0)
SIZE = (256, 256, 24)
_THIN = 3
ORIGIN = (-114.75, -110.0, -54.0)

AIR, BONE, DIPLOE, SCALP, MUSCLE = 8.0, 45.0, 330.0, 1080.0, 300.0
WHITE, GREY, CSF, VESSEL, DURA, EYE = 455.0, 385.0, 120.0, 1050.0, 720.0, 130.0
RIM, NECROSIS, OEDEMA = 900.0, 215.0, 345.0
TUMOUR_CENTRE = (33.0, -20.0, 30.0)
TUMOUR_HALF = (19.0, 23.0, 19.0)
_HEAD = (74.0, 95.0, 100.0)


def thin_grid() -> Grid:
    """The grid that is drawn: three thin slices for each that is written."""
    thin = SPACING[2] / _THIN
    low = ORIGIN[2] - SPACING[2] / 2 + thin / 2
    return Grid((ORIGIN[0], ORIGIN[1], low), (SPACING[0], SPACING[1], thin), (SIZE[0], SIZE[1], SIZE[2] * _THIN))


def draw_brain(step: Callable[[float], None] = lambda share: None) -> tuple[NDArray[np.int16], Tumour]:
    """Voxels [k, j, i] in arbitrary units, and the tumour that was drawn."""
    grid = thin_grid()
    folds = smooth_noise(np.random.default_rng((SEED, 1)), grid.values.shape, (5, 5.5, 5.5), 0.9)
    grid.in_slabs(lambda part: _draw_slab(grid, folds, part), 9)
    step(0.4)
    _draw_ventricles(grid)
    _draw_base(grid)
    _draw_vessels(grid)
    step(0.6)
    volume = _draw_tumour(grid)
    out = _scanned(grid.values)
    step(1.0)
    return out, Tumour(TUMOUR_CENTRE, (2 * TUMOUR_HALF[0], 2 * TUMOUR_HALF[1], 2 * TUMOUR_HALF[2]), round(volume, 2))


def _radius(x: Floats, y: Floats, z: Floats) -> Floats:
    """1 on the skin: an egg, wider at the back; below the middle it narrows little."""
    wide = _HEAD[0] * (1 + 0.05 * np.clip(y / _HEAD[1], -1, 1))
    up = (z + 12) / np.where(z > -12, np.float32(_HEAD[2]), np.float32(150))
    away = (np.abs(x) / wide) ** np.float32(2.15) + (np.abs(y) / _HEAD[1]) ** np.float32(2.15) + np.abs(up) ** np.float32(2.4)
    return away ** np.float32(1 / 2.2)


def _draw_slab(grid: Grid, folds: Floats, part: slice) -> None:
    x, y, z = grid.axis(0)[None, None, :], grid.axis(1)[None, :, None], grid.axis(2)[part][:, None, None]
    depth = (1 - _radius(x, y, z)) * 82
    fold = folds[part]
    uneven = depth + fold * 0.5
    out = np.full(depth.shape, AIR, np.float32)
    for begins, value in ((0.0, 620.0), (0.9, SCALP), (5.6, 210.0), (6.6, BONE), (8.2, DIPLOE), (10.4, BONE), (12.2, DURA)):
        out[uneven > begins] = value
    inside = depth > 12.9
    out[inside] = CSF
    # Sulci follow where the folding noise passes through zero, deeper ones only near the surface.
    brain_depth = depth - 14.2 + 1.2 * fold
    edge = np.abs(fold) * 9
    sulcus = (edge < 1.15) & (brain_depth < 17)
    brain = (brain_depth > 0) & ~sulcus
    cortex = brain & ((brain_depth < 3.2) | ((edge < 4.2) & (brain_depth < 20)))
    out[brain] = WHITE
    out[cortex] = GREY
    deep = brain & (((np.abs(x) - 20) / 9) ** 2 + ((y + 4) / 20) ** 2 + ((z - 8) / 13) ** 2 < 1)
    out[deep] = GREY + 18
    # The fissure between the halves with the falx in it, which takes up contrast.
    front_or_back = (np.abs(y) > 32) | (z > 36)
    fissure = inside & (np.abs(x + 0.8 * np.sin(y / 17)) < 1.7) & front_or_back & (z > -12)
    out[fissure] = CSF + 30
    out[fissure & (np.abs(x + 0.8 * np.sin(y / 17)) < 0.8) & (depth < 42)] = DURA
    tent = 2 - 0.34 * np.abs(x) - 0.26 * (y - 20)
    cerebellum = inside & (z < tent) & (y > 12) & (brain_depth > 1)
    out[cerebellum] = (GREY + 45 + 16 * np.sin(depth * 1.25 + fold))[cerebellum]
    out[inside & (np.abs(z - tent) < 1.3) & (y > 12) & (np.abs(x) > 6)] = DURA - 170
    grid.values[part] = out


def _draw_ventricles(grid: Grid) -> None:
    for side in (-1, 1):
        body = [(9, -34, 8), (10, -14, 20), (15, 12, 24), (20, 32, 18), (27, 42, 6), (33, 24, -10), (34, 2, -18)]
        line = [(side * px, py, pz) for px, py, pz in body]
        grid.tube(line, [3.5, 5.5, 5.5, 6.5, 7.5, 3.5, 2.5], CSF)
        plexus = [(side * 14, 10, 22), (side * 21, 33, 16), (side * 26, 41, 7)]
        grid.tube(plexus, [1.0, 2.2, 2.6], 700)
        sylvian = [(side * 34, -22, -4), (side * 44, -4, 4), (side * 50, 14, 14)]
        grid.tube(sylvian, [2.6, 2.4, 1.8], CSF + 20)
        grid.tube(sylvian, [1.2, 1.0, 0.8], VESSEL - 150)
    grid.ball((0, 2, 2), (2.2, 15, 12), CSF)
    grid.ball((0, 36, -34), (7, 7, 10), CSF)
    grid.ball((0, 58, -46), (3, 10, 12), CSF)


def _draw_base(grid: Grid) -> None:
    """Brain stem with the cisterns round it, orbits, sinuses and temporal bones."""
    grid.ball((0, 14, -34), (24, 20, 18), CSF)
    grid.tube([(0, 12, -6), (0, 16, -30), (0, 24, -60)], [13, 14, 9], WHITE - 20)
    grid.ball((0, -6, -24), (14, 10, 10), CSF)
    grid.ball((0, -8, -34), (6, 5, 4), 760)
    for side in (-1, 1):
        grid.ball((side * 31, -62, -40), (19, 27, 17), SCALP - 130)
        grid.ball((side * 32, -70, -40), 12.5, 330)
        grid.ball((side * 32, -70, -40), 11.5, EYE)
        grid.ball((side * 32, -79, -40), (5, 2.2, 5), 420)
        grid.tube([(side * 28, -58, -40), (side * 12, -34, -36)], [2.4, 2.4], 400)
        grid.tube([(side * 42, -56, -40), (side * 20, -36, -38)], [2.2, 1.8], 480)
        grid.ball((side * 50, 20, -46), (18, 15, 12), 60)
        grid.ball((side * 54, 40, -48), (9, 10, 9), AIR + 20)
        grid.ball((side * 12, -2, -40), 3.0, VESSEL)
        grid.ball((side * 60, -34, -40), (9, 22, 22), MUSCLE)
    grid.ball((0, -66, -46), (11, 24, 20), 60)
    grid.ball((0, -68, -46), (2, 18, 16), 500)
    grid.ball((0, -84, -16), (17, 6, 12), AIR + 12)


def _draw_vessels(grid: Grid) -> None:
    """Sinuses and veins, all bright after contrast."""
    outline = np.linspace(-0.9, 2.35, 26)
    sinus = [(0.5 * np.sin(3 * t), 79 * np.sin(t - 0.3), -12 + 73.5 * np.cos(t - 0.3)) for t in outline]
    grid.tube(sinus, np.linspace(1.6, 3.6, len(sinus)).tolist(), VESSEL)
    for side in (-1, 1):
        grid.tube([(0, 76, -22), (side * 34, 66, -26), (side * 52, 42, -30), (side * 52, 30, -44)], 3.4, VESSEL - 80)
        grid.tube([(side * 2, 14, 8), (side * 2, 34, 6), (0, 44, -4), (0, 70, -16)], [1.2, 1.6, 2.0, 2.2], VESSEL)
        grid.tube([(side * 3, -8, -24), (side * 22, -14, -16), (side * 36, -18, -6)], [2.0, 1.8, 1.6], VESSEL - 100)
    random = np.random.default_rng((SEED, 2))
    for _ in range(70):
        angle, height = random.uniform(0, 2 * np.pi), random.uniform(-10, 70)
        wide = np.sqrt(max(0.05, 1 - (max(height + 12, 0) / (_HEAD[2] - 13)) ** 2))
        x, y = (_HEAD[0] - 14) * wide * np.sin(angle), (_HEAD[1] - 15) * wide * np.cos(angle)
        start = np.array([x, y, height], np.float32)
        inward = start * np.array([*[random.uniform(0.72, 0.86)] * 2, 1.0], np.float32)
        drift = random.normal(0, 5, 3).astype(np.float32)
        grid.tube([start, (start + inward) / 2 + drift * 0.3, inward + drift], [0.9, 0.75, 0.5], 760, "max")


def _draw_tumour(grid: Grid) -> float:
    """Oedema, a bright rim of uneven width, a dark middle; returns the volume of rim and middle in ml."""
    centre, half = np.array(TUMOUR_CENTRE), np.array(TUMOUR_HALF)
    box = grid.box(centre - 2.1 * half, centre + 2.1 * half)
    assert box is not None
    x, y, z = grid.places(box)
    away = np.sqrt(
        ((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2 + ((z - centre[2]) / half[2]) ** 2
    )
    bumps = np.clip(smooth_noise(np.random.default_rng((SEED, 3)), away.shape, (4, 7, 7), 1.0), -1.6, 1.6)
    shape = away + 0.07 * bumps
    part = grid.values[box]
    white = part > GREY + 10
    swelling = np.clip((1.75 + 0.12 * bumps - away) / 0.25, 0, 1) * white * (part < WHITE + 30)
    part += swelling * (OEDEMA - part)
    body = np.clip((1 - shape) / 0.05 + 0.5, 0, 1)
    core = np.clip((0.67 - 0.1 * bumps - shape) / 0.08 + 0.5, 0, 1)
    uneven = RIM * (1 + 0.06 * bumps)
    part += body * (uneven - part)
    part += core * (NECROSIS + 25 * bumps - part)
    return float((body > 0.5).sum() * np.prod(grid.spacing) / 1000)


def _scanned(thin: Floats) -> NDArray[np.int16]:
    """Thin slices averaged to thick ones, blur, a slowly changing coil sensitivity, noise as MR has it."""
    thick = thin.reshape(SIZE[2], _THIN, SIZE[1], SIZE[0]).mean(1)
    thick = ndimage.gaussian_filter(thick, (0, 0.6, 0.6))
    random = np.random.default_rng((SEED, 4))
    sensitivity = 1 + 0.06 * smooth_noise(random, thick.shape, (14, 90, 90), 1.0)
    real = thick * sensitivity + random.normal(0, 11, thick.shape)
    imaginary = random.normal(0, 11, thick.shape)
    return np.rint(np.hypot(real, imaginary)).astype(np.int16)
