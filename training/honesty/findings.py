"""The finding that a network makes of one slice, as the viewer would: a part of its outline with its best score."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.honesty.asks import Floats

_AROUND = np.ones((3, 3))


def best_part(outline: Floats, score: Floats, threshold: float, least: float) -> Floats | None:
    """Pixels (H, W) of the best-scored connected part of the outline; None where none reaches the least score.

    outline, score: probabilities (H, W).
    """
    parts, count = ndimage.label(outline >= threshold, _AROUND)
    if not count:
        return None
    best = ndimage.maximum(score, parts, np.arange(1, count + 1))
    if best.max() < least:
        return None
    return np.asarray(parts == int(np.argmax(best)) + 1, np.float32)
