"""`checksums.sha256`: one line a file; its own hash is the package's."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

NAME = "checksums.sha256"


def write_checksums(folder: Path) -> str:
    """Write the list for every file below `folder` but itself.

    Returns:
        SHA-256 of the list, by which results name the package.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != NAME)
    lines = [
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n" for p in files
    ]
    text = "".join(lines).encode()
    (folder / NAME).write_bytes(text)
    return hashlib.sha256(text).hexdigest()


def write_zip(folder: Path, path: Path) -> None:
    """The package as a zip whose bytes depend on its files alone (no dates, no owners)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(
                f"{folder.name}/{file.relative_to(folder).as_posix()}", (1980, 1, 1, 0, 0, 0)
            )
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
