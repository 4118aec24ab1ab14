"""What is remembered has a type, and nonsense counts as never set."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from medviewer import paths
from medviewer.ui.settings import Settings


def test_round_trip() -> None:
    first = Settings()
    first.language, first.layout, first.browser_width, first.names_hidden = "zh", "1x2", 300, False
    first.closed_sections = ["why"]
    first.recents = [
        {"sources": ["/data/a"], "en": "CT", "zh": "CT", "name": "", "date": "", "series": 1, "picture": ""}
    ]
    first.sync()
    second = Settings()
    assert (second.language, second.layout, second.browser_width, second.names_hidden) == (
        "zh",
        "1x2",
        300,
        False,
    )
    assert second.closed_sections == ["why"] and second.recents[0]["sources"] == ["/data/a"]
    assert (paths.settings_folder() / "window.ini").is_file()


def test_nonsense_counts_as_never_set() -> None:
    store = QSettings(str(paths.made(paths.settings_folder()) / "window.ini"), QSettings.Format.IniFormat)
    for key, value in (
        ("language", '"fr"'),
        ("browser_width", '"wide"'),
        ("recents", "{"),
        ("names_hidden", "7"),
        ("layout", "[]"),
    ):
        store.setValue(key, value)
    store.sync()
    settings = Settings()
    assert settings.language in ("en", "zh")
    assert settings.browser_width == 264 and settings.recents == [] and settings.names_hidden is True
    assert settings.layout == ""


def test_widths_stay_within_limits() -> None:
    settings = Settings()
    settings.browser_width, settings.assist_width = 5000, 3
    assert settings.browser_width == 400 and settings.assist_width == 320
