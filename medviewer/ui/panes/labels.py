"""Labels of marks and findings: a dark pill with a dotted leader, kept clear of the other labels."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medviewer.ui.panes import halo_text

PAD_X, PAD_Y, GAP = 7.0, 3.0, 16.0
SIZE = 12


@dataclass
class Labels:
    """Labels of one picture, placed one after the other inside `area`."""

    area: QRectF
    taken: list[QRectF] = field(default_factory=list)

    def draw(
        self,
        painter: QPainter,
        anchor: QPointF,
        reach: float,
        lines: list[str],
        color: str,
        struck: bool = False,
    ) -> QRectF:
        """A label near a mark that reaches `reach` pixels round its anchor; returns where it stands."""
        line = SIZE * 1.35
        wide = max(halo_text.width(text, SIZE, 600) for text in lines)
        size = QSizeF(wide + 2 * PAD_X, line * len(lines) + 2 * PAD_Y)
        place = self._place(anchor, reach, size)
        self.taken.append(place)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        near = QPointF(
            min(max(anchor.x(), place.left()), place.right()),
            min(max(anchor.y(), place.top()), place.bottom()),
        )
        way = near - anchor
        length = (way.x() ** 2 + way.y() ** 2) ** 0.5
        if length > reach + 6:
            pen = QPen(QColor(color), 1.2, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([1.5, 2.5])
            painter.setPen(pen)
            painter.drawLine(anchor + way * (reach / length), near)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 168))
        painter.drawRoundedRect(place, 4, 4)
        painter.setPen(QColor(color))
        font = halo_text.font(SIZE, 600)
        painter.setFont(font)
        for n, text in enumerate(lines):
            row = QRectF(place.left() + PAD_X, place.top() + PAD_Y + n * line, wide + 2, line)
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return place

    def _place(self, anchor: QPointF, reach: float, size: QSizeF) -> QRectF:
        w, h = size.width(), size.height()
        r = reach + 4
        around = [
            QPointF(anchor.x() + r * 0.7 + GAP, anchor.y() - r * 0.7 - h),
            QPointF(anchor.x() - r * 0.7 - GAP - w, anchor.y() - r * 0.7 - h),
            QPointF(anchor.x() + r * 0.7 + GAP, anchor.y() + r * 0.7),
            QPointF(anchor.x() - r * 0.7 - GAP - w, anchor.y() + r * 0.7),
            QPointF(anchor.x() - w / 2, anchor.y() - r - GAP - h),
            QPointF(anchor.x() - w / 2, anchor.y() + r + GAP),
            QPointF(anchor.x() + r + 2.5 * GAP, anchor.y() - h / 2 - 2 * h),
            QPointF(anchor.x() + r + 2.5 * GAP, anchor.y() - h / 2 + 2 * h),
        ]
        best, least = self._inside(QRectF(around[0], size)), float("inf")
        for corner in around:
            place = self._inside(QRectF(corner, size))
            covered = sum(_overlap(place, other) for other in self.taken)
            moved = abs(place.x() - corner.x()) + abs(place.y() - corner.y())
            if covered * 10 + moved < least:
                best, least = place, covered * 10 + moved
            if least < 1:
                break
        return best

    def _inside(self, place: QRectF) -> QRectF:
        x = min(max(place.x(), self.area.left()), max(self.area.left(), self.area.right() - place.width()))
        y = min(max(place.y(), self.area.top()), max(self.area.top(), self.area.bottom() - place.height()))
        return QRectF(QPointF(x, y), place.size())


def _overlap(a: QRectF, b: QRectF) -> float:
    both = a.intersected(b)
    return both.width() * both.height() if not both.isEmpty() else 0.0
