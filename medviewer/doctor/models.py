"""The model packages that are there: whether they can be read and are unchanged."""

from __future__ import annotations

from medviewer.core.words import Words, same
from medviewer.doctor.item import Item

_TITLE = Words("Models", "模型")


def models() -> Item:
    """Opens each package (checksums, allowed files, graph); the golden test belongs to `medviewer models verify`."""
    from medviewer.inference.package import BrokenPackage, find_packages

    found = find_packages()
    broken = [p for p in found if isinstance(p, BrokenPackage)]
    good = [p for p in found if not isinstance(p, BrokenPackage)]
    if not found:
        return Item(
            "models", _TITLE, "warn", Words("none are installed", "未安装任何模型"),
            Words("Run: medviewer models install PACKAGE", "请执行：medviewer models install 模型包"),
        )  # fmt: skip
    if broken:
        return Item(
            "models", _TITLE, "warn",
            Words("can't be used: {names}", "无法使用：{names}").format(names=", ".join(p.name for p in broken)),
            Words("Run: medviewer models verify NAME, and install it anew", "请执行：medviewer models verify 名称，并重新安装"),
        )  # fmt: skip
    names = ", ".join(f"{p.name} {p.version}" for p in good)
    return Item("models", _TITLE, "ok", same(names))
