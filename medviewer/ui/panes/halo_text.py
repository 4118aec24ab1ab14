"""Text over images: bright letters with a black halo, never a box over anatomy. Drawn once, then stamped."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from medviewer.core.words import Language
from medviewer.ui import language, theme

Anchor = Literal["lt", "rt", "lb", "rb", "mb", "mt", "lm", "rm", "mm"]
HALO = 2.6
_MARGIN = 3


@lru_cache(maxsize=32)
def _font(pixels: int, weight: int, spoken: Language) -> QFont:
    return theme.font(pixels, weight, spoken)


def font(pixels: int = 12, weight: int = 400) -> QFont:
    return _font(pixels, weight, language.current())


@lru_cache(maxsize=64)
def _metrics(pixels: int, weight: int, spoken: Language) -> QFontMetricsF:
    return QFontMetricsF(_font(pixels, weight, spoken))


def width(text: str, pixels: int = 12, weight: int = 400) -> float:
    """Logical pixels."""
    return _metrics(pixels, weight, language.current()).horizontalAdvance(text)


def line_height(pixels: int = 12) -> float:
    return pixels * 1.5


@lru_cache(maxsize=1024)
def _stamp(text: str, pixels: int, weight: int, color: str, ratio: float, spoken: Language) -> QImage:
    metrics = _metrics(pixels, weight, spoken)
    w = ceil((metrics.horizontalAdvance(text) + 2 * _MARGIN) * ratio)
    h = ceil((metrics.height() + 2 * _MARGIN) * ratio)
    image = QImage(max(1, w), max(1, h), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)  # strokes of a letter may overlap
    path.addText(QPointF(_MARGIN, _MARGIN + metrics.ascent()), _font(pixels, weight, spoken), text)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    join = Qt.PenJoinStyle.RoundJoin
    painter.strokePath(
        path, QPen(QColor(0, 0, 0, 217), HALO, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, join)
    )
    painter.fillPath(path, QColor(color))
    painter.end()
    return image


def draw(
    painter: QPainter, xy: tuple[float, float], text: str, pixels: int = 12, weight: int = 400,
    color: str | None = None, anchor: Anchor = "lt",
) -> QRectF:  # fmt: skip
    """One line; xy is its left / middle / right and top / middle / bottom. Returns where it stands."""
    ratio = painter.device().devicePixelRatioF()
    stamp = _stamp(text, pixels, weight, color or theme.COLORS["text"], ratio, language.current())
    w, h = stamp.width() / ratio - 2 * _MARGIN, stamp.height() / ratio - 2 * _MARGIN
    x = xy[0] - {"l": 0.0, "m": w / 2, "r": w}[anchor[0]]
    y = xy[1] - {"t": 0.0, "m": h / 2, "b": h}[anchor[1]]
    # On whole device pixels, so that letters stay sharp.
    x, y = round(x * ratio) / ratio, round(y * ratio) / ratio
    painter.drawImage(QPointF(x - _MARGIN, y - _MARGIN), stamp)
    return QRectF(x, y, w, h)
