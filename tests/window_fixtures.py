"""Fixtures of the tests that open a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from medviewer.ui import language, theme
from medviewer.ui.main_window import MainWindow
from medviewer.ui.settings import Settings
from tests import window_kit

Opened = Callable[..., MainWindow]


@pytest.fixture
def open_window(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    """`open_window(*paths, spoken="en", packages=False)`: a window of 1600 x 1000 that was started with paths.

    3D is drawn by the rung that every machine has: what a driver does is tested elsewhere.
    """
    monkeypatch.setenv("MEDVIEWER_3D", "none")
    # A key that a test clicks is let go only after the window has drawn, which takes long on a busy machine.
    monkeypatch.setattr("medviewer.ui.keys.TAP_MS", 20_000)
    nothing = tmp_path_factory.mktemp(
        "models"
    )  # what ships grows; the stories run on the example packages alone
    monkeypatch.setattr("medviewer.paths.models_folder", lambda: nothing)
    windows: list[MainWindow] = []
    theme.load_fonts()

    def make(*sources: Path, spoken: str = "en", packages: bool | tuple[str, ...] = False) -> MainWindow:
        if packages:
            window_kit.install_tiny_packages(*(() if packages is True else packages))
        settings = Settings()
        settings.language = "zh" if spoken == "zh" else "en"
        language.switch(settings.language)
        theme.apply(qapp)
        window = MainWindow(settings)
        windows.append(window)
        window.resize(1600, 1000)
        window.show()
        window.start(list(sources))
        if packages:
            window.look_around()
            window_kit.wait(lambda: window.runs.searched, 20, "packages were not found")
        if sources:
            window_kit.wait(lambda: all_loaded(window), 30, "nothing was loaded")
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    windows.clear()
    qapp.processEvents()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[call-overload]
    language.switch("en")


def all_loaded(window: MainWindow) -> bool:
    """Whether something is in the panes and no series is on its way."""
    volumes = window.workspace.volumes
    keys = window.workspace.open_keys
    return bool(keys) and all(key in volumes and volumes[key].done for key in keys)
