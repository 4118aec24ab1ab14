"""From a working thread back to the window's own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


class ThreadBridge(QObject):
    """`call_soon(f)` runs f on the thread on which the bridge was made, in order; may be called from any thread."""

    _asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def call_soon(self, call: Callable[[], None]) -> None:
        self._asked.emit(call)

    @staticmethod
    def _run(call: Callable[[], None]) -> None:
        call()
