"""Where bytes come from: files, and members of a zip that is read without unpacking. Nothing is ever written."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words

MAX_MEMBER = 4 << 30
"""Largest zip member that is read whole."""
MAX_RATIO = 1100
"""Largest plausible ratio of compression (deflate reaches 1032); a member above it is a lie."""


class Source:
    """Bytes at one place. `name` is what a person may see, relative to what was opened; `base` the file's own name."""

    name: str
    base: str
    size: int

    def head(self, count: int) -> bytes:
        """The first bytes, fewer at the end."""
        raise NotImplementedError

    def read(self, offset: int, count: int) -> bytes:
        raise NotImplementedError

    def all(self) -> bytes:
        return self.read(0, self.size)

    @property
    def path(self) -> Path | None:
        """The file on disk, or None for a member of a zip."""
        return None

    @property
    def key(self) -> str:
        """Names this place, the same at each opening: a digest, so that no name shows in it."""
        raw = self._whole_name().encode("utf-8", "surrogateescape")
        return "file:" + hashlib.sha256(raw).hexdigest()[:16]

    def _whole_name(self) -> str:
        raise NotImplementedError

    def sibling(self, name: str) -> Source | None:
        """A file beside this one, below the same folder; None where it is missing or leads outside."""
        raise NotImplementedError


class FileSource(Source):
    """A file on disk."""

    __slots__ = ("_path", "base", "name", "size")

    def __init__(self, path: str, name: str, size: int) -> None:
        self._path, self.name, self.size = path, name, size
        self.base = path.replace(os.sep, "/").rpartition("/")[2]

    @property
    def path(self) -> Path:
        return Path(self._path)

    def _whole_name(self) -> str:
        return os.path.realpath(self._path)

    def head(self, count: int) -> bytes:
        return self.read(0, count)

    def read(self, offset: int, count: int) -> bytes:
        count = max(0, min(count, self.size - offset))  # the system would make room for all that is asked for
        number = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            if offset:
                os.lseek(number, offset, os.SEEK_SET)
            data = os.read(number, count)
            while len(data) < count:
                more = os.read(number, count - len(data))
                if not more:
                    break
                data += more
            return data
        finally:
            os.close(number)

    def read_into(self, offset: int, view: memoryview) -> int:
        """Fill the view from the file; returns how many bytes there were."""
        with self.path.open("rb", buffering=0) as file:
            if offset:
                file.seek(offset)
            done = 0
            while done < len(view):
                count = file.readinto(view[done:])
                if not count:
                    break
                done += count
            return done

    def sibling(self, name: str) -> Source | None:
        folder = self.path.parent.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            return None
        return FileSource(str(path), name, path.stat().st_size)


class ZipArchive:
    """An open zip, shared by its members; reading is one at a time."""

    def __init__(self, opened: BinaryIO | str) -> None:
        self.file = zipfile.ZipFile(opened)
        self.lock = threading.Lock()
        self._last: tuple[str, bytes] | None = None

    def content(self, info: zipfile.ZipInfo) -> bytes:
        """All bytes of a member; the last one read is kept, because frames are asked for one by one."""
        with self.lock:
            if self._last is None or self._last[0] != info.filename:
                with self.file.open(info) as stream:
                    self._last = (info.filename, stream.read(min(info.file_size, MAX_MEMBER)))
            return self._last[1]


class ZipSource(Source):
    """A member of a zip; its name is only shown, never used as a path."""

    __slots__ = ("_head", "archive", "base", "info", "name", "size")

    def __init__(self, archive: ZipArchive, info: zipfile.ZipInfo, name: str) -> None:
        self.archive, self.info, self.name, self.size = archive, info, name, info.file_size
        self.base = info.filename.replace("\\", "/").rsplit("/", 1)[-1]
        self._head = b""

    def _whole_name(self) -> str:
        return f"{self.archive.file.filename}!{self.info.filename}"

    def head(self, count: int) -> bytes:
        if len(self._head) < min(count, self.size):
            with self.archive.lock, self.archive.file.open(self.info) as stream:
                self._head = stream.read(count)
        return self._head[:count]

    def read(self, offset: int, count: int) -> bytes:
        if offset + count <= len(self._head):
            return self._head[offset : offset + count]
        return self.archive.content(self.info)[offset : offset + count]

    def sibling(self, name: str) -> Source | None:
        folder = self.info.filename.rpartition("/")[0]
        wanted = f"{folder}/{name}" if folder else name
        for info in self.archive.file.infolist():
            if info.filename == wanted:
                return ZipSource(self.archive, info, name)
        return None


