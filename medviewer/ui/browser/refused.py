"""Files that could not be shown, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView, QVBoxLayout, QWidget

from medviewer.core.words import Words
from medviewer.io.study import Refused
from medviewer.ui import parts
from medviewer.ui.language import on_change, put, tr

TITLE = Words("Files refused", "被拒绝的文件")
FILE = Words("File", "文件")
REASON = Words("Reason", "原因")
CLOSE = Words("Close", "关闭")


class RefusedList(QFrame):
    """Popup with one row to a file."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._refused: Sequence[Refused] = ()
        self.rows = QStandardItemModel(0, 2, self)
        table = QTableView()
        table.setObjectName("floating")
        table.setModel(self.rows)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(True)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        head = table.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        head.resizeSection(0, 260)
        head.setStretchLastSection(True)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        put(table.setAccessibleName, TITLE)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 12, 12)
        box.addLayout(
            parts.row(parts.label(TITLE, size="section"), None, parts.icon_button("x", CLOSE, self.close))
        )
        box.addWidget(table)
        on_change(self, self._speak)

    def fill(self, refused: Sequence[Refused]) -> None:
        self._refused = list(refused)
        self._speak()

    def open(self, beside: QWidget) -> None:
        self.resize(680, 320)
        corner = beside.mapToGlobal(beside.rect().topLeft())
        self.move(corner.x() + 8, corner.y() - self.height() - 4)
        self.show()

    def _speak(self) -> None:
        self.rows.setRowCount(0)
        self.rows.setHorizontalHeaderLabels([tr(FILE), tr(REASON)])
        for one in self._refused:
            self.rows.appendRow([QStandardItem(one.path), QStandardItem(tr(one.sentence))])
