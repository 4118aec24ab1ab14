"""Turns, scales, mirrors and shifts of many pictures at once (torch), and their inverse for single points."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray


def matrices(
    angle: NDArray[np.float64], scale: NDArray[np.float64], mirror: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(n, 2, 2): step in the source (row, column) for a step in the target; scale = source pixels a target pixel."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    turn[:, :, 1] *= np.where(mirror, -1.0, 1.0)[:, None]
    return turn * scale[:, None, None]


def sample(
    source: torch.Tensor,
    matrix: NDArray[np.float64],
    at: NDArray[np.float64],
    middle: NDArray[np.float64],
    size: tuple[int, int],
    nearest: bool = False,
) -> torch.Tensor:
    """(n, C, H, W) → (n, C, *size): target pixel t shows source pixel `at + matrix @ (t - middle)` (row, column).

    Outside the source: 0. Whole steps on whole pixels give the source's pixels back exactly (to float rounding).
    """
    n, _, h, w = source.shape
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64)
    target = np.stack([rows.ravel(), columns.ravel()])[None] - middle[:, :, None]
    found = matrix @ target + at[:, :, None]
    grid = np.stack([(2 * found[:, 1] + 1) / w - 1, (2 * found[:, 0] + 1) / h - 1], -1)
    places = torch.from_numpy(grid.reshape(n, *size, 2).astype(np.float32))
    mode = "nearest" if nearest else "bilinear"
    return torch.nn.functional.grid_sample(source, places, mode=mode, padding_mode="zeros", align_corners=False)


def to_target(
    points: NDArray[np.float64],
    matrix: NDArray[np.float64],
    at: NDArray[np.float64],
    middle: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Where the source points (n, 2) lie in the target."""
    return np.linalg.solve(matrix, (points - at)[:, :, None])[:, :, 0] + middle


def mirrored_padding(image: torch.Tensor, keep: int) -> torch.Tensor:
    """(C, S, S) whose first keep × keep pixels stay, mirrored below and to the right as the viewer pads small planes."""
    side = image.shape[-1]
    if keep >= side:
        return image
    at = np.pad(np.arange(keep), (0, side - keep), mode="reflect" if keep > 1 else "edge")
    index = torch.from_numpy(at)
    return image[:, index][:, :, index]
