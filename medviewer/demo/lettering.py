"""The word SYNTHETIC, burned into pixels: letters of 5 x 7 dots, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LETTERS = {
    "S": ("01111", "10000", "10000", "01110", "00001", "00001", "11110"),
    "Y": ("10001", "10001", "01010", "00100", "00100", "00100", "00100"),
    "N": ("10001", "11001", "10101", "10101", "10011", "10001", "10001"),
    "T": ("11111", "00100", "00100", "00100", "00100", "00100", "00100"),
    "H": ("10001", "10001", "10001", "11111", "10001", "10001", "10001"),
    "E": ("11111", "10000", "10000", "11110", "10000", "10000", "11111"),
    "I": ("01110", "00100", "00100", "00100", "00100", "00100", "01110"),
    "C": ("01111", "10000", "10000", "10000", "10000", "10000", "01111"),
}
WORD = "SYNTHETIC"
LEFT = 8
"""Columns left free at the edge."""


def word_mask(scale: int = 2) -> NDArray[np.bool_]:
    """(rows, columns) True where the word's dots are, each dot `scale` pixels wide."""
    letters = [np.array([[dot == "1" for dot in row] for row in _LETTERS[letter]]) for letter in WORD]
    gap = np.zeros((7, 1), bool)
    word = np.hstack([part for letter in letters for part in (letter, gap)])[:, :-1]
    return word.repeat(scale, 0).repeat(scale, 1)


def burn_in(picture: NDArray[np.int16], value: int, scale: int = 2, above: int = 40) -> None:
    """Write the word at the left edge of (…, rows, columns), `above` pixels from the bottom, in place.

    Away from the corners: viewers write there, and a scale bar runs along the bottom.
    """
    word = word_mask(scale)
    rows, columns = word.shape
    part = picture[..., -above - rows : -above, LEFT : LEFT + columns]
    part[..., word] = value
