"""Fonts for pictures that are written without a window: the shipped one first, then what the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from medviewer import paths
from medviewer.core.words import Language

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

LATIN = ("Inter.ttf", "Inter-Regular.ttf", "DejaVuSans.ttf", "NotoSans-Regular.ttf",
         "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf", "Helvetica.ttc")  # fmt: skip
CHINESE = ("NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf", "wqy-microhei.ttc",
           "wqy-zenhei.ttc", "msyh.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc")  # fmt: skip


def font(size: int, language: Language = "en") -> Font:
    """A font of that height in pixels that has the language's letters; Pillow's own where there is none."""
    path = font_path(language) or font_path("en")
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


def speaks(language: Language) -> bool:
    """Whether texts of that language can be written; without a Chinese font pictures stay English."""
    return language == "en" or font_path(language) is not None


@lru_cache(maxsize=4)
def font_path(language: Language) -> str | None:
    names = CHINESE if language == "zh" else LATIN
    shipped = paths.resources_folder() / "fonts"
    for name in names:
        for found in (*shipped.rglob(name), *(f for place in _places() for f in place.rglob(name))):
            return str(found)
    return _asked_of_fontconfig() if language == "zh" else None


def _places() -> list[Path]:
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]


def _asked_of_fontconfig() -> str | None:
    if not shutil.which("fc-match"):
        return None
    asked = ["fc-match", "-f", "%{file}|%{lang}", "sans:lang=zh-cn"]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
    path, _, languages = answer.stdout.partition("|")
    return path if "zh-cn" in languages and Path(path).is_file() else None
