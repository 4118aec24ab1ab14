"""What stored integers mean: the modality transformation and its unit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Values:
    """value = stored * slope + intercept, in `unit` (PS3.3 C.11.1.1.2); slopes may differ by slice.

    slope, intercept: shape (1,) or (slices,). padding: stored values (inclusive range) that are no tissue,
    or None. source: where slope and intercept came from ("RescaleSlope", "NIfTI scl_slope", ...).
    """

    slope: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    intercept: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    unit: str = "a.u."
    padding: tuple[int, int] | None = None
    source: str = ""

    @property
    def is_uniform(self) -> bool:
        """One slope and intercept for all slices."""
        return bool(np.ptp(self.slope) == 0 and np.ptp(self.intercept) == 0)

    @property
    def is_identity(self) -> bool:
        return bool((self.slope == 1).all() and (self.intercept == 0).all())

    def at(self, k: int) -> tuple[float, float]:
        """(slope, intercept) of slice k."""
        n = len(self.slope)
        m = len(self.intercept)
        return float(self.slope[k if n > 1 else 0]), float(self.intercept[k if m > 1 else 0])

    def apply(self, stored: NDArray[np.generic], k: int | None = None) -> NDArray[np.float32]:
        """float32 values of stored numbers: of slice k, or (k None) of a whole array [k, ...]."""
        if k is not None or self.is_uniform:
            slope, intercept = self.at(k or 0)
            return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
        shape = (-1,) + (1,) * (stored.ndim - 1)
        scaled = stored.astype(np.float64) * self.slope.reshape(shape) + self.intercept.reshape(shape)
        return scaled.astype(np.float32)
