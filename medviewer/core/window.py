"""Window centre and width: from values to brightness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True)
class Window:
    """VOI transformation in value units (PS3.3 C.11.2.1.2, C.11.2.1.3); `name` is the file's explanation."""

    center: float
    width: float
    function: WindowFunction = "LINEAR"
    name: str = ""

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Brightness 0..1 of values in the unit of the window."""
        x = np.asarray(values, np.float64)
        if self.function == "SIGMOID":
            return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - self.center) / max(self.width, 1e-12), -700, 700)))
        if self.function == "LINEAR_EXACT":
            low, span = self.center - self.width / 2, max(self.width, 1e-12)
        else:  # LINEAR: the two ends lie half a unit in, the width is at least 1
            width = max(self.width, 1.0)
            low, span = self.center - 0.5 - (width - 1) / 2, width - 1
        if span <= 0:
            return (x > low).astype(np.float64)
        return np.clip((x - low) / span, 0.0, 1.0)

    @classmethod
    def of_range(cls, low: float, high: float, name: str = "") -> Window:
        """LINEAR_EXACT window from the value shown black to the value shown white."""
        return cls((low + high) / 2, max(high - low, 1e-6), "LINEAR_EXACT", name)
