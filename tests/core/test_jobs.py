"""Jobs: progress, time left, cancel, outcome."""

from __future__ import annotations

import threading
import time

import pytest

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Job, JobState, Progress
from medviewer.core.words import Words

NAME = Words("Counting", "计数")


def test_done_with_its_result_and_every_step_heard():
    heard = []

    def work(progress: Progress) -> int:
        for n in range(5):
            progress.step(n + 1, 5, Words(f"{n}", f"{n}"))
        return 42

    job = Job(NAME, work)
    job.progress.listen(lambda p: heard.append((p.done, p.share, str(p.words))))
    assert job.state is JobState.WAITING
    ended = []
    job.on_end(ended.append)
    job.start()
    assert job.wait(5) and job.state is JobState.DONE and job.result == 42 and job.error is None
    assert heard == [(n + 1.0, (n + 1) / 5, str(n)) for n in range(5)]
    assert ended == [job]
    job.on_end(ended.append)  # already over: told at once
    assert ended == [job, job]


def test_cancel_stops_at_the_next_step_and_tells_at_once():
    began, told = threading.Event(), []

    def work(progress: Progress) -> None:
        progress.on_cancel(lambda: told.append(threading.current_thread().name))
        began.set()
        while True:
            progress.step(1, 100)
            time.sleep(0.002)

    job = Job(NAME, work).start()
    assert began.wait(5)
    at = time.monotonic()
    job.cancel()
    assert told == [threading.current_thread().name]
    assert job.wait(5) and time.monotonic() - at < 0.3
    assert job.state is JobState.CANCELLED and isinstance(job.error, Cancelled) and job.result is None


def test_cancelled_before_it_began_does_nothing():
    ran = []
    job = Job(NAME, ran.append)
    job.cancel()
    job.run()
    assert job.state is JobState.CANCELLED and ran == []


def test_a_fault_of_its_own_and_one_that_cancel_caused():
    def fails(progress: Progress) -> None:
        raise MedViewerError("input.truncated", Words("Cut off.", "文件被截断。"))

    job = Job(NAME, fails)
    job.run()
    assert job.state is JobState.FAILED and job.error.code == "input.truncated"

    def dies_of_cancel(progress: Progress) -> None:
        progress.cancel()
        raise RuntimeError("the session was terminated")

    job = Job(NAME, dies_of_cancel)
    job.run()
    assert job.state is JobState.CANCELLED


def test_forgetting_and_late_listeners_of_cancel():
    progress, told = Progress(), []
    forget = progress.on_cancel(lambda: told.append("a"))
    forget()
    forget()
    progress.cancel()
    assert told == [] and progress.cancelled
    progress.on_cancel(lambda: told.append("late"))
    assert told == ["late"]
    with pytest.raises(Cancelled):
        progress.step(1, 2)


def test_time_left_by_the_pace_so_far(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = Progress()
    progress.start()
    assert progress.share == 0 and progress.seconds_left is None
    now[0] += 3
    progress.step(2, 100)
    assert progress.seconds_left is None  # a fiftieth says nothing yet
    progress.step(25, 100)
    assert progress.seconds == pytest.approx(3) and progress.seconds_left == pytest.approx(9)
    progress.step(150, 100)
    assert progress.share == 1 and progress.seconds_left == 0


def test_not_over_yet():
    job = Job(NAME, lambda progress: time.sleep(0.3))
    job.start()
    assert not job.wait(0.01)
    assert job.wait(5)
