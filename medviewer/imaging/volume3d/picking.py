"""Which point of the volume a click in 3D means: the first place along the line of sight that is really
seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from medviewer.imaging.volume3d.grid3d import Grid3D
from medviewer.imaging.volume3d.transfer_functions import FittedTransfer

SEEN = 0.35
"""A point counts as seen where what lies before it and in it has covered this much."""


def pick_point(
    grid: Grid3D,
    transfer: FittedTransfer,
    start: NDArray[np.float64],
    into: NDArray[np.float64],
    box: NDArray[np.float64] | None = None,
    brightest: bool = False,
) -> NDArray[np.float64] | None:
    """LPS mm of the seen point on the line from `start` along the unit vector `into`; None where nothing is.

    box: [[low], [high]] in the grid's index space: what lies outside it is cut away. brightest: the largest
    value on the line (of a MIP), where it lies above the lower end of the MIP's window.
    """
    geometry = grid.geometry
    first = geometry.to_ijk(start)
    step = geometry.inverse[:3, :3] @ into
    low, high = (np.full(3, -0.5), np.array(geometry.size) - 0.5) if box is None else (box[0], box[1])
    ends = _crossed(first, step, low, high)
    if ends is None:
        return None
    pace = min(geometry.spacing) / 2
    at = np.arange(ends[0], ends[1], pace)
    if at.size == 0:
        return None
    places = first[:, None] + step[:, None] * at
    stored = map_coordinates(grid.array, places[::-1], order=1, mode="nearest", output=np.float32)
    values = stored * grid.scale[0] + grid.scale[1]
    if brightest:
        best = int(values.argmax())
        if transfer.mip_window.apply(values[best : best + 1])[0] <= 0:
            return None
        return np.asarray(start + into * at[best], np.float64)
    through = np.cumprod((1 - np.clip(transfer.opacity_of(values), 0, 0.999)) ** pace)
    seen = np.flatnonzero(1 - through >= SEEN)
    return np.asarray(start + into * at[seen[0]], np.float64) if seen.size else None


def _crossed(
    first: NDArray[np.float64], step: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Where along the line it enters and leaves a box, in mm."""
    enter, leave = -np.inf, np.inf
    for a in range(3):
        if abs(step[a]) < 1e-12:
            if not low[a] <= first[a] <= high[a]:
                return None
            continue
        faces = sorted(((low[a] - first[a]) / step[a], (high[a] - first[a]) / step[a]))
        enter, leave = max(enter, faces[0]), min(leave, faces[1])
    return (float(enter), float(leave)) if enter < leave else None
