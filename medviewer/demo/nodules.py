"""Lung nodules of known place and size."""

from __future__ import annotations

import numpy as np

from medviewer.demo.grid import Grid
from medviewer.demo.truth import Nodule

NODULES = (
    Nodule((-84.0, -14.0, 214.0), 13.0, 40.0, "spiculated", "right upper lobe"),
    Nodule((84.0, 26.0, 176.0), 9.0, 45.0, "solid", "left upper lobe"),
    Nodule((-72.0, 48.0, 118.0), 6.5, 35.0, "solid", "right lower lobe"),
    Nodule((90.0, 34.0, 112.0), 18.0, 30.0, "solid", "left lower lobe"),
    Nodule((-98.0, 8.0, 150.0), 12.0, -560.0, "ground-glass", "right middle lobe"),
)


def draw_nodules(grid: Grid, seed: int) -> None:
    """Draw all nodules: bodies slightly lobed within their stated diameter, one with spicules."""
    for number, nodule in enumerate(NODULES):
        random = np.random.default_rng((seed, 5, number))
        if nodule.kind == "spiculated":
            _spicules(grid, nodule, random)
        draw_nodule(grid, nodule, random)


def draw_nodule(grid: Grid, nodule: Nodule, random: np.random.Generator) -> None:
    """The body: a ball of the stated diameter in which lobes leave dents of up to 4 % of the radius."""
    radius = nodule.diameter_mm / 2
    reach = radius + 2 * max(grid.spacing)
    centre = np.asarray(nodule.centre_lps_mm)
    box = grid.box(centre - reach, centre + reach)
    if box is None:
        return
    x, y, z = grid.places(box)
    x, y, z = x - centre[0], y - centre[1], z - centre[2]
    away = np.sqrt(x * x + y * y + z * z)
    surface = np.full(away.shape, radius, np.float32)
    for _ in range(5):
        direction = random.standard_normal(3)
        direction /= np.linalg.norm(direction)
        toward = (x * direction[0] + y * direction[1] + z * direction[2]) / np.maximum(away, 0.1)
        surface -= np.float32(0.04 * radius) * np.exp(-((1 - toward) / 0.15))
    soft = 0.5 * (grid.spacing[0] + grid.spacing[2]) * (2.0 if nodule.kind == "ground-glass" else 1.0)
    weight = np.clip((surface - away) / soft + 0.5, 0, 1).astype(np.float32)
    grid.blend(box, weight, nodule.hu, "max")


def _spicules(grid: Grid, nodule: Nodule, random: np.random.Generator) -> None:
    centre = np.asarray(nodule.centre_lps_mm)
    for _ in range(14):
        direction = random.standard_normal(3)
        direction /= np.linalg.norm(direction)
        start, end = (centre + direction * nodule.diameter_mm * f for f in (0.42, random.uniform(0.8, 1.15)))
        grid.tube([start, end], [1.1, 0.3], -150, "max")
