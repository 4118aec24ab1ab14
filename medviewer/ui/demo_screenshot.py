"""A picture of the real window with the demo in it, drawn without a display."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QImageWriter

from medviewer import paths
from medviewer.core.errors import MedViewerError
from medviewer.core.words import Language, Words
from medviewer.ui import application, faults
from medviewer.ui.settings import Settings

SIZE = (1600, 1000)
LIMIT_S = 540
SETTLE_MS = 150
NOT_WRITTEN = Words("The picture can't be written there.", "无法在该位置写入图片。")
TOO_LONG = Words("The demo did not end in time.", "演示未能按时完成。")


def usual_place() -> Path:
    """Where the picture goes when nobody says where."""
    return paths.made(paths.demo_folder().parent) / "demo.png"


def write(target: Path, spoken: Language | None = None) -> Path:
    """Run the demo in a window of 1600 x 1000 off screen and write its picture as PNG; returns the absolute path.

    Raises what the demo raises, resource.write where the picture can't be written.
    """
    target = target.expanduser().resolve()
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise MedViewerError("resource.write", NOT_WRITTEN)
    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    settings = Settings()
    app = application.make_application(spoken or settings.language)
    from medviewer.ui.main_window import MainWindow

    window = MainWindow(settings, private=True)
    window.resize(*SIZE)
    window.show()
    loop = QEventLoop()
    told: list[MedViewerError] = []

    def failed(fault: MedViewerError) -> None:
        told.append(fault)
        loop.quit()

    def heard(fault: MedViewerError) -> None:
        told.append(fault)
        if fault.code == "unexpected":  # a part of the window is broken: nobody would ever end the demo
            loop.quit()

    faults.install()
    faults.desk().told.connect(heard)
    window.opening.scan_failed.connect(failed)
    QTimer.singleShot(LIMIT_S * 1000, lambda: failed(MedViewerError("resource.time", TOO_LONG)))
    window.look_around()
    window.tour.start(loop.quit, failed)
    loop.exec()
    _settle(window, loop)
    picture = window.grab().toImage()
    window.close()
    app.processEvents()
    broken = next((fault for fault in told if fault.code == "unexpected"), None)
    if broken is not None or (told and not window.workspace.volumes):
        raise broken or told[0]
    if not QImageWriter(str(target), b"PNG").write(picture):
        raise MedViewerError("resource.write", NOT_WRITTEN)
    for fault in told:
        print(fault.sentence.en, file=sys.stderr)
    return target


def _settle(window: object, loop: QEventLoop) -> None:
    """Let thumbnails and the 3D view come to rest."""
    from medviewer.ui.main_window import MainWindow

    assert isinstance(window, MainWindow)
    calm = [0]

    def look() -> None:
        busy = bool(window.jobs.running) or window.grid.is_busy
        calm[0] = 0 if busy else calm[0] + 1
        if calm[0] >= 8:
            timer.stop()
            loop.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(SETTLE_MS)
    QTimer.singleShot(60_000, loop.quit)
    loop.exec()
    timer.stop()
