"""One line of text for delegates that draw rows: cut with dots where it is too long."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter

from medviewer.ui.theme import qcolor


def draw_elided(
    painter: QPainter, area: QRect, text: str, font: QFont, token: str, align: Qt.AlignmentFlag
) -> int:
    """Draw one line in the colour of a token; its width in pixels."""
    if not text or area.width() <= 0:
        return 0
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.setFont(font)
    painter.setPen(qcolor(token))
    painter.drawText(area, align, shown)
    return metrics.horizontalAdvance(shown)
