"""Models that fit an opened series are loaded before anybody runs them."""

from __future__ import annotations

from pathlib import Path

from medviewer.inference import run
from tests import window_kit
from tests.window_fixtures import Opened


def test_only_models_that_fit_are_warmed(open_window: Opened, tmp_path: Path) -> None:
    run._sessions.clear()
    window = open_window(window_kit.phantom_ct(tmp_path / "ct"), packages=("tiny_segmenter", "tiny_classifier"))
    window_kit.wait(lambda: window.warming.warmed and run._sessions, why="no session was opened")
    opened = {session.package.name for session in run._sessions.values()}
    assert opened == {"tiny_segmenter"}
