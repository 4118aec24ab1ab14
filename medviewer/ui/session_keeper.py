"""The session survives: marks and reviews as they are made, studies and views every few seconds."""

from __future__ import annotations

import logging
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from medviewer.core.words import Words
from medviewer.workspace import session
from medviewer.workspace.journal import Journal, Kept
from medviewer.workspace.workspace import Workspace

LOG = logging.getLogger("medviewer.ui.session")
EVERY_MS = 3000
SAVED = Words("Marks saved", "标记已保存")
NOT_SAVED = Words("Marks can't be saved", "标记无法保存")


class SessionKeeper(QObject):
    """Owns the journal. `saved_changed` tells whether marks are safe."""

    saved_changed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._journal = Journal()
        self._kept: Kept | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.keep)

    def start(self) -> dict[str, Any] | None:
        """Bring back marks and reviews; the session of a crash, or None where the last one ended as it should."""
        self._kept = self._journal.restore(self._workspace)
        self._timer.start()
        self._workspace.marks.changed.connect(lambda *_: self._tell())
        if self._kept.clean or not session.opened_paths(self._kept.session):
            return None
        LOG.info("the last session was cut off")
        return self._kept.session

    def keep(self) -> None:
        """Write down what is open and how it is looked at."""
        if self._workspace.studies.opened:
            self._journal.keep_session(session.session_of(self._workspace))

    def close(self) -> None:
        """The session ends as it should."""
        self._timer.stop()
        self.keep()
        self._journal.close()

    def _tell(self) -> None:
        if self._workspace.marks.series_keys():
            self.saved_changed.emit(NOT_SAVED if self._journal.fault else SAVED)
