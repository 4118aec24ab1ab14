"""Where things are: what ships with the program, and what the program keeps for a person.

In a checkout `models/` and `resources/` are read in place; a wheel carries them below `medviewer/_data`.
`MEDVIEWER_HOME` moves everything that the program keeps into one folder.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    carried = _PACKAGE / "_data" / name
    return carried if carried.is_dir() else _PACKAGE.parent / name


def models_folder() -> Path:
    """Folder of the model packages that ship with the program."""
    return _shipped("models")


def resources_folder() -> Path:
    """Folder of icons, presets, JSON schemas and colour maps."""
    return _shipped("resources")


def _kept(kind: str) -> Path:
    home = os.environ.get("MEDVIEWER_HOME")
    if home:
        return Path(home) / kind
    import platformdirs

    places = platformdirs.PlatformDirs("medviewer", appauthor=False)
    base = {"cache": places.user_cache_dir, "logs": places.user_log_dir}.get(kind)
    return Path(base) if base else Path(places.user_data_dir) / kind


def made(folder: Path) -> Path:
    """The folder, made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache_folder() -> Path:
    """What can be made again: indexes, thumbnails, remembered probes and golden tests."""
    return _kept("cache")


def logs_folder() -> Path:
    """Log files and crash reports; they never hold a patient's name or identifier."""
    return _kept("logs")


def settings_folder() -> Path:
    """Settings and the layout of the window."""
    return _kept("settings")


def journal_folder() -> Path:
    """What the person made and has not saved elsewhere; it survives a crash."""
    return _kept("journal")


def demo_folder() -> Path:
    """The synthetic studies of the demo."""
    return _kept("demo")


def installed_models_folder() -> Path:
    """Model packages that a person added."""
    return _kept("models")
