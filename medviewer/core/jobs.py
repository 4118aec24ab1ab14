"""Long work: progress, time left, cancel, result; in a thread, without a toolkit.

The window shows jobs through `medviewer.ui.jobs`, the command line through rich; both only listen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from medviewer.core.errors import Cancelled
from medviewer.core.words import Words

T = TypeVar("T")


class JobState(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Progress:
    """What a piece of work tells while it runs, and how it learns that it should stop.

    Work calls `step(done, total, words)` often; it raises `Cancelled` once cancel was asked for.
    """

    def __init__(self) -> None:
        self.done = 0.0
        self.total = 0.0
        self.words: Words | None = None
        self._cancel = threading.Event()
        self._started = time.monotonic()
        self._listeners: list[Callable[[Progress], None]] = []
        self._on_cancel: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[Progress], None]) -> None:
        """Call `listener` at each step, on the thread that works."""
        self._listeners.append(listener)

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call `call` at once when cancel is asked for (from the asking thread); returns how to undo that."""
        self._on_cancel.append(call)
        if self._cancel.is_set():
            call()

        def forget() -> None:
            if call in self._on_cancel:
                self._on_cancel.remove(call)

        return forget

    def start(self) -> None:
        self._started = time.monotonic()

    def step(self, done: float, total: float, words: Words | None = None) -> None:
        """Tell how far the work is; raises `Cancelled` where it was asked to stop."""
        self.check()
        self.done, self.total = float(done), float(total)
        if words is not None:
            self.words = words
        for listener in self._listeners:
            listener(self)

    def check(self) -> None:
        """Raise `Cancelled` where cancel was asked for."""
        if self._cancel.is_set():
            raise Cancelled

    def cancel(self) -> None:
        self._cancel.set()
        for call in list(self._on_cancel):
            call()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    @property
    def share(self) -> float:
        """Done share, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def seconds_left(self) -> float | None:
        """Seconds left by the pace so far; None until a twentieth is done."""
        share = self.share
        return None if share < 0.05 else self.seconds * (1 - share) / share


class Job(Generic[T]):
    """A piece of work with a name, run in a thread of its own."""

    def __init__(self, name: Words, work: Callable[[Progress], T]) -> None:
        self.name = name
        self.progress = Progress()
        self.state = JobState.WAITING
        self.result: T | None = None
        self.error: BaseException | None = None
        self._work = work
        self._ended: list[Callable[[Job[T]], None]] = []
        self._lock = threading.Lock()
        self._finished = threading.Event()

    def on_end(self, call: Callable[[Job[T]], None]) -> None:
        """Call `call(job)` once the job has ended, on the thread that ran it (at once where it has)."""
        with self._lock:
            if not self._finished.is_set():
                self._ended.append(call)
                return
        call(self)

    def start(self) -> Job[T]:
        """Run in a thread of its own; returns the job."""
        threading.Thread(target=self.run, name=self.name.en, daemon=True).start()
        return self

    def run(self) -> None:
        """Run here and now; the outcome is in `state`, `result` and `error`."""
        self.state = JobState.RUNNING
        self.progress.start()
        try:
            self.progress.check()
            self.result = self._work(self.progress)
            self.state = JobState.DONE
        except Cancelled as stop:
            self.error, self.state = stop, JobState.CANCELLED
        except BaseException as fault:  # the thread must hand every fault to whoever waits for the job
            self.error = fault
            self.state = JobState.CANCELLED if self.progress.cancelled else JobState.FAILED
        with self._lock:
            self._finished.set()
            ended, self._ended = self._ended, []
        for call in ended:
            call(self)

    def cancel(self) -> None:
        self.progress.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job has ended; False where the time ran out."""
        return self._finished.wait(timeout)
