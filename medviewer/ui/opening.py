"""Opening: paths to studies to voxels, each in a job, the first image as soon as its slice is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Job, Progress
from medviewer.core.words import Words
from medviewer.io.study import Index, SeriesInfo
from medviewer.logs import plain
from medviewer.ui import faults, images, recent
from medviewer.ui.jobs import Jobs
from medviewer.ui.settings import Settings
from medviewer.ui.thread_bridge import ThreadBridge
from medviewer.workspace import fusion
from medviewer.workspace.layout import LAYOUTS
from medviewer.workspace.workspace import Workspace

LOG = logging.getLogger("medviewer.ui.opening")
READ = Words("Reading files", "正在读取文件")
LOAD = Words("Loading {what}", "正在载入{what}")
SERIES = Words("series", "序列")
PICTURES = Words("Thumbnails", "缩略图")


class Opening(QObject):
    """Signals of a scan and of pictures; voxels go into the workspace."""

    scan_changed = Signal(object)
    """Progress of the running scan, or None when it has ended."""
    scan_failed = Signal(object)
    opened = Signal(object)
    """The paths of an opening that ended well."""
    picture_ready = Signal(str, QImage)
    load_changed = Signal(str, object)
    """Series key and its share loaded (float), None when it has ended."""

    def __init__(self, workspace: Workspace, jobs: Jobs, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._jobs, self._settings = workspace, jobs, settings
        self.bridge = ThreadBridge(self)
        self._scan: Job[Index] | None = None
        self._loads: dict[str, Job[None]] = {}
        self._pictured: set[str] = set()
        self._waiting_pictures: list[SeriesInfo] = []
        self._pictures_on = False
        self._first_shown = False
        self.busy_opening = False
        workspace.series_wanted.connect(self._load)
        workspace.studies.changed.connect(self._queue_pictures)
        jobs.progressed.connect(self._on_progress)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(400)
        self._later.timeout.connect(self._make_pictures)

    # ---- scan

    def open_paths(self, sources: Sequence[Path], then: Callable[[Index], None] | None = None) -> None:
        """Scan them; the first image is shown while the scan goes on where nothing was open."""
        sources = [Path(source) for source in sources]
        if not sources:
            return
        self.busy_opening = True
        self._first_shown = bool(self._workspace.open_keys)
        before = {s.key for s in self._workspace.studies.images()}
        LOG.info("open %d sources", len(sources))

        def work(progress: Progress) -> Index:
            from medviewer.io.index import scan

            def on_series(series: SeriesInfo) -> None:
                self.bridge.call_soon(lambda: self._found(series))

            return scan(sources, progress, on_series)

        def done(index: Index) -> None:
            self._scan = None
            self._workspace.studies.merge(index, sources)
            self.scan_changed.emit(None)
            self.busy_opening = False
            LOG.info("opened %d series, %d refused", sum(1 for _ in index.series()), len(index.refused))
            fresh = [s for s in index.series() if s.is_image and s.key not in before]
            known = [s for s in index.series() if s.is_image]
            if then is not None:
                then(index)
            elif not self._first_shown or (fresh and not before):
                self._show_first(index)
            elif fresh or known:
                self._workspace.open_series((fresh or known)[0].key)
            self.opened.emit(sources)
            self._remember(sources, index)

        def failed(fault: MedViewerError) -> None:
            self._scan = None
            self.busy_opening = False
            self.scan_changed.emit(None)
            if not isinstance(fault, Cancelled):
                self.scan_failed.emit(fault)
                faults.tell(fault)

        self._scan = self._jobs.run("scan", READ, work, done, failed)
        self.scan_changed.emit(self._scan.progress)

    def _found(self, series: SeriesInfo) -> None:
        self._workspace.studies.add(series)

    def _show_first(self, index: Index) -> None:
        """The largest volume, else the first image."""
        if self._workspace.open_keys:
            return
        try:
            first = index.find(None)
            self._workspace.open_series(first.key)
            self._first_shown = True
            layout = self._settings.layout
            if layout in LAYOUTS and first.kind == "volume":
                self._workspace.set_layout(layout)
        except MedViewerError as fault:
            faults.tell(fault)

    def _on_progress(self, job: Job[Any]) -> None:
        if job is self._scan:
            self.scan_changed.emit(job.progress)
        for key, load in self._loads.items():
            if job is load:
                self.load_changed.emit(key, job.progress.share)

    # ---- voxels

    def want(self, key: str) -> None:
        """Load a series although no pane shows it."""
        if key not in self._workspace.volumes:
            self._load(key, -1)

    def _load(self, key: str, first_slice: int) -> None:
        series = self._workspace.studies.get(key)
        if series is None or key in self._loads:
            return
        from medviewer.workspace.loading import load_work

        work = load_work(
            self._workspace, series, self.bridge.call_soon, None if first_slice < 0 else first_slice
        )
        what = series.description or series.modality or SERIES

        def over(_: object = None) -> None:
            self._loads.pop(key, None)
            self.load_changed.emit(key, None)
            self._pictures_on = True
            self._later.start()

        def failed(fault: MedViewerError) -> None:
            over()
            if fusion.drop(self._workspace, key) and not isinstance(fault, Cancelled):
                faults.tell(fault)
            LOG.info("series %s failed: %s", key, plain(fault.code))

        self._loads[key] = self._jobs.run("load", LOAD.format(what=what), work, over, failed)
        self.load_changed.emit(key, 0.0)

    # ---- pictures

    def _queue_pictures(self) -> None:
        for series in self._workspace.studies.images():
            if series.key not in self._pictured:
                self._pictured.add(series.key)
                self._waiting_pictures.append(series)
        if self._pictures_on or not self._loads:
            self._later.start()

    def _make_pictures(self) -> None:
        if self.busy_opening or self._loads:
            self._later.start()
            return
        waiting, self._waiting_pictures = self._waiting_pictures, []
        if not waiting:
            return

        def work(progress: Progress) -> None:
            from medviewer.io.load import thumbnail

            for n, series in enumerate(waiting):
                progress.step(n, len(waiting))
                try:
                    pixels = thumbnail(series, 128)
                except (MedViewerError, MemoryError, OSError, ValueError):
                    continue  # the row stays without a picture; opening the series tells why
                picture = images.of_array(pixels)
                self.bridge.call_soon(lambda key=series.key, made=picture: self.picture_ready.emit(key, made))  # type: ignore[misc]

        self._jobs.run("thumbnails", PICTURES, work, quiet=True)

    def _remember(self, sources: Sequence[Path], index: Index) -> None:
        try:
            first = index.find(None)
        except MedViewerError:
            return

        def work(_: Progress) -> QImage | None:
            from medviewer.io.load import thumbnail

            try:
                return images.of_array(thumbnail(first, 256))
            except (MedViewerError, MemoryError, OSError, ValueError):
                return None

        def done(picture: QImage | None) -> None:
            recent.remember(self._settings, sources, index, first, picture)

        self._jobs.run("thumbnails", PICTURES, work, done, quiet=True)
