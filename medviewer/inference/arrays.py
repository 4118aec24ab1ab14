"""numpy files of a package, read without pickle and with bounded size."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.package_files import fault

_MOST_BYTES = 256 << 20


def read_npy(raw: bytes, name: str) -> NDArray[Any]:
    """The array of a .npy file's bytes. Raises package.pickle for objects, package.broken for anything unreadable."""
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
        if dtype.hasobject:
            raise fault(
                "pickle", "The package's file {name} holds pickled objects; it was not opened.",
                "模型包文件 {name} 含有 pickle 对象，未打开。", name=name,
            )  # fmt: skip
        if dtype.itemsize * float(np.prod(shape, dtype=float)) > _MOST_BYTES:
            raise fault(
                "size", "The package's file {name} is too large.", "模型包文件 {name} 过大。", name=name
            )
        array: NDArray[Any] = np.load(io.BytesIO(raw), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError) as broken:
        raise _broken(name, broken) from None
    return array


def read_npz(raw: bytes, name: str, key: str) -> NDArray[Any]:
    """One array of a .npz file's bytes; other members are not touched."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            member = archive.getinfo(key + ".npy")
            if member.file_size > _MOST_BYTES:
                raise fault(
                    "size", "The package's file {name} is too large.", "模型包文件 {name} 过大。", name=name
                )
            content = archive.read(member)
    except (KeyError, zipfile.BadZipFile, RuntimeError, EOFError, OSError, NotImplementedError) as broken:
        raise _broken(name, broken) from None
    return read_npy(content, name)


def _broken(name: str, cause: Exception) -> Exception:
    return fault(
        "broken",
        "The package's file {name} can't be read.",
        "无法读取模型包文件 {name}。",
        name=name,
        detail=repr(cause),
    )