Refuse = Callable[[str, str, Words], None]
NO_PERMISSION = Words(
    "This file can't be read (no permission or a fault of the disk).", "无法读取该文件（无权限或磁盘故障）。"
)
BAD_ZIP = Words("This ZIP file is damaged or encrypted.", "该 ZIP 文件已损坏或加密。")
NO_FILE = Words("This is neither a file nor a folder.", "这既不是文件也不是文件夹。")
ZIP_BOMB = Words(
    "This ZIP member claims an implausible size and was left alone.",
    "该 ZIP 成员声称的大小不合理，未予读取。",
)


def walk(path: Path, refuse: Refuse) -> Iterator[Source]:
    """All files of a file, folder or zip, in a fixed order; folders that were seen (links in a circle) are skipped.

    Raises MedViewerError "input.missing" where there is nothing at that path.
    """
    try:
        state = path.stat()
    except OSError as fault:
        raise MedViewerError(
            "input.missing", Words("There is no such file or folder.", "没有该文件或文件夹。")
        ) from fault
    if stat.S_ISDIR(state.st_mode):
        yield from _walk_folder(str(path), "", set(), refuse)
    elif stat.S_ISREG(state.st_mode):
        yield from _file(str(path), path.name, state.st_size, refuse)
    else:
        refuse(path.name, "input.no_file", NO_FILE)


def _walk_folder(folder: str, prefix: str, seen: set[tuple[int, int]], refuse: Refuse) -> Iterator[Source]:
    try:
        state = Path(folder).stat()
        if (state.st_dev, state.st_ino) in seen:
            return
        seen.add((state.st_dev, state.st_ino))
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda e: e.name)
    except OSError:
        refuse(prefix or ".", "input.permission", NO_PERMISSION)
        return
    folders = []
    for entry in listed:
        name = prefix + entry.name
        try:
            if entry.is_dir():
                folders.append((entry.path, name + "/"))
                continue
            state = entry.stat()
            if not stat.S_ISREG(state.st_mode):
                continue
            if entry.is_symlink():
                if (state.st_dev, state.st_ino) in seen:
                    continue
                seen.add((state.st_dev, state.st_ino))
        except OSError:
            refuse(name, "input.permission", NO_PERMISSION)
            continue
        yield from _file(entry.path, name, state.st_size, refuse)
    for path, name in folders:
        yield from _walk_folder(path, name, seen, refuse)


def _file(path: str, name: str, size: int, refuse: Refuse) -> Iterator[Source]:
    if name.lower().endswith(".zip"):
        try:
            archive = ZipArchive(os.path.realpath(path))
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
            refuse(name, "input.zip", BAD_ZIP)
            return
        yield from _walk_zip(archive, name + "/", refuse)
        return
    yield FileSource(path, name, size)


def _walk_zip(archive: ZipArchive, prefix: str, refuse: Refuse) -> Iterator[Source]:
    for info in sorted(archive.file.infolist(), key=lambda i: i.filename):
        if info.is_dir() or "__MACOSX" in info.filename:
            continue
        name = prefix + info.filename
        if info.flag_bits & 1:
            refuse(name, "input.zip", BAD_ZIP)
        elif info.file_size > MAX_MEMBER or info.file_size > MAX_RATIO * max(info.compress_size, 64):
            refuse(name, "input.zip_bomb", ZIP_BOMB)
        else:
            yield ZipSource(archive, info, name)
