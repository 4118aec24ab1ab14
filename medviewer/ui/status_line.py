"""The line at the foot: position, value, zoom, window; jobs, device, memory; and what the program is not for."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from medviewer.core.jobs import Job
from medviewer.core.words import NOT_FOR_DIAGNOSIS, Words
from medviewer.ui import parts
from medviewer.ui.jobs import Jobs
from medviewer.ui.language import on_change, put, tr

HEIGHT = 28
JOBS = Words("Jobs", "任务")
WINDOW = Words("W {w}   L {c}", "窗宽 {w}   窗位 {c}")
ZOOM = Words("Zoom {z}×", "缩放 {z}×")
DEVICE = Words("{device}, {n} threads", "{device}，{n} 线程")
MEMORY = Words("{used} of {total} GB", "{used} / {total} GB")
MEMORY_TIP = Words("Memory that MedViewer uses, of what this computer has", "MedViewer 占用的内存 / 本机内存")
MORE = Words("{job} and {n} more", "{job} 等 {n} 项")


class StatusLine(QWidget):
    """Figures of the active pane and of the program; a click on the job opens the jobs panel."""

    jobs_wanted = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setFixedHeight(HEIGHT)
        self._jobs = jobs
        self._window: tuple[float, float] | None = None
        self._zoom: float | None = None
        self._device: tuple[str, int] | None = None
        self.position, self.value, self.zoom, self.window_level = (self._figure() for _ in range(4))
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(64)
        self.job_button = QPushButton()
        self.job_button.setProperty("kind", "plain")
        put(self.job_button.setToolTip, JOBS)
        self.job_button.clicked.connect(lambda *_: self.jobs_wanted.emit())
        self.saved, self.device, self.memory = (self._figure() for _ in range(3))
        put(self.memory.setToolTip, MEMORY_TIP)
        self._chip = parts.icon_label("cpu", "text2", 14)
        self.purpose = parts.label(NOT_FOR_DIAGNOSIS, size="small", strong=True)
        box = QHBoxLayout(self)
        box.setContentsMargins(16, 0, 16, 0)
        box.setSpacing(20)
        for part in (self.position, self.value, self.zoom, self.window_level):
            box.addWidget(part)
        box.addStretch(1)
        box.addLayout(parts.row(self._bar, self.job_button, gap=6))
        box.addWidget(self.saved)
        box.addLayout(parts.row(self._chip, self.device, gap=6))
        box.addWidget(self.memory)
        box.addWidget(parts.line(vertical=True))
        box.addWidget(self.purpose)
        for signal in (jobs.started, jobs.progressed, jobs.ended):
            signal.connect(lambda *_: self._show_jobs())
        on_change(self, self._speak)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show_memory)
        self._timer.start(2000)
        self._chip.hide()
        self._speak()

    @staticmethod
    def _figure() -> QLabel:
        made = parts.label(tone="text2", size="small")
        made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        return made

    def show_cursor(self, position: str, value: str) -> None:
        """Position by letters (or of the film) and value with unit; empty texts where there is none."""
        self.position.setText(position)
        self.value.setText(value)

    def show_view(self, zoom: float | None, window: tuple[float, float] | None) -> None:
        """Device pixels per pixel of the image, and (centre, width) of the window."""
        self._zoom, self._window = zoom, window
        self._speak()

    def show_saved(self, words: Words) -> None:
        put(self.saved.setText, words)

    def show_device(self, name: str, threads: int) -> None:
        """Where models run."""
        self._device = (name, threads)
        self._speak()

    def _speak(self) -> None:
        self.zoom.setText(tr(ZOOM.format(z=f"{self._zoom:.1f}")) if self._zoom else "")
        told = ""
        if self._window:
            center, width = (_number(v) for v in self._window)
            told = tr(WINDOW.format(w=width, c=center))
        self.window_level.setText(told)
        self._chip.setVisible(self._device is not None)
        if self._device:
            self.device.setText(tr(DEVICE.format(device=self._device[0], n=self._device[1])))
        self._show_memory()
        self._show_jobs()

    def _show_jobs(self) -> None:
        shown = self._jobs.shown()
        self._bar.setVisible(bool(shown))
        self.job_button.setVisible(bool(shown))
        if not shown:
            self.job_button.setText("")
            return
        job: Job[object] = shown[0]
        self._bar.setValue(round(job.progress.share * 1000))
        name = job.name.format(x="") if "{" in job.name.en else job.name
        words = Words(f"{name.en} {job.progress.share:.0%}", f"{name.zh} {job.progress.share:.0%}")
        if len(shown) > 1:
            words = MORE.format(job=words, n=len(shown) - 1)
        self.job_button.setText(tr(words))

    def _show_memory(self) -> None:
        used, total = memory_gb()
        if used is not None and total is not None:
            self.memory.setText(tr(MEMORY.format(used=f"{used:.1f}", total=f"{total:.0f}")))


def _number(value: float) -> str:
    from medviewer.core.units import signed

    return signed(value, 0 if abs(value) >= 10 or float(value).is_integer() else 2)


def memory_gb() -> tuple[float | None, float | None]:
    """Resident memory of this process and memory of the machine in GB (2**30 bytes); None where not known."""
    from medviewer.doctor.machine import memory_bytes

    used = None
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        used = pages * 4096 / 2**30
    elif sys.platform == "darwin":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30
    total = memory_bytes()[0]
    return used, total / 2**30 if total else None
