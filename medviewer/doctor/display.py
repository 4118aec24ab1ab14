"""What a window needs: system libraries, fonts, Qt, a display, OpenGL."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from medviewer.core.words import Words, same
from medviewer.doctor import libraries
from medviewer.doctor.item import Item

_LIBRARIES = Words("System libraries", "系统库")
_FONTS = Words("Fonts", "字体")
_QT = Words("Window toolkit (Qt)", "窗口工具包（Qt）")
_DISPLAY = Words("Display", "显示器")
_OPENGL = Words("3D (OpenGL)", "三维（OpenGL）")
_RUN = Words("Run: {line}", "请执行：{line}")


def system_libraries() -> Item:
    """Libraries that no wheel carries: those of the list, and whatever else Qt's own plug-in misses."""
    if not sys.platform.startswith("linux"):
        return Item("system_libraries", _LIBRARIES, "ok", Words("come with this system", "由系统自带"))
    missing = libraries.missing_libraries()
    unlisted = sorted(set(_missing_of_qt()) - {library.soname for library in missing})
    if not missing and not unlisted:
        return Item(
            "system_libraries", _LIBRARIES, "ok",
            Words("all {n} are there", "{n} 个均已就绪").format(n=len(libraries.LIBRARIES)),
        )  # fmt: skip
    names = ", ".join([library.soname for library in missing] + unlisted)
    packages = [library.package for library in missing]
    fix = _RUN.format(line=libraries.apt_line(packages)) if packages else None
    return Item(
        "system_libraries", _LIBRARIES,
        "fail" if any(library.vital for library in missing) else "warn",
        Words("missing: {names}", "缺少：{names}").format(names=names), fix,
    )  # fmt: skip


def _missing_of_qt() -> list[str]:
    """What the loader misses for Qt's X11 plug-in; its own message always names libxcb-cursor0, right or wrong."""
    found = importlib.util.find_spec("PySide6")
    tool = shutil.which("ldd")
    if found is None or not found.submodule_search_locations or tool is None:
        return []
    plugin = Path(found.submodule_search_locations[0]) / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.is_file():
        return []
    told = subprocess.run([tool, str(plugin)], capture_output=True, text=True, timeout=10, check=False).stdout
    return [line.split("=>")[0].strip() for line in told.splitlines() if "not found" in line]


def fonts() -> Item:
    """A font with Latin and one with Chinese letters; without the second, Chinese shows as boxes."""
    if not sys.platform.startswith("linux"):
        return Item("fonts", _FONTS, "ok", Words("come with this system", "由系统自带"))
    latin, chinese = libraries.font_families("en"), libraries.font_families("zh-cn")
    lacking = [p for p, f in ((libraries.LATIN_FONT_PACKAGE, latin), (libraries.CHINESE_FONT_PACKAGE, chinese)) if not f]
    if not lacking:
        return Item(
            "fonts", _FONTS, "ok",
            Words("Latin and Chinese ({name})", "西文与中文（{name}）").format(name=chinese[0]),
        )  # fmt: skip
    detail = (
        Words("no font at all: letters show as boxes", "没有任何字体：文字将显示为方框")
        if not latin
        else Words("no Chinese font: Chinese shows as boxes", "没有中文字体：中文将显示为方框")
    )
    return Item(
        "fonts", _FONTS, "warn" if latin else "fail", detail, _RUN.format(line=libraries.apt_line(lacking))
    )  # fmt: skip


def qt() -> Item:
    """Whether Qt is there, in a version that does not abort."""
    try:
        version = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return Item(
            "qt", _QT, "fail", Words("PySide6-Essentials is not installed", "未安装 PySide6-Essentials"),
            _RUN.format(line="pip install -c constraints.txt ."),
        )  # fmt: skip
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers >= (6, 12) and sys.version_info < (3, 12):
        return Item(
            "qt", _QT, "fail",
            Words(
                "PySide6 {version} aborts on Python 3.11 after some thousand calls",
                "PySide6 {version} 在 Python 3.11 上运行数千次调用后会崩溃",
            ).format(version=version),
            _RUN.format(line='pip install "PySide6-Essentials<6.12" "shiboken6<6.12"'),
        )  # fmt: skip
    return Item("qt", _QT, "ok", same(f"PySide6 {version}"))


def screen() -> Item:
    """Whether a window can be shown; pictures are made without one too."""
    if not sys.platform.startswith("linux"):
        return Item("display", _DISPLAY, "ok", Words("the system's own", "系统自带"))
    for variable in ("WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(variable):
            return Item(
                "display", _DISPLAY, "ok", same(f"{variable}={os.environ[variable]}")
            )
    return Item(
        "display", _DISPLAY, "warn",
        Words("none: the window can't open, the command line works", "没有：无法打开窗口，命令行可用"),
        Words(
            "Log in at a screen, or use: medviewer demo --screenshot FILE",
            "请在有显示器的环境登录，或使用：medviewer demo --screenshot 文件",
        ),
    )  # fmt: skip


def opengl() -> Item:
    """The rung of the 3D ladder that this machine reaches."""
    from medviewer.imaging.volume3d import gl_probe

    found = gl_probe.probe()
    if found.rung == "gpu":
        return Item("opengl", _OPENGL, "ok", Words("GPU: {name}", "GPU：{name}").format(name=found.renderer))
    if found.rung == "software":
        return Item(
            "opengl", _OPENGL, "ok",
            Words("software rendering: {name}", "软件渲染：{name}").format(name=found.renderer),
        )  # fmt: skip
    return Item(
        "opengl", _OPENGL, "warn",
        Words(
            "none: 3D shows a rotating projection instead ({why})", "没有：三维以旋转投影代替（{why}）"
        ).format(why=found.reason),
        _RUN.format(line=libraries.apt_line(["libgl1", "libegl1"])) if sys.platform.startswith("linux") else None,
    )  # fmt: skip
