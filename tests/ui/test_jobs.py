"""Long work: off the window's thread, back on it, cancelled, told."""

from __future__ import annotations

import threading
import time

from PySide6.QtWidgets import QApplication

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.ui import faults
from medviewer.ui.jobs import Jobs, time_words
from tests.window_kit import wait

NAME = Words("Work", "工作")


def test_work_is_elsewhere_and_its_end_is_here(qapp: QApplication) -> None:
    jobs, seen = Jobs(), {}

    def work(_: Progress) -> int:
        seen["work"] = threading.current_thread()
        return 7

    def done(result: int) -> None:
        seen["done"], seen["result"] = threading.current_thread(), result

    jobs.run("kind", NAME, work, done)
    wait(lambda: "done" in seen, 5)
    assert seen["work"] is not threading.main_thread()
    assert seen["done"] is threading.main_thread() and seen["result"] == 7
    assert not jobs.running


def test_one_thread_to_a_kind(qapp: QApplication) -> None:
    jobs = Jobs()
    threads: list[str] = []
    at_once = [0, 0]

    def work(_: Progress) -> None:
        at_once[0] += 1
        at_once[1] = max(at_once)
        threads.append(threading.current_thread().name)
        time.sleep(0.02)
        at_once[0] -= 1

    for _ in range(4):
        jobs.run("one", NAME, work)
    wait(lambda: not jobs.running, 5)
    assert at_once[1] == 1 and set(threads) == {"medviewer-one"}


def test_cancel_ends_within_the_limit_and_tells_no_fault(qapp: QApplication) -> None:
    jobs, told = Jobs(), []

    def work(progress: Progress) -> None:
        while True:
            progress.step(1, 100)
            time.sleep(0.005)

    faults.desk().told.connect(told.append)
    failed: list[MedViewerError] = []
    job = jobs.run("kind", NAME, work, failed=failed.append)
    wait(lambda: job.progress.done, 5)
    started = time.monotonic()
    job.cancel()
    wait(lambda: failed, 5)
    assert time.monotonic() - started < 0.3
    assert isinstance(failed[0], Cancelled)
    jobs.run("kind", NAME, work).cancel()
    wait(lambda: not jobs.running, 5)
    faults.desk().told.disconnect(told.append)
    assert not told


def test_a_fault_of_a_job_reaches_the_desk(qapp: QApplication) -> None:
    jobs, told = Jobs(), []
    faults.desk().told.connect(told.append)

    def work(_: Progress) -> None:
        raise MedViewerError("input.truncated", Words("Cut off.", "已截断。"))

    jobs.run("kind", NAME, work)
    wait(lambda: told, 5)
    faults.desk().told.disconnect(told.append)
    assert told[0].code == "input.truncated"


def test_progress_does_not_flood_the_window(qapp: QApplication) -> None:
    jobs, steps = Jobs(), []
    jobs.progressed.connect(steps.append)

    def work(progress: Progress) -> None:
        for n in range(20_000):
            progress.step(n, 20_000)

    jobs.run("kind", NAME, work)
    wait(lambda: not jobs.running, 10)
    assert len(steps) < 100


def test_time_left_in_words() -> None:
    assert time_words(None).en == ""
    assert time_words(18.2).en == "18 s left" and time_words(18.2).zh == "剩余 18 秒"
    assert time_words(400).en == "7 min left"
