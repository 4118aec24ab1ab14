"""Judges a network on a set: what it predicts, written as files, and the figures that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Predict = Callable[[Sequence[Floats]], list[Floats]]
"""Prepared planes (C, h, w) → probabilities: (K, h, w) of each for masks and heat maps, (K,) for a classifier."""
