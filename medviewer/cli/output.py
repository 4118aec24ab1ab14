"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words


def write_whole(path: Path, data: bytes) -> None:
    """Write a file through a temporary one beside it; nothing is left where that fails.

    Raises MedViewerError "resource.write" where the folder is missing, is a file or may not be written to;
    a full disk passes as OSError (told by the command line's own words).
    """
    if not path.parent.is_dir():
        raise MedViewerError(
            "resource.write",
            Words(
                "The folder for the output does not exist; nothing was written.",
                "输出文件夹不存在，未写入任何内容。",
            ),
        )
    if path.is_dir():
        raise MedViewerError(
            "resource.write",
            Words(
                "The output is a folder, not a file; nothing was written.",
                "输出路径是文件夹而非文件，未写入任何内容。",
            ),
        )
    beside = path.with_name(f".{path.name[:60]}.{os.getpid()}.part")
    try:
        file = beside.open("xb")
    except OSError as fault:
        raise MedViewerError(
            "resource.write",
            Words("The folder for the output can't be written to.", "无法写入输出文件夹。"),
            detail=f"errno {fault.errno}",
        ) from fault
    try:
        with file:
            file.write(data)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
