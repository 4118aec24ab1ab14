"""One place for faults: every one is told as a sentence in the window, written to the log, and nothing else stops."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.logs import plain

LOG = logging.getLogger("medviewer.ui.faults")


class _Desk(QObject):
    told = Signal(object)
    _from_elsewhere = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._from_elsewhere.connect(self.told.emit, Qt.ConnectionType.QueuedConnection)

    def hand_over(self, fault: MedViewerError) -> None:
        self._from_elsewhere.emit(fault)


_desk: list[_Desk] = []


def desk() -> _Desk:
    """Where faults are told: connect to `desk().told` (MedViewerError)."""
    if not _desk:
        _desk.append(_Desk())
    return _desk[0]


def as_fault(fault: BaseException | None) -> MedViewerError:
    """The fault in words; what nobody foresaw is written to a crash report without patient data."""
    if isinstance(fault, MedViewerError):
        return fault
    if fault is None or not isinstance(fault, Exception):
        return Cancelled()
    from medviewer.cli.faults import understood

    return understood(fault)


def tell(fault: BaseException) -> None:
    """Show the fault in the error bar; may be called on any thread. A cancel is no fault."""
    known = as_fault(fault)
    if isinstance(known, Cancelled):
        return
    LOG.warning("fault %s", plain(known.code))
    desk().hand_over(known)


def install() -> None:
    """Nothing that a slot or a thread raises ends the program."""

    def in_window(_: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if isinstance(fault, KeyboardInterrupt):
            from PySide6.QtCore import QCoreApplication

            QCoreApplication.quit()
            return
        if isinstance(fault, Exception):
            tell(fault.with_traceback(trace))

    def in_thread(told: Any) -> None:
        if isinstance(told.exc_value, Exception):
            tell(told.exc_value)

    desk()
    sys.excepthook = in_window
    threading.excepthook = in_thread
