"""System libraries and fonts that wheels do not carry, and the Debian packages that hold them.

Standard library only: the set-up reads this before anything else is installed.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """A shared library by the name the loader asks for, and the Debian / Ubuntu package that has it.

    vital: without it nothing is drawn at all; the others are for a window under X, and when one of those is missing,
    Qt always names libxcb-cursor0, right or wrong.
    """

    soname: str
    package: str
    vital: bool = False


LIBRARIES = (
    Library("libglib-2.0.so.0", "libglib2.0-0", vital=True),
    Library("libEGL.so.1", "libegl1", vital=True),
    Library("libGL.so.1", "libgl1", vital=True),
    Library("libxkbcommon.so.0", "libxkbcommon0", vital=True),
    Library("libdbus-1.so.3", "libdbus-1-3", vital=True),
    Library("libfontconfig.so.1", "libfontconfig1", vital=True),
    Library("libxcb-cursor.so.0", "libxcb-cursor0"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    Library("libxcb-shape.so.0", "libxcb-shape0"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1"),
)
LATIN_FONT_PACKAGE = "fonts-dejavu-core"
CHINESE_FONT_PACKAGE = "fonts-wqy-microhei"

_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
_CHINESE_FILES = ("wqy", "cjk", "notosanssc", "sourcehan", "droidsansfallback", "uming", "ukai", "simsun", "msyh")


def missing_libraries() -> list[Library]:
    """Libraries of the list that the loader does not find; empty where the system is not Linux."""
    if not sys.platform.startswith("linux"):
        return []
    return [library for library in LIBRARIES if not loads(library.soname)]


def loads(soname: str) -> bool:
    """Whether the loader finds that library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def font_families(language: str) -> list[str]:
    """Families that cover a language ("en", "zh-cn"), by fontconfig; by the names of files where it is missing."""
    try:
        config = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        return _font_files(language)
    for name in ("FcNameParse", "FcObjectSetCreate", "FcFontList"):
        getattr(config, name).restype = ctypes.c_void_p
    pattern = ctypes.c_void_p(config.FcNameParse(f":lang={language}".encode()))
    wanted = ctypes.c_void_p(config.FcObjectSetCreate())
    config.FcObjectSetAdd(wanted, b"family")
    found = config.FcFontList(None, pattern, wanted)
    families: set[str] = set()
    if found:
        listed = ctypes.cast(found, ctypes.POINTER(_FontSet)).contents
        for i in range(listed.count):
            text = ctypes.c_char_p()
            if config.FcPatternGetString(ctypes.c_void_p(listed.fonts[i]), b"family", 0, ctypes.byref(text)) == 0:
                families.add((text.value or b"").decode("utf-8", "replace"))
        config.FcFontSetDestroy(ctypes.c_void_p(found))
    config.FcObjectSetDestroy(wanted)
    config.FcPatternDestroy(pattern)
    return sorted(families)


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int), ("room", ctypes.c_int), ("fonts", ctypes.POINTER(ctypes.c_void_p)))


def _font_files(language: str) -> list[str]:
    names: list[str] = []
    for folder in _FONT_FOLDERS:
        place = Path(folder).expanduser()
        if place.is_dir():
            names += [f.stem for f in place.rglob("*") if f.suffix.lower() in (".ttf", ".ttc", ".otf")]
    if language.startswith("zh"):
        return sorted(n for n in names if any(part in n.lower().replace("-", "") for part in _CHINESE_FILES))
    return sorted(names)


def missing_packages() -> list[str]:
    """Debian packages to install for what is missing, in the order of the list; empty where nothing is."""
    if not sys.platform.startswith("linux"):
        return []
    packages = [library.package for library in missing_libraries()]
    if not font_families("en"):
        packages.append(LATIN_FONT_PACKAGE)
    if not font_families("zh-cn"):
        packages.append(CHINESE_FONT_PACKAGE)
    return packages


def apt_line(packages: list[str]) -> str:
    """The one line that installs them."""
    return "sudo apt-get install -y --no-install-recommends " + " ".join(packages)
