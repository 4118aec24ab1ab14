"""Lucide icons, drawn by QtSvg in the colour of a token."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from medviewer import paths
from medviewer.ui.theme import COLORS

STROKE = "1.75"


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    return (paths.resources_folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def pixmap(name: str, token: str = "text2", size: int = 18, ratio: float = 2.0) -> QPixmap:
    """The icon as a pixmap of `size` logical pixels, crisp up to that device pixel ratio."""
    text = (
        _svg(name)
        .replace("currentColor", COLORS[token])
        .replace('stroke-width="2"', f'stroke-width="{STROKE}"')
    )
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


@lru_cache(maxsize=256)
def icon(name: str, token: str = "text2", on: str = "accent", size: int = 18) -> QIcon:
    """The icon for a button: `token` at rest, `on` when checked, the glyph colour for "off" when disabled."""
    made = QIcon(pixmap(name, token, size))
    made.addPixmap(pixmap(name, on, size), QIcon.Mode.Normal, QIcon.State.On)
    made.addPixmap(pixmap(name, "off", size), QIcon.Mode.Disabled, QIcon.State.Off)
    return made


def app_mark(size: int = 22) -> QPixmap:
    """The mark of the program: a pane with a point in it."""
    ratio = 2.0
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size * ratio / 22, size * ratio / 22)
    from medviewer.ui.theme import qcolor

    pen = painter.pen()
    pen.setColor(qcolor("accent"))
    pen.setWidthF(1.8)
    painter.setPen(pen)
    painter.drawRoundedRect(QRectF(1.5, 1.5, 19, 19), 5, 5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(qcolor("accent"))
    painter.drawEllipse(QRectF(8.2, 8.2, 5.6, 5.6))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn
