"""Thin bars that stand beside figures."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from medviewer.ui.theme import qcolor


def draw_bar(painter: QPainter, area: QRectF, share: float, token: str, tick: float | None = None) -> None:
    """A bar filled to `share` (0..1) with an upright tick."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(qcolor("hover"))
    painter.drawRoundedRect(area, 2, 2)
    if share > 0:
        painter.setBrush(qcolor(token))
        filled = QRectF(area.left(), area.top(), max(3.0, area.width() * min(1.0, share)), area.height())
        painter.drawRoundedRect(filled, 2, 2)
    if tick is not None:
        painter.fillRect(
            QRectF(area.left() + area.width() * tick - 1, area.center().y() - 6, 2, 12), qcolor("text")
        )


class Bar(QWidget):
    """A bar as a widget; `token` is its colour."""

    def __init__(self, share: float, token: str, tick: float | None = None, width: int = 88) -> None:
        super().__init__()
        self._share, self._token, self._tick = share, token, tick
        self.setFixedHeight(14)
        self.setMinimumWidth(width)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(100, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(0, self.height() / 2 - 2, self.width(), 4)
        draw_bar(painter, area, self._share, self._token, self._tick)
