"""Where the window is put together and started. Heavy imports come after it shows."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from medviewer import logs
from medviewer.core.errors import MedViewerError
from medviewer.core.words import Language, Words
from medviewer.ui import faults, icons, language, theme
from medviewer.ui.settings import Settings

NO_DISPLAY = Words(
    "There is no display for a window; the command line works without one (medviewer --help).",
    "没有可用的显示器；命令行无需显示器（medviewer --help）。",
)


WARM_UP_MS = 3000
"""When the kernels of oblique planes are compiled: after the first image is there, before a plane is turned."""


def display_missing() -> bool:
    """Whether no window can be shown here (Linux without X11 or Wayland, and no other platform asked for)."""
    return (
        sys.platform.startswith("linux")
        and not os.environ.get("DISPLAY")
        and not os.environ.get("WAYLAND_DISPLAY")
        and not os.environ.get("QT_QPA_PLATFORM")
    )


def make_application(settings_language: Language | None = None) -> QApplication:
    """The QApplication with theme and language, one to the process."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("MedViewer")
    app.setApplicationDisplayName("MedViewer")
    app.setDesktopFileName("medviewer")
    from PySide6.QtGui import QIcon

    app.setWindowIcon(QIcon(icons.app_mark(64)))
    theme.load_fonts()
    if settings_language is not None:
        language.switch(settings_language if settings_language == "en" or theme.has_chinese() else "en")
    theme.apply(app)
    return app


def run(paths: Sequence[str | Path], demo: bool = False, spoken: Language | None = None) -> int:
    """Open the window with those files and folders, or the demo; returns when it is closed."""
    if display_missing():
        raise MedViewerError("resource.display", NO_DISPLAY)
    logs.start()
    settings = Settings()
    app = make_application(spoken or settings.language)
    faults.install()
    from medviewer.ui.main_window import MainWindow

    window = MainWindow(settings)
    window.show()
    signal.signal(signal.SIGINT, lambda *_: window.close())
    beat = QTimer()  # lets Python see Ctrl+C while Qt waits
    beat.start(500)
    beat.timeout.connect(lambda: None)
    QTimer.singleShot(0, lambda: window.start([Path(p) for p in paths], demo))
    QTimer.singleShot(WARM_UP_MS, _warm_up)
    return int(app.exec())


def _warm_up() -> None:
    """Compile the fast way to oblique planes in a thread; until then, and where it fails, VTK cuts them."""
    from medviewer.imaging import fast_linear

    threading.Thread(target=fast_linear.warm_up, args=(("int16", "uint16", "uint8"),), daemon=True).start()
