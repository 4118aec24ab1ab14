"""How a patient, a study and a series are drawn in the browser."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate

from medviewer.io.study import PatientInfo, SeriesInfo, StudyInfo
from medviewer.ui import icons, theme
from medviewer.ui.browser import model
from medviewer.ui.elided_text import draw_elided
from medviewer.ui.language import tr
from medviewer.ui.recent import date_text, title_of
from medviewer.ui.theme import qcolor

HEIGHTS = {"patient": 34, "study": 30, "series": 80}
THUMB = 64
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class BrowserDelegate(QStyledItemDelegate):
    """Paints rows over the whole width; the tree's own indentation is not used."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.expanded: Any = lambda index: True
        self.shown: frozenset[str] = frozenset()
        """Keys of the series in panes."""

    def sizeHint(self, option: Any, index: Any) -> QSize:
        return QSize(0, HEIGHTS[index.data(model.KIND)])

    def paint(self, painter: QPainter, option: Any, index: Any) -> None:
        area = QRect(0, option.rect.top(), option.widget.viewport().width(), option.rect.height())
        one = index.data(model.OBJECT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if isinstance(one, SeriesInfo):
            self._series(painter, area, index, one, chosen, hovered)
        else:
            if hovered:
                painter.fillRect(area, qcolor("raised"))
            if isinstance(one, StudyInfo):
                self._study(painter, area, index, one)
            elif isinstance(one, PatientInfo):
                self._patient(painter, area, index, one)
        if option.state & QStyle.StateFlag.State_HasFocus and option.widget.hasFocus():
            painter.setPen(qcolor("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(area).adjusted(8.5, 1.5, -8.5, -1.5), 6, 6)
        painter.restore()

    def _patient(self, painter: QPainter, area: QRect, index: Any, one: PatientInfo) -> None:
        inner = area.adjusted(16, 0, -16, 0)
        meta = next((s.meta for study in one.studies for s in study.series if s.meta), {})
        told = " ".join(str(meta[k]) for k in ("patient_sex", "patient_age") if meta.get(k))
        used = draw_elided(painter, inner, told, theme.font("small"), "text2", _RIGHT)
        name = tr(model.patient_name(one))
        draw_elided(
            painter, inner.adjusted(0, 0, -used - 8, 0), name, theme.font("section", 600), "text", _LEFT
        )

    def _study(self, painter: QPainter, area: QRect, index: Any, one: StudyInfo) -> None:
        chevron = "chevron-down" if self.expanded(index) else "chevron-right"
        painter.drawPixmap(14, area.top() + 8, icons.pixmap(chevron, "text3", 14))
        inner = area.adjusted(32, 0, -16, 0)
        when = index.data(model.WHEN) if one.date else model.UNDATED
        token = "accent" if when == model.NOW else "text2"
        used = draw_elided(painter, inner, tr(when), theme.font("small", 500), token, _RIGHT)
        inner = inner.adjusted(0, 0, -used - 8, 0)
        date = draw_elided(painter, inner, date_text(one.date), theme.font("small", 500), "text2", _LEFT)
        inner = inner.adjusted(date + (10 if date else 0), 0, 0, 0)
        draw_elided(
            painter,
            inner,
            one.description or tr(title_of(one.series[0])),
            theme.font("small", 500),
            "text",
            _LEFT,
        )

    def _series(
        self, painter: QPainter, area: QRect, index: Any, one: SeriesInfo, chosen: bool, hovered: bool
    ) -> None:
        box = area.adjusted(8, 1, -8, -1)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor("selected" if chosen else "raised"))
            painter.drawRoundedRect(QRectF(box), 6, 6)
        if one.key in self.shown:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor("accent"))
            painter.drawRoundedRect(QRectF(box.left(), box.top() + 14, 3, box.height() - 28), 1.5, 1.5)
        thumb = QRect(box.left() + 12, box.top() + (box.height() - THUMB) // 2, THUMB, THUMB)
        self._picture(painter, thumb, index, one)
        inner = QRect(thumb.right() + 12, box.top() + 8, box.right() - thumb.right() - 20, 20)
        found = index.data(model.FINDINGS) or 0
        used = draw_elided(
            painter, inner, f"AI {found}" if found else "", theme.font("small", 600), "ai", _RIGHT
        )
        name = tr(model.series_name(one))
        draw_elided(
            painter,
            inner.adjusted(0, 0, -used - (8 if used else 0), 0),
            name,
            theme.font("body", 600),
            "text",
            _LEFT,
        )
        self._facts(painter, inner.translated(0, 21), one)
        self._light(painter, inner.translated(0, 42), one)
        share = index.data(model.LOADING)
        if share is not None:
            painter.fillRect(QRect(inner.left(), box.bottom() - 4, inner.width(), 2), qcolor("hover"))
            painter.fillRect(
                QRect(inner.left(), box.bottom() - 4, round(inner.width() * share), 2), qcolor("accent")
            )

    @staticmethod
    def _picture(painter: QPainter, area: QRect, index: Any, one: SeriesInfo) -> None:
        painter.fillRect(area, qcolor("image"))
        picture = index.data(model.PICTURE)
        if picture is None:
            name = "image" if one.is_image else "file"
            painter.drawPixmap(area.center().x() - 9, area.center().y() - 9, icons.pixmap(name, "off", 20))
            return
        size = picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        into = QRect(0, 0, size.width(), size.height())
        into.moveCenter(area.center())
        painter.drawImage(into, picture)

    @staticmethod
    def _facts(painter: QPainter, area: QRect, one: SeriesInfo) -> None:
        small = theme.font("small")
        if one.modality:
            bold = theme.font("small", 600)
            width = QFontMetrics(bold).horizontalAdvance(one.modality) + 10
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor("hover"))
            painter.drawRoundedRect(QRectF(area.left(), area.top() + 1, width, 18), 4, 4)
            draw_elided(
                painter, QRect(area.left() + 5, area.top(), width, 20), one.modality, bold, "text2", _LEFT
            )
            area = area.adjusted(width + 8, 0, 0, 0)
        used = draw_elided(painter, area, model.spacing_text(one), small, "text2", _RIGHT)
        draw_elided(
            painter, area.adjusted(0, 0, -used - 6, 0), tr(model.count_words(one)), small, "text2", _LEFT
        )

    @staticmethod
    def _light(painter: QPainter, area: QRect, one: SeriesInfo) -> None:
        if one.is_image:
            icon, tone = model.LIGHTS[one.report.verdict]
            painter.drawPixmap(area.left(), area.top() + 3, icons.pixmap(icon, tone, 14))
            area = area.adjusted(20, 0, 0, 0)
        draw_elided(painter, area, tr(model.light_words(one)), theme.font("small"), "text2", _LEFT)
