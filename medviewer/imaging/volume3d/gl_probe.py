"""Which OpenGL there is, found out in a process of its own: without a usable one VTK ends its process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from medviewer import paths
from medviewer.core.words import Words

Rung = Literal["gpu", "software", "none"]
RUNG_WORDS: dict[Rung, Words] = {
    "gpu": Words("GPU rendering", "GPU 渲染"),
    "software": Words("Software rendering", "软件渲染"),
    "none": Words("Rotating MIP (no OpenGL)", "旋转 MIP（无 OpenGL）"),
}
SOFTWARE_DRIVERS = ("llvmpipe", "softpipe", "swrast", "swr", "software", "gdi generic", "microsoft basic")

CHILD = Path(__file__).with_name("gl_child.py")


@dataclass(frozen=True)
class GlProbe:
    """rung: what 3D can use. renderer: the driver's own name. reason: why it isn't a better rung, for people.

    window: the class of VTK's window that worked ("default": VTK's own choice).
    """

    rung: Rung
    renderer: str
    reason: Words
    window: str = "default"


def probe(timeout: float = 20, fresh: bool = False) -> GlProbe:
    """Find the rung; the answer is remembered until drivers or libraries change. fresh: ask again.

    MEDVIEWER_3D=none|software|gpu overrides it (a broken driver that passes the probe; tests).
    """
    forced = os.environ.get("MEDVIEWER_3D", "")
    if forced == "none":
        return GlProbe("none", "", Words("3D is switched off by MEDVIEWER_3D.", "MEDVIEWER_3D 已关闭三维。"))
    memory, key = paths.cache_folder() / "gl_probe.json", _driver_key()
    if not fresh:
        remembered = _remembered(memory, key)
        if remembered is not None:
            return _as_forced(remembered, forced)
    found = _asked(timeout)
    _remember(memory, key, found)
    return _as_forced(found, forced)


def _as_forced(found: GlProbe, forced: str) -> GlProbe:
    if forced in ("gpu", "software") and found.rung != "none":
        return GlProbe("gpu" if forced == "gpu" else "software", found.renderer, found.reason, found.window)
    return found


def _candidates() -> list[str]:
    """Windows that need no display first: they behave alike under X, Wayland, remote desktops and none."""
    if not sys.platform.startswith("linux"):
        return ["default"]
    with_display = ["default"] if os.environ.get("DISPLAY") else []
    return ["vtkEGLRenderWindow", *with_display, "vtkOSOpenGLRenderWindow"]


def _asked(timeout: float) -> GlProbe:
    """The first window with a graphics card behind it, else the first that works at all."""
    reason = Words("No usable OpenGL was found.", "未找到可用的 OpenGL。")
    usable: GlProbe | None = None
    for window in _candidates():
        if usable is not None and window.startswith("vtkOS"):
            break
        try:
            done = subprocess.run(
                [sys.executable, str(CHILD), window],
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            reason = Words("OpenGL did not answer in time.", "OpenGL 未及时响应。")
            continue
        except OSError:
            break
        found = _understood(done.stdout, window)
        if found is not None and found.rung == "gpu":
            return found
        usable = usable or found
    return usable or GlProbe("none", "", reason)


def _understood(told: str, window: str) -> GlProbe | None:
    """What the child process told before it ended, or None where nothing could be drawn."""
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    if not lines:
        return None
    renderer = str(lines[0]["renderer"])
    if any(name in renderer.lower() for name in SOFTWARE_DRIVERS):
        why = Words("No graphics card driver: OpenGL runs on the CPU.", "无显卡驱动：OpenGL 由 CPU 运行。")
        return GlProbe("software", renderer, why, window)
    if len(lines) > 1 and lines[1]["ray_casting"]:
        return GlProbe("gpu", renderer, Words("", ""), window)
    why = Words("The graphics driver failed at ray casting.", "显卡驱动无法进行光线投射。")
    return GlProbe("software", renderer, why, window)


def _driver_key() -> str:
    """Changes with whatever may change the answer: libraries, drivers, VTK, display, and their switches."""
    parts = [sys.platform, sys.executable, json.dumps(_candidates())]
    try:
        parts.append(version("vtk"))
    except PackageNotFoundError:
        parts.append("no vtk")
    switches = ("DISPLAY", "LD_LIBRARY_PATH", "VTK_DEFAULT_OPENGL_WINDOW")
    driver = ("LIBGL_", "MESA_", "GALLIUM_", "__GLX_", "__EGL_", "VK_")
    parts += sorted(f"{k}={v}" for k, v in os.environ.items() if k in switches or k.startswith(driver))
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"):
        for pattern in ("libGL*.so*", "libEGL*.so*", "libOSMesa*.so*", "dri/*_dri.so", "libgallium*.so"):
            for path in sorted(Path(folder).glob(pattern)):
                state = path.stat()
                parts.append(f"{path}:{state.st_size}:{state.st_mtime_ns}")
    nvidia = Path("/proc/driver/nvidia/version")
    if nvidia.is_file():
        parts.append(nvidia.read_text(encoding="utf-8", errors="replace"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _remembered(memory: Path, key: str) -> GlProbe | None:
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        if stored["key"] != key or stored["rung"] not in RUNG_WORDS:
            return None
        reason = Words(stored["reason"]["en"], stored["reason"]["zh"])
        return GlProbe(stored["rung"], stored["renderer"], reason, stored["window"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(memory: Path, key: str, found: GlProbe) -> None:
    try:
        paths.made(memory.parent)
        beside = memory.with_suffix(f".{os.getpid()}.part")
        beside.write_text(json.dumps({"key": key, **asdict(found)}), encoding="utf-8")
        beside.replace(memory)
    except OSError:
        pass  # it is asked again next time
