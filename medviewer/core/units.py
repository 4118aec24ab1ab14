"""How numbers with units are written for people; the same in both languages."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

MINUS = "\N{MINUS SIGN}"


def signed(value: float, digits: int = 0) -> str:
    """A number with a true minus sign; never "-0"."""
    text = f"{abs(value):.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and float(text) != 0 else text


def length_text(mm: float, unit: str = "mm") -> str:
    """A length: one decimal below 100, none above."""
    return f"{mm:.1f} {unit}" if mm < 100 else f"{mm:.0f} {unit}"


def area_text(square: float, unit: str = "mm") -> str:
    """An area in mm², in cm² from 1 cm² up; pixels stay pixels."""
    if unit == "mm" and square >= 100:
        return f"{square / 100:.1f} cm²"
    return f"{square:.0f} {unit}²"


def angle_text(degrees: float) -> str:
    return f"{degrees:.1f}°"


def value_text(value: float | None, unit: str) -> str:
    """A value with its unit: whole for HU, else three significant digits; "–" where there is none."""
    if value is None:
        return "–"
    if unit == "HU" or (float(value).is_integer() and abs(value) < 1e6):
        return f"{signed(round(value))} {unit}".strip()
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    return f"{signed(value, min(digits, 6))} {unit}".strip()


def position_text(lps: ArrayLike) -> str:
    """An LPS position by letters: "R 82.0  A 14.0  H 206.0 mm"."""
    pairs = (("R", "L"), ("A", "P"), ("F", "H"))
    position = np.asarray(lps, float)
    parts = [f"{pair[1 if v >= 0 else 0]} {abs(v):.1f}" for pair, v in zip(pairs, position, strict=True)]
    return "  ".join(parts) + " mm"
