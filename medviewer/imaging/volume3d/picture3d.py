"""A 3D picture that may leave: letters, trust mark, the line on its purpose, no patient's name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.core.volume import Volume
from medviewer.core.words import NOT_FOR_DIAGNOSIS, Language
from medviewer.imaging.fonts import speaks
from medviewer.imaging.marks import MUTED, Marks
from medviewer.imaging.picture import PictureOverlays
from medviewer.imaging.volume3d.gl_probe import RUNG_WORDS, GlProbe
from medviewer.imaging.volume3d.renderer import Renderer3D
from medviewer.imaging.volume3d.transfer_functions import transfer_preset


def picture3d(
    volume: Volume,
    size: tuple[int, int] = (800, 800),
    preset: str | None = None,
    overlays: PictureOverlays | None = None,
    azimuth: float = 0.0,
    elevation: float = 10.0,
    language: Language = "en",
    bare: bool = False,
    rung: GlProbe | None = None,
) -> NDArray[np.uint8]:
    """RGB [y, x, 3] from the front, slightly from above, at the best rung that this machine has."""
    renderer = Renderer3D(volume, rung)
    try:
        if preset is not None:
            renderer.set_preset(preset)
        renderer.camera(azimuth, elevation)
        if overlays is not None and not bare:
            renderer.set_segments(overlays.segmentation)
            renderer.set_markers(overlays.findings)
        shown_rung, name = renderer.rung, transfer_preset(renderer.preset).name
        letters = renderer.view.letters()
        pixels = renderer.render(size)
    finally:
        renderer.close()
    if bare:
        return pixels
    language = language if speaks(language) else "en"
    marks = Marks(pixels, language, unit=max(0.75, min(size) / 640))
    (w, h), u = size, marks.unit
    edge, line = 10 * u, 17 * u
    marks.text((edge, h / 2), letters["left"], 14, anchor="lm")
    marks.text((w - edge, h / 2), letters["right"], 14, anchor="rm")
    marks.text((w / 2, edge), letters["top"], 14, anchor="mt")
    marks.text((w / 2, h - edge - line), letters["bottom"], 14, anchor="mb")
    marks.text((edge, edge), f"3D · {name.text(language)}", 12)
    marks.text((w - edge, edge), RUNG_WORDS[shown_rung].text(language), 12, MUTED, "rt")
    marks.trust_mark((edge, h - edge - line), volume.report.verdict, volume.report.words.text(language))
    marks.text((w / 2, h - edge), NOT_FOR_DIAGNOSIS.text(language), 11, MUTED, "mb")
    return marks.array()
