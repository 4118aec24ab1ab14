"""F1: every key and what it does, made from the action registry."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.actions import Action, Actions

TITLE = Words("Mouse and keys", "鼠标与按键")
MOUSE = Words("Mouse", "鼠标")
CLOSE = Words("Close", "关闭")
MOUSE_ROWS: tuple[tuple[Words, Words], ...] = (
    (Words("Left drag", "左键拖动"), Words("Active tool (Window at start)", "当前工具（启动时为窗宽窗位）")),
    (Words("Right drag", "右键拖动"), Words("Zoom", "缩放")),
    (Words("Right click", "右键单击"), Words("Menu", "菜单")),
    (Words("Middle drag", "中键拖动"), Words("Pan", "平移")),
    (Words("Wheel", "滚轮"), Words("Slice; Shift ×5; Ctrl zoom", "翻层；Shift ×5；Ctrl 缩放")),
    (Words("Shift+click", "Shift+单击"), Words("Crosshair here in all panes", "所有窗格的十字线移到此处")),
    (Words("Double click", "双击"), Words("Full pane and back", "窗格最大化/还原")),
)


class ShortcutSheet(QFrame):
    """A sheet over the window; Esc, F1 or a click elsewhere closes it."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._actions = actions
        self._window = parent.window()
        self._columns = QHBoxLayout()
        self._columns.setSpacing(32)
        self._columns.setContentsMargins(4, 0, 12, 8)
        inner = QWidget()
        inner.setLayout(self._columns)
        inner.setObjectName("floating")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 14, 12, 12)
        box.addLayout(
            parts.row(parts.label(TITLE, size="panel"), None, parts.icon_button("x", CLOSE, self.close))
        )
        box.addWidget(scroll)
        self.installEventFilter(self)

    def open(self) -> None:
        window = self._window
        self._build()
        self.resize(min(1060, window.width() - 60), min(760, window.height() - 80))
        corner = window.mapToGlobal(window.rect().center())
        self.move(corner.x() - self.width() // 2, corner.y() - self.height() // 2)
        self.show()
        self.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Three hundred labels need not follow every change of style while nobody sees them."""
        parts.clear(self._columns)

    def _build(self) -> None:
        parts.clear(self._columns)
        groups = [(words, [a for a in actions if a.keys]) for words, actions in self._actions.groups()]
        groups = [(words, found) for words, found in groups if found]
        total = sum(len(found) + 2 for _, found in groups) + len(MOUSE_ROWS) + 2
        column = QVBoxLayout()
        column.setSpacing(14)
        column.addLayout(self._mouse())
        filled = len(MOUSE_ROWS) + 2
        for words, found in groups:
            if filled and filled + len(found) / 2 > total / 3:
                column.addStretch(1)
                self._columns.addLayout(column, 1)
                column, filled = QVBoxLayout(), 0
                column.setSpacing(14)
            column.addLayout(self._group(words, found))
            filled += len(found) + 2
        column.addStretch(1)
        self._columns.addLayout(column, 1)

    def _mouse(self) -> QGridLayout:
        grid = self._grid(MOUSE)
        for n, (how, what) in enumerate(MOUSE_ROWS, 1):
            grid.addWidget(parts.label(how, "text2", "small"), n, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(parts.label(what, size="small", wrap=True), n, 1)
        return grid

    def _group(self, words: Words, actions: list[Action]) -> QGridLayout:
        grid = self._grid(words)
        for n, action in enumerate(actions, 1):
            caps = parts.row(*[parts.key_cap(key) for key in _shown(action)], None, gap=4)
            grid.addLayout(caps, n, 0)
            grid.addWidget(parts.label(action.words, size="small", wrap=True), n, 1)
        return grid

    @staticmethod
    def _grid(words: Words) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, 96)
        grid.addWidget(parts.label(words, "text2", strong=True), 0, 0, 1, 2)
        return grid

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key()
            in (
                Qt.Key.Key_Escape,
                Qt.Key.Key_F1,
            )
        ):
            self.close()
            return True
        return False


def _shown(action: Action) -> list[str]:
    from PySide6.QtGui import QKeySequence

    return [QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in action.keys[:2]]
