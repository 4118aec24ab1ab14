"""What image panes and 3D panes have in common: place in the workspace, drop of series, border, messages."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFocusEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QTextOption,
)
from PySide6.QtWidgets import QWidget

from medviewer.core.words import Words
from medviewer.ui import icons, language
from medviewer.ui.language import tr
from medviewer.ui.panes import halo_text
from medviewer.ui.theme import COLORS, qcolor
from medviewer.workspace.workspace import Workspace

SERIES_MIME = "application/x-medviewer-series"
"""What the browser drags: the series key, UTF-8."""
DROP = Words("Drop a series here", "将序列拖放到此处")
LOADING = Words("Loading…", "正在载入…")
ABSENT = Words("Slice {k} is still loading", "第 {k} 层尚在载入")
NO_VOXELS = Words("This plane misses the volume", "该平面位于体数据之外")


class PaneBase(QWidget):
    """One pane of the grid; `index` is its place in the workspace."""

    def __init__(self, workspace: Workspace, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ws, self.index = workspace, index
        self._dropping = False
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(64, 64)
        self.name_it()

    def name_it(self) -> None:
        """Tell screen readers what the pane shows."""
        words = self.ws.describe(self.index)
        text = tr(words) if words is not None else ""
        if text != self.accessibleName():
            self.setAccessibleName(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.ws.viewing.resize(self.index, self.width(), self.height())
        super().resizeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.ws.set_active(self.index)
        super().focusInEvent(event)
        self.update()

    # ---- drop of a series

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(SERIES_MIME):
            self._dropping = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._dropping = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._dropping = False
        self.update()
        if event.mimeData().hasFormat(SERIES_MIME):
            key = bytes(event.mimeData().data(SERIES_MIME).data()).decode("utf-8", "replace")
            event.acceptProposedAction()
            if self.ws.studies.get(key) is not None or key in self.ws.volumes:
                self.ws.show(key, self.index)

    # ---- what every pane draws

    def draw_border(self, painter: QPainter) -> None:
        active = self.index == self.ws.active_pane and self.ws.layout.count > 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._dropping:
            pen = QPen(qcolor("accent"), 2, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawRect(QRectF(6, 6, self.width() - 12, self.height() - 12))
        elif active:
            painter.fillRect(QRectF(0, 0, self.width(), 2), qcolor("accent"))
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), qcolor("accent"))
            painter.fillRect(QRectF(0, 0, 2, self.height()), qcolor("accent"))
            painter.fillRect(QRectF(self.width() - 2, 0, 2, self.height()), qcolor("accent"))

    def draw_state(self, painter: QPainter) -> None:
        """In place of an image: empty, loading, or why there is none."""
        pane = self.ws.panes[self.index]
        error = self.ws.failures.get(pane.key or "")
        if pane.key is None:
            self._draw_empty(painter)
        elif error is not None:
            self.draw_message(painter, tr(error.sentence), tr(error.hint) if error.hint else "", "bad")
        else:
            self.draw_message(painter, tr(LOADING))

    def _draw_empty(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), qcolor("window"))
        pen = QPen(qcolor("line2"), 1.5, Qt.PenStyle.DashLine)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), 12, 12)
        self.draw_message(painter, tr(DROP), "", "text3")

    def draw_message(self, painter: QPainter, text: str, more: str = "", tone: str = "text2") -> None:
        """A sentence in the pane's middle, and what to do next below it."""
        room = QRectF(self.rect()).adjusted(24, 24, -24, -24)
        option = QTextOption(Qt.AlignmentFlag.AlignCenter)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        painter.setFont(halo_text.font(13, 500))
        if tone == "bad":
            icon = icons.pixmap("octagon-alert", "bad", 20)
            painter.drawPixmap(QPointF(self.width() / 2 - 10, self.height() / 2 - 46), icon)
        painter.setPen(QColor(COLORS["text" if tone == "bad" else tone]))
        painter.drawText(room, f"{text}\n{more}".strip(), option)

    def on_language(self) -> None:
        self.name_it()
        self.update()

    def listen_to_language(self) -> None:
        language.changed.connect(self.on_language)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By keyboard only: the pointer's right button zooms, and opens the menu itself where it didn't."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.open_menu(self.mapToGlobal(self.rect().center()).toPointF())

    def open_menu(self, at: QPointF) -> None:
        raise NotImplementedError
