"""From values to colour and opacity in 3D: presets, and what they mean for one volume's stored numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medviewer import paths
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.core.words import Words
from medviewer.imaging.presets import percentile_window


@dataclass(frozen=True)
class TransferPreset:
    """opacity: (value, 0..1 per mm of depth); colors: (value, (r, g, b) 0..1); values in HU, or as shares of
    the span between the 0.5 and 99.8 % values where `fits` is "share". mip_window: (center, width) where only
    a MIP is shown.
    """

    id: str
    name: Words
    fits: Literal["HU", "share"]
    mode: Literal["composite", "mip"]
    shade: bool
    opacity: tuple[tuple[float, float], ...]
    colors: tuple[tuple[float, tuple[float, float, float]], ...]
    mip_window: tuple[float, float]
    invert: bool = False


@lru_cache(maxsize=1)
def _presets() -> dict[str, TransferPreset]:
    path = paths.resources_folder() / "presets" / "transfer_functions.json"
    found = {}
    for name, p in json.loads(path.read_text(encoding="utf-8")).items():
        colors = tuple((float(v), _rgb(c)) for v, c in p["color"])
        opacity = tuple((float(v), float(o)) for v, o in p["opacity"])
        window = (float(p["mip_window"][0]), float(p["mip_window"][1]))
        found[name] = TransferPreset(
            name, Words(p["en"], p["zh"]), p["for"], p["mode"], p["shade"], opacity, colors, window,
            bool(p.get("invert", False)),
        )  # fmt: skip
    return found


def _rgb(text: str) -> tuple[float, float, float]:
    r, g, b = (int(text[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return r, g, b


def preset_names() -> list[str]:
    return list(_presets())


def transfer_preset(name: str) -> TransferPreset:
    return _presets()[name]


def fitting_presets(volume: Volume) -> list[TransferPreset]:
    """Presets for a volume's unit and modality, the default first."""
    if volume.values.unit == "HU":
        names = ["ct_bone", "ct_lung", "ct_vessels", "ct_soft", "ct_mip"]
    elif volume.meta.get("modality") in ("PT", "NM"):
        names = ["pet_mip", "mr_soft"]
    else:
        names = ["mr_soft", "mr_mip"]
    return [_presets()[n] for n in names]


class FittedTransfer:
    """A preset in a volume's own value unit."""

    def __init__(self, preset: TransferPreset, volume: Volume) -> None:
        self.preset = preset
        if preset.fits == "HU":
            low, span = 0.0, 1.0
        else:
            window = percentile_window(volume, 0.5, 99.8)
            low, span = window.center - window.width / 2, window.width
        self.opacity = [(low + v * span, o) for v, o in preset.opacity]
        self.colors = [(low + v * span, c) for v, c in preset.colors]
        center, width = preset.mip_window
        self.mip_window = Window(low + center * span, width * span, "LINEAR_EXACT")

    def opacity_of(self, values: NDArray[np.floating]) -> NDArray[np.float64]:  # type: ignore[type-arg]
        """Opacity per millimetre of values, by straight lines between the preset's points."""
        at, opacity = zip(*self.opacity, strict=True)
        return np.interp(values, at, opacity)
