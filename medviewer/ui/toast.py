"""A short word at the foot of the panes, gone after six seconds; a step that was done can be undone from it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QWidget

from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.language import put

UNDO = Words("Undo", "撤销")
SHOWN_MS = 6000


class Toast(QFrame):
    """Floats over `over`."""

    def __init__(self, over: QWidget, undo: Callable[[], object]) -> None:
        super().__init__(over)
        self.setObjectName("popup")
        self._over = over
        self._text = parts.label()
        self._undo = parts.button(UNDO, undo, kind="link")
        self._undo.clicked.connect(self.hide)
        self.setLayout(parts.row(self._text, self._undo, gap=12, margins=(14, 6, 14, 6)))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        over.installEventFilter(self)
        self.hide()

    def tell(self, words: Words, can_undo: bool = False) -> None:
        put(self._text.setText, words)
        self._undo.setVisible(can_undo)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(SHOWN_MS)

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._over.width() - self.width()) // 2, self._over.height() - self.height() - 24)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False
