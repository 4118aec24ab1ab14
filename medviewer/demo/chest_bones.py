"""Chest: spine, ribs with their cartilage, breastbone, collar bones and shoulder blades; HU and LPS mm."""

from __future__ import annotations

import numpy as np

from medviewer.demo.chest_body import cage_axes
from medviewer.demo.grid import Grid

CORTEX, MARROW, CARTILAGE, DISC = 580.0, 190.0, 95.0, 85.0


def draw_bones(grid: Grid) -> None:
    """Draw the skeleton of the chest into the grid."""
    for number in range(-1, 15):
        _vertebra(grid, number * 23.0 + 6)
    for number in range(12):
        for side in (-1, 1):
            _rib(grid, number, side)
    breastbone = [(0, -60, 250), (0, -80, 214), (0, -92, 172), (0, -97, 112)]
    grid.tube(breastbone, [8, 9, 8, 7], 320)
    grid.tube(breastbone, [5.5, 6.5, 5.5, 4.5], 150)
    for side in (-1, 1):
        collar = [(side * 14, -54, 260), (side * 50, -46, 272), (side * 92, -24, 284), (side * 126, 4, 292)]
        grid.tube(collar, [8, 6, 5.5, 6.5], CORTEX)
        grid.tube(collar, [5.2, 3.6, 3.2, 4], 210)
        for q in np.linspace(0, 1, 24):
            inner = (side * (104 - 22 * q), 84 + q * 12, 284 - 100 * q)
            outer = (side * (134 - 36 * q), 66 + q * 22, 278 - 92 * q)
            grid.tube([inner, outer], 2.6, 380)


def spine_y(z: float) -> float:
    """Middle of the vertebral bodies at height z, mm."""
    return float(64 + 6 * np.sin(z / 95))


def _vertebra(grid: Grid, height: float) -> None:
    back = spine_y(height)
    box = grid.box((-20, back - 17, height - 13), (20, back + 38, height + 13))
    if box is None:
        return
    x, y, z = grid.places(box)
    part = grid.values[box]
    up, oval = np.abs(z - height), (x / 18) ** 2 + ((y - back) / 14.5) ** 2
    part[(up < 9.6) & (oval < 1)] = 430
    part[(up < 8.2) & ((x / 16.4) ** 2 + ((y - back) / 13) ** 2 < 1)] = MARROW - 15
    part[(up >= 9.6) & (up < 11.6) & (oval < 0.92)] = DISC
    ring = np.hypot(x, y - back - 23)
    part[(up < 7) & (np.abs(ring - 12) < 3.4) & (y > back + 12)] = 380
    part[(up < 12) & (ring < 8.6)] = 22
    grid.tube([(0, back + 34, height), (0, back + 46, height - 14)], [3.6, 3.0], 360)
    for side in (-1, 1):
        grid.tube([(side * 12, back + 22, height), (side * 36, back + 27, height + 4)], [4.2, 3.4], 330)


def _rib(grid: Grid, number: int, side: int) -> None:
    """A rib from the spine forwards and down, taller than thick; its front part is cartilage."""
    steps = 40
    points = []
    for t in np.linspace(0.04, 1, steps):
        turn = t * np.pi * (0.90 if number < 9 else 0.62)
        z = 296 - number * 21.5 - 58 * t**1.15 * (0.75 + 0.03 * number)
        width, depth, middle = (float(v) for v in cage_axes(float(np.clip(z, 60, 400))))
        sine, cosine = np.sin(turn), np.cos(turn)
        x = side * (max(width, 34) + 4.5) * np.sign(sine) * abs(sine) ** 0.87
        y = middle + (max(depth, 30) + 4.5) * np.sign(cosine) * abs(cosine) ** 0.87
        points.append((x, y, z))
    line = np.array(points, np.float32)
    bony = int(steps * 0.84)
    for shift in (-2.4, 2.4):
        grid.tube(line[:bony] + np.array([0, 0, shift], np.float32), 3.9, CORTEX)
    for shift in (-2.4, 0.0, 2.4):
        grid.tube(line[:bony] + np.array([0, 0, shift], np.float32), 2.4, MARROW)
    if number < 8:
        for shift in (-2.0, 2.0):
            grid.tube(line[bony - 1 :] + np.array([0, 0, shift], np.float32), 3.8, CARTILAGE)
