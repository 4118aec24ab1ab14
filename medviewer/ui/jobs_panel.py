"""What runs and waits, with progress, time left and cancel; opened from the status line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout, QWidget

from medviewer.core.jobs import Job, JobState
from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.jobs import Jobs, time_words
from medviewer.ui.language import on_change, tr

TITLE = Words("Jobs", "任务")
NONE = Words("Nothing is running", "没有正在运行的任务")
CANCEL = Words("Cancel", "取消")
WAITING = Words("Waiting", "等待中")


class JobRow(QWidget):
    """One job: name, stage, bar, percent, time left, Cancel."""

    def __init__(self, job: Job[object]) -> None:
        super().__init__()
        self._job = job
        self._name = parts.Elided(job.name, strong=True)
        self._told = parts.Elided(tone="text2", size="small")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._cancel = parts.button(CANCEL, job.cancel, kind="link")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 4, 0, 4)
        box.setSpacing(4)
        box.addLayout(parts.row(self._name, self._cancel))
        box.addWidget(self._bar)
        box.addWidget(self._told)
        self.refresh()

    def refresh(self) -> None:
        progress = self._job.progress
        self._bar.setValue(round(progress.share * 1000))
        if self._job.state is JobState.WAITING:
            self._told.setText(tr(WAITING))
            return
        told = [f"{progress.share:.0%}", tr(time_words(progress.seconds_left))]
        if progress.words is not None:
            told.insert(0, tr(progress.words))
        self._told.setText(" · ".join(part for part in told if part))


class JobsPanel(QFrame):
    """Popup over the status line."""

    def __init__(self, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._jobs = jobs
        self._window = parent.window()
        self._rows: dict[int, JobRow] = {}
        self._none = parts.label(NONE, "text3")
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.addWidget(parts.label(TITLE, size="section"))
        box.addWidget(self._none)
        box.addLayout(self._list)
        jobs.started.connect(self._build)
        jobs.ended.connect(self._build)
        jobs.progressed.connect(self._step)
        on_change(self, self._build)
        self.setFixedWidth(380)
        self._build()

    def open(self) -> None:
        self._build()
        self.adjustSize()
        corner = self._window.mapToGlobal(self._window.rect().bottomRight())
        self.move(corner.x() - self.width() - 360, corner.y() - self.height() - 34)
        self.show()

    def _build(self, *_: object) -> None:
        parts.clear(self._list)
        self._rows = {}
        for job in self._jobs.shown():
            made = JobRow(job)
            self._rows[id(job)] = made
            self._list.addWidget(made)
        self._none.setVisible(not self._rows)
        if self.isVisible():
            self.adjustSize()

    def _step(self, job: Job[object]) -> None:
        if id(job) in self._rows:
            self._rows[id(job)].refresh()
