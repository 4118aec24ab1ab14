"""Disk and memory."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

from medviewer import paths
from medviewer.core.words import Words
from medviewer.doctor.item import Item

GIB = 1024**3
_DISK = Words("Disk", "磁盘")
_MEMORY = Words("Memory", "内存")


def disk() -> Item:
    """Room where the program keeps its things, and whether it may write there."""
    folder = paths.cache_folder()
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free / GIB
    if not os.access(existing, os.W_OK):
        return Item(
            "disk", _DISK, "fail",
            Words("{folder} can't be written", "无法写入 {folder}").format(folder=folder),
            Words("Set MEDVIEWER_HOME to a folder that can be written", "请将 MEDVIEWER_HOME 设为可写入的文件夹"),
        )  # fmt: skip
    detail = Words("{free} GB free in {folder}", "{folder} 剩余 {free} GB").format(free=f"{free:.1f}", folder=folder)
    if free < 2:
        fix = Words("Make room, or set MEDVIEWER_HOME to another disk", "请清理磁盘，或将 MEDVIEWER_HOME 设到其他磁盘")
        return Item("disk", _DISK, "fail" if free < 0.2 else "warn", detail, fix)
    return Item("disk", _DISK, "ok", detail)


def memory() -> Item:
    """Memory of the machine and what is free of it now; a limit of the container counts."""
    total, free = memory_bytes()
    if total is None:
        return Item("memory", _MEMORY, "ok", Words("not known on this system", "此系统无法得知"))
    if free is None:
        detail = Words("{total} GB", "{total} GB").format(total=f"{total / GIB:.1f}")
    else:
        detail = Words("{free} of {total} GB free", "共 {total} GB，可用 {free} GB").format(
            free=f"{free / GIB:.1f}", total=f"{total / GIB:.1f}"
        )
    if total < 3.5 * GIB or (free is not None and free < 1.5 * GIB):
        fix = Words(
            "Close other programs; large CT series may not open", "请关闭其他程序；较大的 CT 序列可能无法打开"
        )
        return Item("memory", _MEMORY, "warn", detail, fix)
    return Item("memory", _MEMORY, "ok", detail)


def memory_bytes() -> tuple[int | None, int | None]:
    """(all, free) bytes of memory, None where the system does not tell."""
    if sys.platform.startswith("linux"):
        return _linux()
    if sys.platform == "win32":
        return _windows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), None
    except (ValueError, OSError):
        return None, None


def _linux() -> tuple[int | None, int | None]:
    told: dict[str, int] = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        told[name] = int(rest.split()[0]) * 1024
    total, free = told.get("MemTotal"), told.get("MemAvailable")
    limit, used = _number("/sys/fs/cgroup/memory.max"), _number("/sys/fs/cgroup/memory.current")
    if limit is not None and total is not None and limit < total:
        total = limit
        if used is not None and free is not None:
            free = min(free, max(0, limit - used))
    return total, free


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):  # no such limit, or the word "max"
        return None


def _windows() -> tuple[int | None, int | None]:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("total", ctypes.c_ulonglong),
            ("free", ctypes.c_ulonglong), ("page_total", ctypes.c_ulonglong), ("page_free", ctypes.c_ulonglong),
            ("virtual_total", ctypes.c_ulonglong), ("virtual_free", ctypes.c_ulonglong),
            ("extended", ctypes.c_ulonglong),
        )  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (the name exists on Windows only)
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None, None
    return int(status.total), int(status.free)
