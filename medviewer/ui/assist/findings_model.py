"""Findings and film labels as rows, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate

from medviewer.core.finding import ClassScore, Finding
from medviewer.core.units import length_text
from medviewer.core.words import Words
from medviewer.ui import icons, theme
from medviewer.ui.assist.bars import draw_bar
from medviewer.ui.elided_text import draw_elided
from medviewer.ui.language import tr
from medviewer.ui.theme import qcolor

ROW = Qt.ItemDataRole.UserRole + 1
ABOVE = Words("above cut-off", "高于阈值")
SLICE = Words("slice {k}", "第 {k} 层")
EDITED = Words("edited", "已修改")
VOLUME = Words("{v} ml", "{v} ml")
FINDING_HEIGHT, LABEL_HEIGHT, BUTTONS_HEIGHT = 64, 32, 42
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


@dataclass(eq=False)
class FindingRow:
    """A finding: its number in the list, its words, its picture."""

    number: int
    finding: Finding
    title: Words
    picture: QImage | None
    chosen: bool

    @property
    def id(self) -> str:
        return self.finding.id

    def told(self) -> str:
        """For screen readers."""
        f = self.finding
        size = length_text(f.diameter_mm) if f.diameter_mm else ""
        score = f"{f.probability:.2f}" if f.probability is not None else ""
        return ", ".join(part for part in (f"{self.number} {tr(self.title)}", size, score) if part)


@dataclass(eq=False)
class LabelRow:
    """A label of a film."""

    score: ClassScore
    title: Words
    chosen: bool

    @property
    def id(self) -> str:
        return self.score.label

    def told(self) -> str:
        above = f", {tr(ABOVE)}" if self.score.positive else ""
        return f"{tr(self.title)}, {self.score.probability:.2f}{above}"


class FindingDelegate(QStyledItemDelegate):
    """Draws both kinds of rows; the chosen finding leaves room for its four buttons."""

    def sizeHint(self, option: Any, index: Any) -> QSize:
        row = index.data(ROW)
        if isinstance(row, LabelRow):
            return QSize(0, LABEL_HEIGHT)
        return QSize(0, FINDING_HEIGHT + (BUTTONS_HEIGHT if row.chosen else 0))

    def paint(self, painter: QPainter, option: Any, index: Any) -> None:
        row = index.data(ROW)
        area = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if row.chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor("selected" if row.chosen else "raised"))
            painter.drawRoundedRect(QRectF(area).adjusted(0, 1, 0, -1), 6, 6)
        if row.chosen:
            painter.setBrush(qcolor("accent"))
            painter.drawRoundedRect(QRectF(area.left(), area.top() + 8, 3, area.height() - 16), 1.5, 1.5)
        if isinstance(row, LabelRow):
            self._label(painter, area, row)
        else:
            self._finding(painter, area, row)
        if option.widget.hasFocus() and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(qcolor("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 1.5, -0.5, -1.5), 6, 6)
        painter.restore()

    @staticmethod
    def _label(painter: QPainter, area: QRect, row: LabelRow) -> None:
        score = row.score
        inner = area.adjusted(12, 0, -8, 0)
        painter.setFont(theme.font("body"))
        painter.setPen(qcolor("text2"))
        painter.drawText(inner, _RIGHT, f"{score.probability:.2f}")
        bar = QRectF(inner.right() - 116, area.center().y() - 1, 74, 4)
        draw_bar(painter, bar, score.probability, "ai" if score.positive else "text3", score.threshold)
        left = inner.adjusted(0, 0, -130, 0)
        used = 0
        if score.positive:
            used = draw_elided(painter, left, tr(ABOVE), theme.font("small", 500), "ai", _RIGHT) + 8
        weight = 600 if score.positive else 400
        draw_elided(
            painter, left.adjusted(0, 0, -used, 0), tr(row.title), theme.font("body", weight), "text", _LEFT
        )

    @staticmethod
    def _finding(painter: QPainter, area: QRect, row: FindingRow) -> None:
        f = row.finding
        rejected = f.review.state == "rejected"
        thumb = QRect(area.left() + 10, area.top() + 8, 48, 48)
        painter.fillRect(thumb, qcolor("image"))
        if row.picture is not None:
            if rejected:
                painter.setOpacity(0.45)
            size = row.picture.size().scaled(thumb.size(), Qt.AspectRatioMode.KeepAspectRatio)
            into = QRect(0, 0, size.width(), size.height())
            into.moveCenter(thumb.center())
            painter.drawImage(into, row.picture)
            painter.setOpacity(1)
        inner = QRect(thumb.right() + 12, area.top() + 10, area.right() - thumb.right() - 22, 22)
        size_text = length_text(f.diameter_mm) if f.diameter_mm is not None else ""
        tone = "text3" if rejected else "text"
        used = draw_elided(painter, inner, size_text, theme.font("body", 600), tone, _RIGHT)
        title = inner.adjusted(0, 0, -used - 8, 0)
        if f.review.state == "accepted":
            painter.drawPixmap(title.left(), title.top() + 3, icons.pixmap("check", "good", 16))
            title = title.adjusted(20, 0, 0, 0)
        font = theme.font("body", 600)
        font.setStrikeOut(rejected)
        words = f"{row.number}  {tr(row.title)}"
        if f.review.state == "edited":
            words += f" ({tr(EDITED)})"
        draw_elided(painter, title, words, font, tone, _LEFT)
        below = inner.translated(0, 22)
        if f.probability is not None:
            painter.setFont(theme.font("small"))
            painter.setPen(qcolor("text3" if rejected else "text2"))
            painter.drawText(below, _RIGHT, f"{f.probability:.2f}")
            bar = QRectF(below.right() - 92, below.center().y() - 1, 56, 4)
            draw_bar(painter, bar, f.probability, "text3" if rejected else "ai")
            below = below.adjusted(0, 0, -100, 0)
        draw_elided(
            painter, below, place_text(f), theme.font("small"), "text3" if rejected else "text2", _LEFT
        )


def place_text(finding: Finding) -> str:
    """Where it is and how large: "slice 188 · 0.7 ml"."""
    told = []
    if finding.center_ijk is not None:
        told.append(tr(SLICE.format(k=round(float(finding.center_ijk[2])) + 1)))
    if finding.volume_ml is not None:
        digits = 1 if finding.volume_ml >= 1 else 2
        told.append(tr(VOLUME.format(v=f"{finding.volume_ml:.{digits}f}")))
    return " · ".join(told)
