"""Keys go to the action registry wherever the focus is, except in text fields; arrows and Space stay with controls.

A tool's letter held down while the mouse drags gives that tool only as long as it is held; a tap keeps it.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)  # fmt: skip

from medviewer.ui.actions import Actions, Held

TAP_MS = 350
_TEXT = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)
_CONTROLS = (QAbstractItemView, QAbstractSlider, QAbstractButton, QComboBox)
_OWN = {
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Home,
    Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
}  # fmt: skip


class Keys(QObject):
    """Sees the keys of one window before its widgets do. `attach` once the window is shown.

    It watches the platform's window alone: a filter of the whole application would run Python for every event.
    """

    def __init__(self, parent: QObject, actions: Actions) -> None:
        super().__init__(parent)
        self._actions = actions
        self._window: QWindow | None = None
        self._down: tuple[int, Held, int] | None = None
        self._dragged = False

    def attach(self, window: QWindow | None) -> None:
        """Watch that window from now on."""
        if window is not None and window is not self._window:
            self._window = window
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press(event)
        if kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            return self._release(event)
        if kind == QEvent.Type.MouseButtonPress and self._down is not None:
            self._dragged = True
        return False

    def _press(self, event: QKeyEvent) -> bool:
        if QApplication.activePopupWidget() is not None:
            return False
        focus = QApplication.focusWidget()
        key = Qt.Key(event.key())
        command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        function_key = Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35
        if isinstance(focus, _TEXT) and not command and not function_key:
            return False
        if isinstance(focus, _CONTROLS) and key in _OWN and not command:
            return False
        if isinstance(focus, QAbstractButton) and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        action = self._actions.of_key(_told(event))
        if action is None:
            return False
        held = self._actions.held_of(action.id)
        if held is not None:
            if not event.isAutoRepeat() and action.enabled():
                self._end_held(event.timestamp())
                began = time.monotonic()
                self._dragged = False
                held.press()
                busy_ms = round(1000 * (time.monotonic() - began))
                self._down = (event.key(), held, event.timestamp() + busy_ms)
            return True
        return self._actions.run(action.id)

    def _release(self, event: QKeyEvent) -> bool:
        if self._down is None or event.isAutoRepeat() or event.key() != self._down[0]:
            return False
        self._end_held(event.timestamp())
        return True

    def _end_held(self, now: int) -> None:
        """Times are the window system's, less what the press itself took: a busy machine makes no tap a hold."""
        if self._down is None:
            return
        _, held, since = self._down
        self._down = None
        held.release(not self._dragged and now - since < TAP_MS)


def _told(event: QKeyEvent) -> str:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    key = event.key()
    if key == Qt.Key.Key_Enter:
        key = Qt.Key.Key_Return
    if key == Qt.Key.Key_Backspace and not modifiers:
        key = Qt.Key.Key_Delete
    return QKeySequence(int(modifiers.value) | int(key)).toString()
