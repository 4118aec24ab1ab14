"""How much memory there is, how much was used at most, and the refusal before too much is taken."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words

_SPARE = 64 << 20
"""What stays free for everything else."""


def available_bytes() -> int | None:
    """Memory that can be taken now without swapping: the least of the machine's, the container's and the process's limit.

    None where the system does not tell.
    """
    found = [n for n in (_machine(), _container(), _own_limit()) if n is not None]
    return max(0, min(found)) if found else None


def check(needed: float, what: Words) -> None:
    """Raise resource.memory where `needed` bytes are more than there is."""
    free = available_bytes()
    if free is not None and needed + _SPARE > free:
        sentence = Words(
            "{what} needs about {needed} MB of memory; {free} MB are free.",
            "{what}约需 {needed} MB 内存；可用 {free} MB。",
        ).format(what=what, needed=round(needed / 1e6), free=round(free / 1e6))  # fmt: skip
        hint = Words("Close other studies or programs and try again.", "请关闭其他检查或程序后重试。")
        raise MedViewerError("resource.memory", sentence, hint)


def peak_rss_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    if sys.platform == "win32":
        return _windows_peak()
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def _machine() -> int | None:
    if sys.platform == "win32":
        return _windows_available()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    if sys.platform == "darwin":
        import os

        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return None


def _container() -> int | None:
    """What a cgroup leaves; its page cache counts as free."""
    root = Path("/sys/fs/cgroup")
    try:
        if (root / "memory.max").exists():
            limit, used = (root / "memory.max").read_text(), int((root / "memory.current").read_text())
            stat, cache = (root / "memory.stat").read_text(), "inactive_file"
        else:
            limit = (root / "memory/memory.limit_in_bytes").read_text()
            used = int((root / "memory/memory.usage_in_bytes").read_text())
            stat, cache = (root / "memory/memory.stat").read_text(), "total_inactive_file"
        if limit.strip() == "max" or int(limit) > 1 << 60:
            return None
        freed = next((int(row.split()[1]) for row in stat.splitlines() if row.split()[0] == cache), 0)
        return int(limit) - used + freed
    except (OSError, ValueError, IndexError):
        return None


def _own_limit() -> int | None:
    """What RLIMIT_AS leaves."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return None
    return int(soft - pages * resource.getpagesize())


def _windows_available() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "free", "page", "page_free", "space", "space_free", "more")
        ]

    status = Status()
    status.length = ctypes.sizeof(Status)
    windll: Any = getattr(ctypes, "windll")  # noqa: B009  (only there on Windows)
    return int(status.free) if windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _windows_peak() -> float:
    class Counters(ctypes.Structure):
        _fields_ = [("size", ctypes.c_ulong), ("faults", ctypes.c_ulong)] + [
            (f"n{i}", ctypes.c_size_t) for i in range(8)
        ]

    counters = Counters()
    counters.size = ctypes.sizeof(Counters)
    windll: Any = getattr(ctypes, "windll")  # noqa: B009  (only there on Windows)
    handle = windll.kernel32.GetCurrentProcess()
    windll.psapi.GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.size)
    return float(counters.n0) / (1 << 20)
