"""Long work of the window: one worker thread to a kind of job, outcomes back on the window's own thread."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Job, JobState, Progress
from medviewer.core.words import Words
from medviewer.ui import faults

T = TypeVar("T")
REDRAW_S = 0.05


class _Worker:
    """Runs the jobs of one kind, one after the other; `newest_first` for work that the person waits for."""

    def __init__(self, kind: str, newest_first: bool) -> None:
        self._kind = kind
        self._newest_first = newest_first
        self._waiting: deque[Job[Any]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ending = False

    def end(self) -> None:
        """No more jobs: the thread ends when its job has ended."""
        with self._wake:
            self._ending = True
            self._waiting.clear()
            self._wake.notify()

    def add(self, job: Job[Any]) -> None:
        with self._wake:
            self._waiting.append(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name=f"medviewer-{self._kind}", daemon=True
                )
                self._thread.start()
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting:
                    if self._ending:
                        return
                    self._wake.wait()
                job = self._waiting.pop() if self._newest_first else self._waiting.popleft()
            job.run()


class Jobs(QObject):
    """All jobs of the window. Signals carry the job and arrive on the window's thread."""

    started = Signal(object)
    progressed = Signal(object)
    ended = Signal(object)
    _stepped = Signal(object)
    _over = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers: dict[str, _Worker] = {}
        self._then: dict[
            int, tuple[Callable[[Any], None] | None, Callable[[MedViewerError], None] | None]
        ] = {}
        self.running: list[Job[Any]] = []
        self.quiet: set[int] = set()
        self._stepped.connect(self._on_step, Qt.ConnectionType.QueuedConnection)
        self._over.connect(self._on_over, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        kind: str,
        name: Words,
        work: Callable[[Progress], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[MedViewerError], None] | None = None,
        quiet: bool = False,
    ) -> Job[T]:
        """Queue the work on the thread of its kind.

        done(result) and failed(fault) are called on the window's thread; after a cancel neither of them, except
        `failed` with the `Cancelled` fault. A quiet job is not shown in the jobs panel. Without `failed` a fault is
        told in the error bar.
        """
        job: Job[T] = Job(name, work)
        self._then[id(job)] = (done, failed)
        self.running.append(job)
        if quiet:
            self.quiet.add(id(job))
        last = [0.0]

        def step(_: Progress) -> None:
            now = time.monotonic()
            if now - last[0] >= REDRAW_S:
                last[0] = now
                self._tell(self._stepped, job)

        job.progress.listen(step)
        job.on_end(lambda ended: self._tell(self._over, ended))
        self.started.emit(job)
        worker = self._workers.setdefault(kind, _Worker(kind, kind in ("load", "explain")))
        worker.add(job)
        return job

    def _tell(self, signal: Any, job: Job[Any]) -> None:
        """From a worker; a window that is gone needs to hear nothing."""
        if shiboken6.isValid(self):
            signal.emit(job)

    def shown(self) -> list[Job[Any]]:
        """Jobs that wait or run and that the person should see."""
        return [job for job in self.running if id(job) not in self.quiet]

    def cancel_all(self) -> None:
        for job in list(self.running):
            job.cancel()

    def shut_down(self) -> None:
        """Cancel everything and let the threads end; nothing is told any more."""
        self.cancel_all()
        self._then.clear()
        for worker in self._workers.values():
            worker.end()

    def _on_step(self, job: Job[Any]) -> None:
        if job in self.running:
            self.progressed.emit(job)

    def _on_over(self, job: Job[Any]) -> None:
        if job in self.running:
            self.running.remove(job)
        done, failed = self._then.pop(id(job), (None, None))
        self.ended.emit(job)
        self.quiet.discard(id(job))
        if job.state is JobState.DONE:
            if done is not None:
                done(job.result)
            return
        fault = faults.as_fault(job.error)
        if failed is not None:
            failed(fault)
        elif job.state is JobState.FAILED:
            faults.tell(fault)


def time_words(seconds: float | None) -> Words:
    """Time left in words."""
    if seconds is None:
        return Words("", "")
    if seconds < 90:
        return Words("{n} s left", "剩余 {n} 秒").format(n=max(1, round(seconds)))
    return Words("{n} min left", "剩余 {n} 分钟").format(n=round(seconds / 60))
