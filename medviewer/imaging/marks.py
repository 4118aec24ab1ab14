"""Drawing on pictures with Pillow: text with a halo, outlines, rings, scale bars, trust marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from medviewer.core.report import Verdict
from medviewer.core.words import Language
from medviewer.imaging.fonts import font

Color = tuple[int, int, int]
Anchor = Literal["lt", "rt", "lb", "rb", "mb", "mt", "lm", "rm", "mm"]

TEXT: Color = (228, 231, 234)
AI: Color = (255, 162, 77)
PERSON: Color = (91, 181, 245)
MUTED: Color = (166, 174, 182)
VERDICT_COLORS: dict[Verdict, Color] = {
    "green": (67, 181, 160),
    "amber": (242, 208, 74),
    "red": (235, 107, 107),
}
OVERSAMPLING = 2
"""Lines and rings are drawn at this multiple and reduced, since Pillow has no smooth lines of its own."""


class Marks:
    """Marks over one RGB picture; positions are pixels with centres at integers, sizes follow `unit`."""

    def __init__(self, rgb: NDArray[np.uint8], language: Language = "en", unit: float = 1.0) -> None:
        self.image = Image.fromarray(rgb)
        self.language, self.unit = language, unit
        self._draw = ImageDraw.Draw(self.image)

    def array(self) -> NDArray[np.uint8]:
        return np.array(self.image)

    def text_size(self, text: str, size: float = 12) -> tuple[float, float]:
        left, top, right, bottom = self._draw.textbbox((0, 0), text, self._font(size), anchor="lt")
        return right - left, bottom - top

    def text(
        self, xy: tuple[float, float], text: str, size: float = 12, color: Color = TEXT, anchor: Anchor = "lt"
    ) -> None:
        """A line of text with a black halo, never a box over anatomy. anchor: left / middle / right, top /
        bottom.
        """
        pillow = anchor[0] + {"t": "a", "b": "d", "m": "m"}[anchor[1]]
        halo = max(1, round(1.3 * self.unit))
        self._draw.text(xy, text, color, self._font(size), pillow, stroke_width=halo, stroke_fill=(0, 0, 0))

    def _font(self, size: float):  # type: ignore[no-untyped-def]  # Pillow's two font classes share no base
        return font(max(9, round(size * self.unit)), self.language)

    def outline(self, contours: Sequence[NDArray[np.float64]], color: Color, width: float = 1.5) -> None:
        """Closed outlines, opaque."""
        self._lines([(np.vstack([c, c[:1]]), color) for c in contours if len(c) > 1], width)

    def fill(self, mask: NDArray[np.bool_], color: Color, opacity: float = 0.25) -> None:
        """Tint the pixels of a mask of the picture's own size."""
        alpha = Image.fromarray((mask * round(255 * opacity)).astype(np.uint8))
        self.image.paste(Image.new("RGB", self.image.size, color), (0, 0), alpha)

    def image_over(self, rgba: NDArray[np.uint8]) -> None:
        over = Image.fromarray(rgba)
        self.image.paste(over.convert("RGB"), (0, 0), over.getchannel("A"))

    def ring(self, xy: tuple[float, float], radius: float, color: Color = AI, dashed: bool = True) -> None:
        """A ring; dashed: not yet looked at by a person."""
        dashes = max(8, 2 * round(math.pi * radius / (6 * self.unit)))
        pieces = []
        for n in range(0, dashes, 2) if dashed else (0,):
            start, end = (n / dashes, (n + 1) / dashes) if dashed else (0.0, 1.0)
            angle = np.linspace(start, end, 8 if dashed else 96) * 2 * math.pi
            pieces.append(
                (np.stack([xy[0] + radius * np.cos(angle), xy[1] + radius * np.sin(angle)], axis=1), color)
            )
        self._lines(pieces, 1.5)

    def _lines(self, lines: Sequence[tuple[NDArray[np.float64], Color]], width: float) -> None:
        """Smooth lines with a dark edge."""
        if not lines:
            return
        every = np.vstack([points for points, _ in lines])
        margin = 4 + math.ceil(3 * self.unit)
        x0, y0 = np.maximum(np.floor(every.min(0)).astype(int) - margin, 0)
        x1, y1 = np.minimum(np.ceil(every.max(0)).astype(int) + margin, self.image.size)
        if x1 <= x0 or y1 <= y0:
            return
        n, thick = OVERSAMPLING, width * self.unit
        for extra, shade in ((1.2 * self.unit, 0.6), (0.0, 1.0)):
            by_color: dict[Color, Image.Image] = {}
            for points, color in lines:
                layer = by_color.setdefault(color, Image.new("L", (int(x1 - x0) * n, int(y1 - y0) * n)))
                scaled = [tuple(p) for p in ((points - (x0 - 0.5, y0 - 0.5)) * n - 0.5).tolist()]
                ImageDraw.Draw(layer).line(
                    scaled, round(255 * shade), max(1, round((thick + extra) * n)), "curve"
                )
            for color, layer in by_color.items():
                alpha = layer.resize((int(x1 - x0), int(y1 - y0)), Image.Resampling.BOX)
                ink = color if shade == 1.0 else (0, 0, 0)
                self.image.paste(Image.new("RGB", alpha.size, ink), (int(x0), int(y0)), alpha)

    def bar(self, xy: tuple[float, float], length: float, text: str) -> None:
        """A horizontal scale bar from xy to the right, with its length above it."""
        x, y = xy
        h, line = 4 * self.unit, max(1, round(1.5 * self.unit))
        for width, ink in ((line + 2, (0, 0, 0)), (line, TEXT)):
            self._draw.line([(x, y), (x + length, y)], ink, width)
            for end in (x, x + length):
                self._draw.line([(end, y - h), (end, y + h)], ink, width)
        self.text((x + length / 2, y - h - 2 * self.unit), text, 11, anchor="mb")

    def trust_mark(self, xy: tuple[float, float], verdict: Verdict, text: str, size: float = 12) -> None:
        """The verdict by shape and colour with its words; xy is the lower left corner."""
        x, y = xy
        s = size * self.unit
        cx, cy, r = x + s / 2, y - s / 2, s * 0.46
        color = VERDICT_COLORS[verdict]
        if verdict == "green":
            self._draw.ellipse([cx - r, cy - r, cx + r, cy + r], color, (0, 0, 0))
            tick = [(cx - r * 0.5, cy), (cx - r * 0.1, cy + r * 0.4), (cx + r * 0.55, cy - r * 0.4)]
            self._draw.line(tick, (0, 0, 0), max(1, round(s / 8)))
        else:
            corners, turn = (3, -90.0) if verdict == "amber" else (8, 22.5)
            angles = [math.radians(turn + 360 * n / corners) for n in range(corners)]
            points = [(cx + 1.15 * r * math.cos(a), cy + 1.15 * r * math.sin(a)) for a in angles]
            self._draw.polygon(points, color, (0, 0, 0))
            self._draw.line([(cx, cy - r * 0.5), (cx, cy + r * 0.15)], (0, 0, 0), max(1, round(s / 8)))
            self._draw.point((cx, cy + r * 0.45), (0, 0, 0))
        self.text((x + s * 1.35, y), text, size, anchor="lb")

    def color_bar(
        self, xy: tuple[float, float], size: tuple[float, float], colors: NDArray[np.uint8], cut: float
    ) -> None:
        """An upright bar of a map's colours (256, 3), 0 below and 1 above, with a tick at the threshold."""
        w, h = (max(2, round(v)) for v in size)
        shades = colors[np.linspace(255, 0, h).astype(int)]
        x, y = round(xy[0]), round(xy[1])
        self.image.paste(Image.fromarray(np.repeat(shades[:, None], w, axis=1).astype(np.uint8)), (x, y))
        self._draw.rectangle([x - 1, y - 1, x + w, y + h], outline=(0, 0, 0))
        at = y + (1 - cut) * h
        self._draw.line(
            [(x - 4 * self.unit, at), (x + w + 3 * self.unit, at)], TEXT, max(1, round(1.5 * self.unit))
        )
