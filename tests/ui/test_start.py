"""The window starts light, and Qt's binding loses no references."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel

HEAVY = (
    "SimpleITK", "onnxruntime", "onnx", "torch", "monai", "captum", "pydicom", "vtkmodules", "vtk", "scipy", "skimage",
    "nibabel", "matplotlib", "imagecodecs", "highdicom", "PIL", "rich",
)  # fmt: skip


def test_nothing_heavy_is_imported_before_the_window_shows() -> None:
    code = (
        "import sys\n"
        "from medviewer.ui.application import make_application\n"
        "app = make_application('en')\n"
        "from medviewer.ui.settings import Settings\n"
        "from medviewer.ui.main_window import MainWindow\n"
        "window = MainWindow(Settings()); window.show(); app.processEvents()\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr[-2000:]


def test_no_references_to_none_are_lost(qapp: QApplication) -> None:
    """PySide6 6.12.0 drops one at each void call on Python 3.11 and aborts after some thousand."""
    image, label = QImage(16, 16, QImage.Format.Format_RGB32), QLabel()
    before = sys.getrefcount(None)
    painter = QPainter(image)
    for n in range(300):
        painter.drawLine(0, 0, 10, 10)
        painter.save()
        painter.restore()
        label.setText(str(n))
        label.update()
    painter.end()
    assert sys.getrefcount(None) > before - 100


def test_no_display_is_a_sentence_and_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("Linux only")
    from medviewer.core.errors import MedViewerError
    from medviewer.ui import application

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MedViewerError) as told:
        application.run([])
    assert told.value.code == "resource.display" and told.value.exit_code == 6
