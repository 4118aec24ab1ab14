"""Windows to begin with: presets by modality, windows typed by a person, and the one a series opens with."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medviewer import paths
from medviewer.core.errors import MedViewerError
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.core.words import Words

SAMPLES = 200_000
"""Percentiles are taken from about so many numbers, spread evenly over the volume."""


@dataclass(frozen=True)
class WindowPreset:
    """A named window; `id` is what the command line takes."""

    id: str
    name: Words
    window: Window


@lru_cache(maxsize=1)
def _all_presets() -> dict[str, tuple[WindowPreset, ...]]:
    stored = json.loads((paths.resources_folder() / "presets" / "windows.json").read_text(encoding="utf-8"))
    return {
        group: tuple(
            WindowPreset(p["id"], Words(p["en"], p["zh"]), Window(p["center"], p["width"], "LINEAR", p["en"]))
            for p in presets
        )
        for group, presets in stored.items()
    }


def window_presets(volume: Volume | None = None) -> tuple[WindowPreset, ...]:
    """Presets that fit a volume (by unit, then modality; none for most MR and film), or all of them."""
    groups = _all_presets()
    if volume is None:
        return tuple(p for presets in groups.values() for p in presets)
    if volume.values.unit == "HU":
        return groups["CT"]
    return groups.get(volume.values.unit, ())


def parse_window(text: str) -> Window:
    """A window from "CENTER/WIDTH" ("-600/1500") or a preset's id ("lung"); LINEAR, in the series' unit.

    Raises MedViewerError "usage.window" for anything else, a width below 1e-6 or numbers that are not finite.
    """
    wanted = text.strip().lower()
    for preset in window_presets():
        if preset.id == wanted:
            return preset.window
    center, slash, width = wanted.replace("\N{MINUS SIGN}", "-").partition("/")
    try:
        window = Window(float(center), float(width))
        if slash and math.isfinite(window.center) and math.isfinite(window.width) and window.width >= 1e-6:
            return window
    except ValueError:
        pass
    names = ", ".join(p.id for p in window_presets())
    raise MedViewerError(
        "usage.window",
        Words(
            "A window is CENTER/WIDTH, as -600/1500, or one of: {names}.",
            "窗应写作 窗位/窗宽（如 -600/1500），或以下之一：{names}。",
        ).format(names=names),
    )


def default_window(volume: Volume) -> Window:
    """What a series opens with: the file's first usable window, else from its values.

    CT without one gets the abdominal window; everything else the span of its middle values (films and single
    images 0.5 to 99.5 %, volumes 0.5 to 99.8 %, padding left out).
    """
    for window in volume.windows:
        if math.isfinite(window.center) and math.isfinite(window.width) and window.width > 0:
            return window
    if volume.is_color:
        return Window.of_range(0, 255)
    if volume.values.unit == "HU":
        return _all_presets()["CT"][0].window
    return percentile_window(volume, 0.5, 99.8 if volume.kind == "volume" else 99.5)


def percentile_window(volume: Volume, low: float, high: float) -> Window:
    """LINEAR_EXACT window between two percentiles (0..100) of the volume's values, padding left out."""
    array = volume.array
    step = max(1, math.ceil((array.size / SAMPLES) ** (1 / 3)))
    steps = [min(step, max(1, n // 4)) for n in array.shape[:3]]
    part = slice(None, None, steps[0])
    picked = array[part, :: steps[1], :: steps[2]]
    ks = range(array.shape[0])[part]
    values = np.stack([volume.values.apply(p, k) for p, k in zip(picked, ks, strict=True)]).ravel()
    keep = np.isfinite(values)
    if volume.values.padding is not None:
        first, last = volume.values.padding
        keep &= ~((picked >= first) & (picked <= last)).ravel()
    values = values[keep]
    if values.size == 0:
        return Window.of_range(0, 1)
    a, b = (float(v) for v in np.percentile(values, (low, high)))
    if b <= a:
        a, b = float(values.min()), float(values.max())
    if b <= a:
        a, b = a - 0.5, a + 0.5
    return Window.of_range(a, b)
