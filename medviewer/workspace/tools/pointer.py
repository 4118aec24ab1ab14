"""Where the pointer is, in a pane's logical pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Pointer:
    """(0, 0) is the pane's upper left corner."""

    x: float
    y: float
    shift: bool = False
    ctrl: bool = False

    @property
    def xy(self) -> tuple[float, float]:
        return self.x, self.y

    def distance(self, other: Pointer) -> float:
        return math.hypot(self.x - other.x, self.y - other.y)
