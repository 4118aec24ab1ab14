"""The whole program against whole programs: start, and from the command to the first image."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.rows import Absent, Row, side_by_side
from benchmarks.screen import Opened, opened
from benchmarks.series import Scratch

READY = """
from medviewer.ui.application import make_application
from medviewer.ui.settings import Settings
app = make_application("en")
from medviewer.ui.main_window import MainWindow
window = MainWindow(Settings())
window.show()
app.processEvents()
import os
os._exit(0)
"""
PEER_IMPORTS = "import PySide6.QtWidgets, vtkmodules.vtkRenderingVolumeOpenGL2, pydicom"


def start(scratch: Scratch, id: str, line: str) -> Row:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "MEDVIEWER_HOME": str(scratch.folder / "home"),
    }

    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True
        )

    return side_by_side(id, line, python(READY), python(PEER_IMPORTS))


def _ours(scratch: Scratch) -> list[Opened]:
    program = str(Path(sys.executable).parent / "medviewer")
    return scratch.once("opened", lambda: [opened([program, str(scratch.series("raw"))]) for _ in range(3)])


def _against(command: Callable[[Path], list[str]]) -> Callable[[Scratch, str, str], Row]:
    def row(scratch: Scratch, id: str, line: str) -> Row:
        folder = scratch.series("raw")
        peers = [opened(command(folder)) for _ in range(3)]
        a = statistics.median(o.first_image_s for o in _ours(scratch))
        b = statistics.median(o.first_image_s for o in peers)
        return Row(id, line, ours=a, peer=b, ratio=a / b)

    return row


def invesalius(folder: Path) -> list[str]:
    settings = Path.home() / ".config" / "invesalius"
    if not (settings / "config.json").exists():
        raise Absent('InVesalius asks for a language first: put {"language": "en"} into its config.json')
    return ["invesalius3", "-i", str(folder)]


def aeskulap(folder: Path) -> list[str]:
    return ["aeskulap", *map(str, sorted(folder.iterdir()))]


def open_memory(scratch: Scratch, id: str, line: str) -> Row:
    peer = opened(invesalius(scratch.series("raw"))).memory_mb
    ours = statistics.median(o.memory_mb for o in _ours(scratch))
    return Row(id, line, ours=ours, peer=peer, ratio=ours / peer, unit="MB")


def open_trame_slicer(scratch: Scratch, id: str, line: str) -> Row:
    raise Absent("trame-slicer needs an environment of its own, which is not set up here")


LINES: dict[str, tuple[str, Callable[[Scratch, str, str], Row]]] = {
    "start": ("start to a usable window / importing Qt, VTK and pydicom", start),
    "open_invesalius": ("command to first image / InVesalius 3", _against(invesalius)),
    "open_aeskulap": ("command to first image / Aeskulap", _against(aeskulap)),
    "open_memory": ("resident memory then / InVesalius 3", open_memory),
    "open_trame_slicer": ("command to volume in memory / trame-slicer", open_trame_slicer),
}
