"""Chest: great vessels, the branching vessels of the lungs, airways; HU and LPS mm.

The trees fill the lungs: places drawn at random inside them are the ends, halved again and again by the plane across
their longest extent; a branch is as wide as the ends it serves ask for (Murray's law: cubes of radii add up).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medviewer.demo.grid import Floats, Grid

BLOOD, WALL, LUMEN = 45.0, 15.0, -990.0
HILA = {-1: (-36.0, 8.0, 168.0), 1: (40.0, 10.0, 172.0)}
Branch = tuple[Floats, float, float]
"""(start and end, radius at the start, radius at the end)."""


def draw_great_vessels(grid: Grid) -> None:
    """Aorta, vena cava, pulmonary trunk, branches of the arch, oesophagus."""
    aorta = [
        (-4, -18, 128), (-8, -22, 165), (-2, -18, 196), (10, 0, 212), (20, 24, 206), (24, 42, 185), (23, 48, 140),
        (20, 50, 60), (14, 50, 0),
    ]  # fmt: skip
    grid.tube(aorta, [16, 16, 15.5, 14.5, 13.5, 13, 12.5, 12, 12], BLOOD + 3)
    grid.tube([(-26, -20, 130), (-27, -20, 200), (-24, -22, 250)], [10, 9, 8], BLOOD)
    grid.tube([(6, -22, 150), (6, -16, 172), (-18, -4, 170), (-40, 4, 166)], [14, 13, 10.5, 8], BLOOD)
    grid.tube([(6, -16, 172), (26, 2, 178), (40, 12, 174)], [12.5, 11, 8], BLOOD)
    for branch in ([(6, -6, 212), (0, -10, 312)], [(14, 4, 214), (26, 4, 312)], [(-6, -14, 205), (-20, -12, 312)]):
        grid.tube(branch, [5.5, 4.5], BLOOD + 3)
    grid.tube([(4, 38, 312), (4, 36, 60)], [6, 6], 30)


def draw_lung_vessels(grid: Grid, lung: NDArray[np.bool_], seed: int, ends: int = 900) -> None:
    """Arteries and veins of both lungs, each with about `ends` ends a lung."""
    inner = _inner_lung(lung, grid)
    for side, hilum in HILA.items():
        for kind, shift in enumerate(((0.0, -2.0, 4.0), (-3.0 * side, 6.0, -18.0))):
            random = np.random.default_rng((seed, 3, side + 1, kind))
            root = np.array(hilum, np.float32) + np.array(shift, np.float32)
            points = _ends_in(inner, grid, side, ends, random)
            branches = grow_tree(points, root, 0.5, random)
            thin = [b for b in branches if b[1] <= 1.3]
            for line, r0, r1 in branches:
                if r0 > 1.3:
                    grid.tube(line, [r0, r1], BLOOD, "max")
            lines = np.stack([line for line, _, _ in thin])
            grid.thin_lines(lines[:, 0], lines[:, 1], np.array([b[1:] for b in thin], np.float32), BLOOD)


def draw_airways(grid: Grid, lung: NDArray[np.bool_], seed: int) -> None:
    """Windpipe, main bronchi, and bronchi as far as their lumen can be seen; walls first, lumen after."""
    main: list[tuple[list[tuple[float, float, float]], list[float]]] = [
        ([(0, 8, 312), (0, 10, 250), (-1, 14, 196)], [9, 9, 8.6]),
        ([(-1, 14, 196), (-20, 13, 182), HILA[-1]], [7, 6.6, 5.2]),
        ([(-1, 14, 196), (22, 15, 180), HILA[1]], [6.6, 6, 5]),
    ]
    branches: list[Branch] = []
    inner = _inner_lung(lung, grid)
    for side, hilum in HILA.items():
        random = np.random.default_rng((seed, 4, side + 1))
        points = _ends_in(inner, grid, side, 60, random)
        branches += [b for b in grow_tree(points, np.array(hilum, np.float32), 0.95, random) if b[2] > 1.45]
    for line, radii in main:
        grid.tube(line, [r + 1.4 for r in radii], WALL)
    for two, r0, r1 in branches:
        grid.tube(two, [r0 + 0.9, r1 + 0.8], -150 if r1 > 2.2 else -420, "max")
    for two, r0, r1 in branches:
        grid.tube(two, [r0, r1], -930)
    for line, radii in main:
        grid.tube(line, radii, LUMEN)


def grow_tree(points: Floats, root: Floats, thinnest: float, random: np.random.Generator) -> list[Branch]:
    """Branches from a root to all points (n, 3); `thinnest`: radius (mm) of a branch that serves one end."""
    branches: list[Branch] = []
    waiting: list[tuple[Floats, Floats, float]] = [(root, points, _radius(len(points), thinnest))]
    while waiting:
        start, ends, before = waiting.pop()
        radius = _radius(len(ends), thinnest)
        if len(ends) == 1:
            branches += _bent(start, ends[0], min(before, radius * 1.3), thinnest * 0.7, random)
            continue
        middle = ends.mean(0)
        fork = start + (middle - start) * random.uniform(0.32, 0.5)
        branches += _bent(start, fork, min(before, radius * 1.15), radius, random)
        along = np.linalg.svd(ends - middle, full_matrices=False)[2][0]
        order = np.argsort((ends - middle) @ along)
        cut = int(len(ends) * random.uniform(0.35, 0.65))
        cut = min(max(cut, 1), len(ends) - 1)
        waiting += [(fork, ends[order[:cut]], radius), (fork, ends[order[cut:]], radius)]
    return branches


def _radius(ends: int, thinnest: float) -> float:
    return float(thinnest * ends ** (1 / 2.9))


def _bent(start: Floats, end: Floats, r0: float, r1: float, random: np.random.Generator) -> list[Branch]:
    """Two pieces with a slight bend between them: vessels are not rulers."""
    length = float(np.linalg.norm(end - start))
    bend = random.normal(0, 0.06 * length, 3).astype(np.float32)
    middle = (start + end) / 2 + bend
    half = (r0 + r1) / 2
    return [(np.stack([start, middle]), r0, half), (np.stack([middle, end]), half, r1)]


def _inner_lung(lung: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Lung at least 5 mm from its border, on every fourth voxel in plane and every second slice."""
    coarse = np.ascontiguousarray(lung[::2, ::4, ::4])
    spacing = (2 * grid.spacing[2], 4 * grid.spacing[1], 4 * grid.spacing[0])
    deep: NDArray[np.bool_] = ndimage.distance_transform_edt(coarse, spacing) > 5
    return deep


def _ends_in(
    inner: NDArray[np.bool_], grid: Grid, side: int, count: int, random: np.random.Generator
) -> Floats:
    """`count` places (LPS mm) spread over one lung."""
    k, j, i = np.nonzero(inner)
    x = grid.origin[0] + 4 * i * grid.spacing[0]
    own = np.nonzero(x * side > 0)[0]
    chosen = random.choice(own, size=count, replace=False)
    places = np.stack(
        [
            x[chosen],
            grid.origin[1] + 4 * j[chosen] * grid.spacing[1],
            grid.origin[2] + 2 * k[chosen] * grid.spacing[2],
        ],
        1,
    )
    return (places + random.uniform(-1.5, 1.5, places.shape)).astype(np.float32)
