"""Sessions of the models that fit what was opened, made ready in the background before anybody asks for a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.logs import plain
from medviewer.ui.jobs import Jobs
from medviewer.ui.running import ModelRuns
from medviewer.ui.settings import Settings
from medviewer.workspace.workspace import Workspace

if TYPE_CHECKING:
    from medviewer.inference.package import ModelPackage

LOG = logging.getLogger("medviewer.ui.warming")
WARM = Words("Making models ready", "正在预热模型")


class WarmSessions(QObject):
    """Warms each fitting model once, when all voxels of the series looked at are there; never in their way."""

    def __init__(
        self, workspace: Workspace, runs: ModelRuns, jobs: Jobs, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._workspace, self._runs, self._jobs, self._settings = workspace, runs, jobs, settings
        self.warmed: set[str] = set()
        """Hashes of the packages that were warmed or tried."""
        runs.changed.connect(self._look)

    def _look(self) -> None:
        key = self._workspace.active_key
        loaded = self._workspace.volumes.get(key) if key is not None else None
        if loaded is None or not loaded.done or loaded.error is not None:
            return
        for row in self._runs.rows(key):
            if row.state == "ready" and row.package is not None and row.package.sha256 not in self.warmed:
                self.warmed.add(row.package.sha256)
                self._warm(row.package)

    def _warm(self, package: ModelPackage) -> None:
        device = self._settings.device

        def work(_: Progress) -> None:
            from medviewer.inference.run import warm

            warm(package, device)

        def failed(fault: MedViewerError) -> None:
            # Nobody asked yet: the run itself tells the fault, in the row of its model.
            LOG.info("warming %s ended: %s", plain(package.name), plain(fault.code))

        self._jobs.run("model", WARM, work, None, failed, quiet=True)
