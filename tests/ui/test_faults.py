"""Whatever fails, the window lives on and says so in one sentence."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from medviewer import paths
from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.ui import faults, language
from tests.window_fixtures import Opened
from tests.window_kit import wait


def test_what_a_slot_raises_becomes_a_sentence_and_a_report(open_window: Opened, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    window = open_window()
    before = sys.excepthook, threading.excepthook
    faults.install()
    try:
        hook = sys.excepthook
        monkeypatch.setattr(sys, "excepthook", hook)
        try:
            raise RuntimeError("WANG^LI could not be drawn")
        except RuntimeError as fault:
            hook(type(fault), fault, fault.__traceback__)
        wait(lambda: window.error_bar.isVisible(), 5)
    finally:
        sys.excepthook, threading.excepthook = before
    assert "WANG" not in window.error_bar.told
    assert "report without patient data" in window.error_bar.told
    reports = list(paths.logs_folder().glob("crash_*.txt"))
    assert reports and "WANG" not in reports[0].read_text()
    assert window.isVisible()


def test_a_thread_that_fails_is_told_too(open_window: Opened) -> None:
    window = open_window()
    before = sys.excepthook, threading.excepthook
    faults.install()

    def fail() -> None:
        raise MemoryError

    try:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        wait(lambda: window.error_bar.isVisible(), 5)
    finally:
        sys.excepthook, threading.excepthook = before
    assert "memory" in window.error_bar.told.lower()


def test_the_bar_speaks_both_languages_and_has_details_without_names(open_window: Opened) -> None:
    window = open_window()
    faults.tell(
        MedViewerError(
            "input.truncated",
            Words("The file is cut off.", "文件不完整。"),
            Words("Copy it again.", "请重新复制。"),
        )
    )
    wait(lambda: window.error_bar.isVisible(), 5)
    assert window.error_bar.told == "The file is cut off. Copy it again."
    language.switch("zh")
    assert window.error_bar.told.startswith("文件不完整。")
    assert "input.truncated" in window.error_bar.details()
    window.error_bar.close_bar()
    assert not window.error_bar.isVisible()


def test_bad_files_are_told_and_the_window_goes_on(open_window: Opened, tmp_path: Path) -> None:
    window = open_window()
    (tmp_path / "note.txt").write_text("not an image")
    for source in (tmp_path, tmp_path / "missing", tmp_path / "note.txt"):
        window.error_bar.close_bar()
        window.open_sources([source])
        wait(lambda: window.error_bar.isVisible(), 10, f"nothing was told of {source.name}")
        assert window.error_bar.told
        wait(lambda: not window.jobs.running, 5)
    QTimer.singleShot(0, lambda: None)
    QApplication.processEvents()
    assert window.isVisible()
