"""The menu behind the gear: language, where models run, names."""

from __future__ import annotations

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from medviewer.core.words import Words, same
from medviewer.ui.actions import Actions
from medviewer.ui.language import tr
from medviewer.ui.settings import Settings

LANGUAGE = Words("Language", "语言")
DEVICE = Words("Models run on", "模型运行于")
AUTO = Words("The fastest that works", "可用的最快设备")


def settings_menu(actions: Actions, settings: Settings, parent: QWidget) -> QMenu:
    """Built anew each time it is opened."""
    menu = QMenu(parent)
    languages = menu.addMenu(tr(LANGUAGE))
    actions.menu(("language.en", "language.zh"), languages)
    devices = menu.addMenu(tr(DEVICE))
    group = QActionGroup(devices)
    for name, words in _devices():
        entry = QAction(devices)
        entry.setText(tr(words))
        entry.setCheckable(True)
        entry.setChecked(settings.device == name)
        entry.triggered.connect(lambda *_, n=name: _choose(settings, n))
        group.addAction(entry)
        devices.addAction(entry)
    actions.menu((None, "names.toggle", None, "help.shortcuts", "check.show", "log.folder"), menu)
    return menu


def _devices() -> list[tuple[str, Words]]:
    from medviewer.inference.device import LADDER, why_not

    usable = [rung for rung in LADDER if why_not(rung) is None]
    return [("auto", AUTO), *((rung.name, same(rung.title)) for rung in usable)]


def _choose(settings: Settings, name: str) -> None:
    settings.device = name
