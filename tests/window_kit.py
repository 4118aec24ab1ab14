"""A window to drive in tests: phantoms on disk, the window itself, waiting, pictures that are kept."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from medviewer import paths
from medviewer.core.geometry import Geometry
from medviewer.core.values import Values
from medviewer.core.volume import Volume

PACKAGES = Path(__file__).parent / "data" / "packages"


def phantom_ct(folder: Path, size: tuple[int, int, int] = (72, 72, 16)) -> Path:
    """A CT-like NIfTI: a body of soft tissue, two lungs, a bright ball at LPS (-20, 0, 30)."""
    from medviewer.io.write import write_volume

    geometry = Geometry(np.array([[2.6, 0, 0, -92], [0, 2.6, 0, -92], [0, 0, 4, 0], [0, 0, 0, 1.0]]), size)
    k, j, i = np.mgrid[: size[2], : size[1], : size[0]]
    lps = geometry.to_lps(np.stack([i, j, k], -1))
    x, y, z = (lps[..., a] for a in range(3))
    values = np.full(x.shape, -1000, np.int16)
    values[(x / 85) ** 2 + (y / 65) ** 2 < 1] = 40
    for side in (-1, 1):
        values[((x - side * 38) / 30) ** 2 + (y / 45) ** 2 < 1] = -850
    values[(x + 20) ** 2 + y**2 + (z - 30) ** 2 < 10**2] = 60
    target = folder / "chest.nii.gz"
    write_volume(Volume(values, geometry, Values(unit="HU"), meta={"modality": "CT"}), target)
    return target


def film(folder: Path, size: int = 160) -> Path:
    """A grey PNG as a film."""
    from PIL import Image

    y, x = np.mgrid[:size, :size] / size
    grey = (255 * np.clip(1 - 2 * np.hypot(x - 0.5, y - 0.5), 0, 1)).astype(np.uint8)
    target = folder / "film.png"
    Image.fromarray(grey).save(target)
    return target


def install_tiny_packages(*names: str) -> None:
    """Copy example packages to the person's own models (the home of the test)."""
    for name in names or ("tiny_detector", "tiny_segmenter", "tiny_classifier"):
        shutil.copytree(
            PACKAGES / name, paths.made(paths.installed_models_folder()) / name, dirs_exist_ok=True
        )


def wait(until: Callable[[], object], seconds: float = 30.0, why: str = "") -> None:
    """Let the window live until something holds; fails the test where it does not."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise AssertionError(why or "waited in vain")
        QApplication.processEvents()
        time.sleep(0.005)


def live(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def press(
    window: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key as the window system sends it: to the window, which hands it to the focus."""
    QTest.keyClick(window.windowHandle(), key, modifier)
    QApplication.processEvents()


def hold(window: QWidget, key: Qt.Key, seconds: float = 0.45) -> None:
    """A key held down for a while, then let go."""
    QTest.keyPress(window.windowHandle(), key)
    live(seconds)
    QTest.keyRelease(window.windowHandle(), key)
    QApplication.processEvents()


def click(
    widget: QWidget, at: QPoint | None = None, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, at or widget.rect().center())
    QApplication.processEvents()


def drag(
    widget: QWidget, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton
) -> None:
    """Press, move in steps, release."""
    QTest.mousePress(widget, button, Qt.KeyboardModifier.NoModifier, start)
    for n in range(1, 6):
        at = start + (end - start) * n / 5
        QTest.mouseMove(widget, at)
        QApplication.processEvents()
    QTest.mouseRelease(widget, button, Qt.KeyboardModifier.NoModifier, end)
    QApplication.processEvents()


def keep_picture(window: QWidget, name: str, fallback: Path) -> Path:
    """Write what the window shows to the artefacts folder (env MEDVIEWER_ARTEFACTS, else the test's own)."""
    folder = Path(os.environ.get("MEDVIEWER_ARTEFACTS", fallback))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.png"
    assert window.grab().save(str(target))
    return target
