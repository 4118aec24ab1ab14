"""The files of a model package, read as untrusted: only known names, bounded sizes, no links, nothing outside."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zipfile
from pathlib import Path, PurePosixPath

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words

MB = 1 << 20
LIMITS = {
    "configs/metadata.json": MB,
    "configs/viewer.json": MB,
    "models/model.onnx": 20 * MB,
    "models/model.safetensors": 20 * MB,
    "models/average_maps.npy": 20 * MB,
    "docs/figures.json": MB,
    "golden/input.npz": 20 * MB,
    "golden/output.npz": 20 * MB,
    "golden/tolerance.json": MB,
    "LICENSE": MB,
    "checksums.sha256": MB,
}
"""Name -> largest size in bytes; docs/*.md and docs/*.png beside them."""
_OPTIONAL = ("models/model.safetensors", "models/average_maps.npy")
NEEDED = tuple(name for name in LIMITS if name not in _OPTIONAL) + ("docs/README.md",)
_DOCS = re.compile(r"docs/[A-Za-z0-9_.-]+\.(md|png)")
_DOC_LIMIT = 5 * MB
_MOST_FILES = 64
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib", ".dill")
_EXTERNAL = (".data", ".onnx_data", ".onnx.data", ".weights")


def fault(code: str, en: str, zh: str, detail: str = "", **values: object) -> MedViewerError:
    """A package fault (exit 5) with its sentence."""
    return MedViewerError(f"package.{code}", Words(en, zh).format(**values), detail=detail)


def read_files(path: Path) -> dict[str, bytes]:
    """Every file of a package folder or zip by its relative name, checked before it is read.

    Raises MedViewerError: package.missing, .pickle, .external_data, .name, .link, .outside, .size, .broken.
    """
    if path.is_dir():
        return _from_folder(path)
    if path.is_file() and zipfile.is_zipfile(path):
        return _from_zip(path)
    raise fault("missing", "There is no model package here.", "此处没有模型包。")


def check_sums(files: dict[str, bytes]) -> str:
    """Compare every file with checksums.sha256; returns the package's hash (SHA-256 of that list), hex."""
    listed: dict[str, str] = {}
    for line in _text(files, "checksums.sha256").splitlines():
        if not line.strip():
            continue
        digest, _, name = line.strip().partition(" ")
        name = name.strip().lstrip("*")
        if not re.fullmatch("[0-9a-fA-F]{64}", digest) or not name:
            raise fault(
                "checksums", "The package's list of checksums is broken.", "模型包的校验和清单已损坏。"
            )
        listed[name] = digest.lower()
    present = set(files) - {"checksums.sha256"}
    for name in sorted(present | set(listed)):
        if name not in files:
            raise fault(
                "incomplete",
                "The package lacks its file {name}.",
                "模型包缺少文件 {name}。",
                name=_shown(name),
            )
        if name not in listed:
            raise fault(
                "checksums",
                "The package's file {name} has no checksum.",
                "模型包文件 {name} 没有校验和。",
                name=name,
            )
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            raise fault(
                "changed", "The package's file {name} was changed: its checksum differs.",
                "模型包文件 {name} 已被改动：校验和不符。", name=name,
            )  # fmt: skip
    return hashlib.sha256(files["checksums.sha256"]).hexdigest()


def _text(files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except UnicodeDecodeError:
        raise fault(
            "broken", "The package's file {name} is no text.", "模型包文件 {name} 不是文本。", name=name
        ) from None


def _shown(name: str) -> str:
    return re.sub(r"[^\w./ -]", "?", name)[:80]


def _check_name(name: str) -> int:
    """The size limit of an allowed name; raises for every other."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or not parts:
        raise fault(
            "outside",
            "The package holds a path that leaves its folder.",
            "模型包中含有指向其目录之外的路径。",
        )
    lower = name.lower()
    if lower.endswith(_PICKLES):
        raise fault(
            "pickle", "The package holds {name}, a pickle that could run code; it was not opened.",
            "模型包含有可执行代码的 pickle 文件 {name}，未打开。", name=_shown(name),
        )  # fmt: skip
    if lower.endswith(_EXTERNAL):
        raise fault(
            "external_data", "The package keeps tensors outside model.onnx ({name}); that is refused.",
            "模型包将张量存放在 model.onnx 之外（{name}），已拒绝。", name=_shown(name),
        )  # fmt: skip
    if name in LIMITS:
        return LIMITS[name]
    if _DOCS.fullmatch(name):
        return _DOC_LIMIT
    raise fault(
        "name", "The package holds a file that does not belong in it: {name}.", "模型包含有不应存在的文件：{name}。",
        name=_shown(name),
    )  # fmt: skip


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise fault(
            "size", "The package's file {name} is too large.", "模型包文件 {name} 过大。", name=_shown(name)
        )


def _check_needed(files: dict[str, bytes]) -> dict[str, bytes]:
    for name in NEEDED:
        if name not in files:
            raise fault(
                "incomplete", "The package lacks its file {name}.", "模型包缺少文件 {name}。", name=name
            )
    return files


def _from_folder(root: Path) -> dict[str, bytes]:
    found: dict[str, tuple[Path, int]] = {}
    for folder, folders, names in os.walk(root, followlinks=False):
        for name in sorted(folders + names):
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise fault(
                    "link", "The package holds a link ({name}); links are refused.", "模型包含有链接（{name}），已拒绝。",
                    name=_shown(relative),
                )  # fmt: skip
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise fault("name", "The package holds something that is no file.", "模型包含有非普通文件。")
            found[relative] = (path, _check_name(relative))
            if len(found) > _MOST_FILES:
                raise fault("size", "The package holds too many files.", "模型包文件过多。")
    files = {}
    for relative, (path, limit) in found.items():
        _check_size(relative, path.stat().st_size, limit)
        with path.open("rb") as stream:
            files[relative] = stream.read(limit + 1)
        _check_size(relative, len(files[relative]), limit)
    return _check_needed(files)


def _from_zip(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            if len(entries) > _MOST_FILES:
                raise fault("size", "The package holds too many files.", "模型包文件过多。")
            top = _common_top([e.filename for e in entries])
            files: dict[str, bytes] = {}
            for entry in entries:
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise fault(
                        "link", "The package holds a link; links are refused.", "模型包含有链接，已拒绝。"
                    )
                name = entry.filename[len(top) :]
                limit = _check_name(name)
                if name in files:
                    raise fault(
                        "name", "The package holds {name} twice.", "模型包中 {name} 重复。", name=_shown(name)
                    )
                _check_size(name, entry.file_size, limit)
                with archive.open(entry) as stream:
                    files[name] = stream.read(limit + 1)
                _check_size(name, len(files[name]), limit)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as broken:
        raise fault(
            "broken", "The package's zip can't be read.", "无法读取模型包压缩文件。", detail=repr(broken)
        ) from None
    return _check_needed(files)


def _common_top(names: list[str]) -> str:
    """ "folder/" where all names lie in one folder of that name, else ""."""
    tops = {n.partition("/")[0] for n in names}
    if len(tops) == 1 and all("/" in n for n in names):
        top = tops.pop()
        if top not in ("", ".", "..", "configs", "models", "docs", "golden"):
            return top + "/"
    return ""
