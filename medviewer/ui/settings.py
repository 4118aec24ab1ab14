"""What the window remembers between two starts, with types, in a file of the settings folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from PySide6.QtCore import QByteArray, QSettings

from medviewer import paths
from medviewer.core.words import Language
from medviewer.ui import language


class Settings:
    """Typed facade of QSettings; an unreadable value counts as never set."""

    def __init__(self) -> None:
        folder = paths.made(paths.settings_folder())
        self._store = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    def sync(self) -> None:
        """Write to the disk now."""
        self._store.sync()

    def _get(self, key: str, default: Any) -> Any:
        raw = self._store.value(key)
        if raw is None:
            return default
        try:
            value = json.loads(str(raw))
        except ValueError:
            return default
        return value if isinstance(value, type(default)) or default is None else default

    def _set(self, key: str, value: Any) -> None:
        self._store.setValue(key, json.dumps(value, ensure_ascii=True))

    @property
    def language(self) -> Language:
        """The language chosen, else that of the machine."""
        told = self._get("language", "")
        return cast(Language, told) if told in ("en", "zh") else language.of_system()

    @language.setter
    def language(self, value: Language) -> None:
        self._set("language", value)

    @property
    def layout(self) -> str:
        return str(self._get("layout", ""))

    @layout.setter
    def layout(self, value: str) -> None:
        self._set("layout", value)

    @property
    def browser_width(self) -> int:
        return min(400, max(200, int(self._get("browser_width", 264))))

    @browser_width.setter
    def browser_width(self, value: int) -> None:
        self._set("browser_width", int(value))

    @property
    def assist_width(self) -> int:
        return min(480, max(320, int(self._get("assist_width", 360))))

    @assist_width.setter
    def assist_width(self, value: int) -> None:
        self._set("assist_width", int(value))

    @property
    def browser_open(self) -> bool:
        return bool(self._get("browser_open", True))

    @browser_open.setter
    def browser_open(self, value: bool) -> None:
        self._set("browser_open", bool(value))

    @property
    def assist_open(self) -> bool:
        return bool(self._get("assist_open", True))

    @assist_open.setter
    def assist_open(self, value: bool) -> None:
        self._set("assist_open", bool(value))

    @property
    def names_hidden(self) -> bool:
        """Whether the list of recent studies keeps patients' names to itself."""
        return bool(self._get("names_hidden", True))

    @names_hidden.setter
    def names_hidden(self, value: bool) -> None:
        self._set("names_hidden", bool(value))

    @property
    def last_folder(self) -> str:
        return str(self._get("last_folder", ""))

    @last_folder.setter
    def last_folder(self, value: str) -> None:
        self._set("last_folder", value)

    @property
    def device(self) -> str:
        """Where models run: "auto" or the name of a rung."""
        return str(self._get("device", "auto"))

    @device.setter
    def device(self, value: str) -> None:
        self._set("device", value)

    @property
    def closed_sections(self) -> list[str]:
        """Sections of the Assist panel that are folded."""
        return [str(v) for v in self._get("closed_sections", [])]

    @closed_sections.setter
    def closed_sections(self, value: Sequence[str]) -> None:
        self._set("closed_sections", list(value))

    @property
    def geometry(self) -> QByteArray:
        raw = self._store.value("geometry")
        return raw if isinstance(raw, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("geometry", value)

    @property
    def recents(self) -> list[dict[str, Any]]:
        """Studies opened lately, the newest first; see `medviewer.ui.recent`."""
        return [row for row in self._get("recents", []) if isinstance(row, dict)]

    @recents.setter
    def recents(self, value: Sequence[dict[str, Any]]) -> None:
        self._set("recents", list(value))
