"""Faults on the command line: one sentence on stderr, an exit code, and a crash report without patient data."""

from __future__ import annotations

import errno
import sys
import time
import traceback

from medviewer import paths
from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words


def tell(fault: MedViewerError) -> int:
    """Print the sentence (and hint) and return the exit code."""
    sentence = " ".join(fault.sentence.en.split())
    if fault.hint:
        sentence = f"{sentence} {' '.join(fault.hint.en.split())}"
    print(sentence[:300], file=sys.stderr)
    return fault.exit_code


def understood(fault: Exception) -> MedViewerError:
    """The fault in words: known faults of the machine by name, everything else as unexpected with a report."""
    if isinstance(fault, MemoryError):
        return MedViewerError("resource.memory", Words("There is not enough memory for this.", "内存不足，无法完成。"))
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return MedViewerError("resource.disk", Words("The disk is full; nothing was written.", "磁盘已满，未写入任何内容。"))
    if isinstance(fault, PermissionError | NotADirectoryError | FileExistsError | FileNotFoundError) or (
        isinstance(fault, OSError) and fault.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    ):
        return MedViewerError(
            "resource.write",
            Words("That place can't be read or written; nothing was written.", "该位置无法读写，未写入任何内容。"),
        )
    where = crash_report(fault)
    return MedViewerError(
        "unexpected",
        Words(
            "Something unexpected happened; a report without patient data is in {path}.",
            "发生意外错误；不含患者数据的报告位于 {path}。",
        ).format(path=where),
    )  # fmt: skip


def crash_report(fault: BaseException) -> str:
    """Write what failed, by place in the code only: messages may hold a path or a name and stay out."""
    frames = traceback.extract_tb(fault.__traceback__)
    lines = [f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {type(fault).__name__}"]
    lines += [f"  {f.filename.rsplit('site-packages/', 1)[-1].rsplit('/medviewer/', 1)[-1]}:{f.lineno} {f.name}" for f in frames]
    try:
        folder = paths.made(paths.logs_folder())
        path = folder / f"crash_{time.strftime('%Y%m%d_%H%M%S')}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return "(no report: the log folder can't be written)"
    return str(path)
