"""The command palette: every action by its words, in either language."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.words import Words
from medviewer.ui import icons, theme
from medviewer.ui.actions import Actions
from medviewer.ui.language import put, tr
from medviewer.ui.theme import qcolor

PLACEHOLDER = Words("Type what you want to do", "输入要执行的操作")
NOTHING = Words("No action with these words", "没有匹配的操作")
ID = Qt.ItemDataRole.UserRole + 1


class _Row(QStyledItemDelegate):
    def __init__(self, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        return QSize(0, 34)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        action = self._actions[index.data(ID)]  # type: ignore[attr-defined]
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        possible = action.enabled()
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, qcolor("selected"))
        if action.icon:
            painter.drawPixmap(
                area.left() + 14, area.top() + 8, icons.pixmap(action.icon, "text2" if possible else "off")
            )
        painter.setFont(theme.font("body", 500))
        painter.setPen(qcolor("text" if possible else "text3"))
        inner = area.adjusted(44, 0, -14, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, tr(action.words))
        painter.setFont(theme.font("small"))
        painter.setPen(qcolor("text3"))
        right = "    ".join(part for part in (tr(action.group), action.shortcut) if part)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, right)
        painter.restore()


class Palette(QFrame):
    """Opens over the window on a key; Esc or a click elsewhere closes it."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._actions = actions
        self._window = parent.window()
        self.field = QLineEdit()
        put(self.field.setPlaceholderText, PLACEHOLDER)
        put(self.field.setAccessibleName, PLACEHOLDER)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self._model = QStandardItemModel(self)
        self.list = QListView()
        self.list.setObjectName("floating")
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Row(actions, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(lambda index: self._run(index.data(ID)))
        self._nothing = QLabel()
        self._nothing.setProperty("tone", "text3")
        put(self._nothing.setText, NOTHING)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(8)
        box.addWidget(self.field)
        box.addWidget(self.list)
        box.addWidget(self._nothing)

    def open(self) -> None:
        """Show it, empty, in the middle of the window's upper half."""
        window = self._window
        self.field.clear()
        self._fill("")
        self.resize(min(620, window.width() - 80), min(460, window.height() - 120))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 60)
        self.show()
        self.field.setFocus()

    def _fill(self, text: str) -> None:
        self._model.clear()
        for action in self._actions.search(text):
            item = QStandardItem(tr(action.words))
            item.setData(action.id, ID)
            item.setEnabled(action.enabled())
            self._model.appendRow(item)
        found = self._model.rowCount() > 0
        self.list.setVisible(found)
        self._nothing.setVisible(not found)
        if found:
            self.list.setCurrentIndex(self._model.index(0, 0))

    def _run(self, action_id: str) -> None:
        if not self._actions[action_id].enabled():
            return
        self.close()
        self._actions.run(action_id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            row = self.list.currentIndex().row()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                row = max(0, min(self._model.rowCount() - 1, row + (1 if key == Qt.Key.Key_Down else -1)))
                self.list.setCurrentIndex(self._model.index(row, 0))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                index = self.list.currentIndex()
                if index.isValid():
                    self._run(str(index.data(ID)))
                return True
            if key == Qt.Key.Key_Escape:
                self.close()
                return True
        return False
