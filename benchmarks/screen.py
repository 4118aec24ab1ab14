"""A virtual screen that can be read: seconds from a command to its first image, and its memory then."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Absent

SIZE = (1600, 1000)
GREY_LEVELS, PIXELS_EACH = 60, 150
"""An image is there when the screen shows that many grey levels, each with that many pixels."""


@dataclass(frozen=True)
class Opened:
    first_image_s: float
    memory_mb: float


def opened(command: list[str], limit_s: float = 60.0, settle_s: float = 3.0) -> Opened:
    """Run a viewer on a screen of its own until it shows an image; resident memory is read a little later."""
    if not shutil.which("Xvfb"):
        raise Absent("Xvfb is not installed")
    if not shutil.which(command[0]):
        raise Absent(f"{Path(command[0]).name} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        display = f":{100 + os.getpid() % 800}"
        screen = f"{SIZE[0]}x{SIZE[1]}x24"
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(
            ["Xvfb", display, "-screen", "0", screen, "-fbdir", folder], stdout=quiet, stderr=quiet
        )
        frame = Path(folder) / "Xvfb_screen0"
        try:
            _wait(lambda: frame.exists() and frame.stat().st_size > 1000, 5.0)
            environment = {
                k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")
            }
            environment |= {
                "DISPLAY": display,
                "LIBGL_ALWAYS_SOFTWARE": "1",
                "MEDVIEWER_HOME": f"{folder}/home",
            }
            manager = (
                subprocess.Popen(["openbox"], env=environment, stderr=quiet)
                if shutil.which("openbox")
                else None
            )
            time.sleep(0.5)
            start = time.perf_counter()
            viewer = subprocess.Popen(
                command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True
            )
            try:
                while not _shows_image(frame):
                    if viewer.poll() is not None or time.perf_counter() - start > limit_s:
                        raise Absent(f"{Path(command[0]).name} showed no image")
                    time.sleep(0.01)
                first = time.perf_counter() - start
                time.sleep(settle_s)
                return Opened(first, _memory_mb(viewer.pid))
            finally:
                _end(viewer)
                if manager:
                    manager.kill()
        finally:
            server.kill()
            server.wait()


def _wait(ready, limit_s: float) -> None:  # type: ignore[no-untyped-def]  # a callable without arguments
    end = time.perf_counter() + limit_s
    while not ready():
        if time.perf_counter() > end:
            raise Absent("the virtual screen did not start")
        time.sleep(0.02)


def _pixels(frame: Path) -> NDArray[np.int16]:
    """Blue, green, red of the screen from its XWD dump (header: 25 big-endian words, see XWDFile.h)."""
    raw = frame.read_bytes()
    head = struct.unpack(">25I", raw[:100])
    header, width, height, line, colours = head[0], head[4], head[5], head[12], head[19]
    flat = np.frombuffer(raw, np.uint8, height * line, header + colours * 12)
    return flat.reshape(height, line)[:, : width * 4].reshape(height, width, 4)[..., :3].astype(np.int16)


def _shows_image(frame: Path) -> bool:
    pixels = _pixels(frame)
    blue, green, red = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    grey = green[(np.abs(blue - green) <= 2) & (np.abs(green - red) <= 2)]
    levels = np.bincount(grey, minlength=256)[5:250]
    return bool((levels >= PIXELS_EACH).sum() >= GREY_LEVELS)


def _memory_mb(leader: int) -> float:
    total = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if os.getpgid(int(process.name)) == leader:
                    total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except (OSError, ProcessLookupError):
                continue
    return total / 2**20


def _end(viewer: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(viewer.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    viewer.wait()
