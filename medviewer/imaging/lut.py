"""From stored numbers to brightness and colour, through one lookup table."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer import paths
from medviewer.core.window import Window

Grey = NDArray[np.uint8]
COLORMAPS = ("inferno", "cividis", "diverging", "hot_metal", "grey")
FIRST_COLOR = 0.22
"""Unsigned maps begin here: the darkest part of `inferno` can't be told from a dark image."""


class GreyTable:
    """Brightness 0..255 of every stored number under a window (PS3.3 C.11.2.1.2).

    window: in value units; scale: value = stored * scale[0] + scale[1]; dtype: of the stored numbers; invert:
    low values bright. For integers of up to 16 bits `table` has an entry for each bit pattern (256 or 65,536,
    signed numbers by two's complement); for other types brightness is computed.
    """

    def __init__(self, window: Window, scale: tuple[float, float], dtype: Any, invert: bool = False) -> None:
        self.window, self.scale, self.dtype, self.invert = window, scale, np.dtype(dtype), invert
        self.table = _table(window, scale, self.dtype.str, invert) if _is_tabled(self.dtype) else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GreyTable):
            return NotImplemented
        mine, theirs = ((t.window, t.scale, t.dtype, t.invert) for t in (self, other))
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]


def _is_tabled(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "iu" and dtype.itemsize <= 2 and dtype.isnative


@lru_cache(maxsize=32)
def _table(window: Window, scale: tuple[float, float], dtype: str, invert: bool) -> Grey:
    kind = np.dtype(dtype)
    patterns = np.arange(1 << (8 * kind.itemsize), dtype=f"u{kind.itemsize}").view(kind)
    table = _shade(window.apply(patterns * scale[0] + scale[1]), invert)
    table.setflags(write=False)
    return table


def _shade(brightness: NDArray[np.floating[Any]], invert: bool) -> Grey:
    shade = (brightness * 255.0 + 0.5).astype(np.uint8)
    return 255 - shade if invert else shade


def to_grey(
    stored: NDArray[Any], table: GreyTable, inside: NDArray[np.bool_] | None = None, out: Grey | None = None
) -> Grey:
    """uint8 brightness of stored numbers, C-contiguous, of the same shape; colour [.., 3] passes through
    unchanged.

    inside: where False the result is 0 (black also when inverted). out: written into where given.
    """
    if stored.ndim == 3 and stored.shape[-1] in (3, 4) and stored.dtype == np.uint8:
        return np.ascontiguousarray(stored)
    if table.table is not None and stored.dtype == table.dtype:
        pattern = stored.view(f"u{stored.dtype.itemsize}")
        if out is None:
            out = np.empty(stored.shape, np.uint8)
        np.take(table.table, pattern, out=out, mode="clip")
    else:
        slope, intercept = table.scale
        values = np.nan_to_num(stored.astype(np.float64), nan=-3e38) * slope + intercept
        shade = _shade(table.window.apply(values), table.invert)
        if out is None:
            out = shade
        else:
            out[...] = shade
    if inside is not None:
        out[~inside] = 0
    return out


@lru_cache(maxsize=8)
def colormap(name: str) -> Grey:
    """(256, 3) uint8 colours: "inferno" and "cividis" for unsigned maps, "diverging" (blue - dark - orange,
    zero at 128) for signed ones, "hot_metal" for PET, "grey"."""
    if name == "grey":
        table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    else:
        stored = json.loads(
            (paths.resources_folder() / "presets" / "colormaps.json").read_text(encoding="utf-8")
        )
        table = np.frombuffer(bytes.fromhex(stored[name]), np.uint8).reshape(256, 3).copy()
    table.setflags(write=False)
    return table


def unsigned_colors(name: str) -> Grey:
    """(256, 3) colours for a share 0..1 of an unsigned map: the named map from `FIRST_COLOR` up."""
    places = FIRST_COLOR + (1 - FIRST_COLOR) * np.linspace(0, 1, 256)
    colors: Grey = colormap(name)[np.rint(places * 255).astype(int)]
    return colors


def blend(
    grey_rgb: Grey,
    map2d: NDArray[np.floating[Any]],
    cmap: str = "inferno",
    opacity: float = 0.5,
    threshold: float = 0.3,
) -> Grey:
    """RGB [y, x, 3] of an image (grey [y, x] or RGB) with an unsigned map 0..1 over it, as `map_rgba` colours
    it.
    """
    rgb = grey_rgb if grey_rgb.ndim == 3 else np.repeat(grey_rgb[..., None], 3, axis=2)
    return over(rgb, map_rgba(map2d, cmap, opacity, threshold))


def map_rgba(
    map2d: NDArray[np.floating[Any]], cmap: str = "inferno", opacity: float = 0.5, threshold: float = 0.3
) -> Grey:
    """RGBA of an unsigned map 0..1: constant opacity above the threshold (a ramp of 0.05 below it), none
    further below, so that opacity never reads as a second scale."""
    share = np.clip(np.nan_to_num(map2d), 0, 1)
    rgba = np.empty((*share.shape, 4), np.uint8)
    rgba[..., :3] = unsigned_colors(cmap)[(share * 255 + 0.5).astype(np.uint8)]
    ramp = np.clip((share - threshold) / 0.05 + 1, 0, 1) if threshold > 0 else (share > 0).astype(float)
    rgba[..., 3] = (ramp * opacity * 255 + 0.5).astype(np.uint8)
    return rgba


def over(rgb: Grey, rgba: Grey) -> Grey:
    """A picture [y, x, 3] under a picture with opacity [y, x, 4]."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    mixed = rgb * (1 - alpha) + rgba[..., :3] * alpha
    return (mixed + 0.5).astype(np.uint8)
