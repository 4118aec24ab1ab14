"""Words follow the language while the window lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from medviewer.core.words import Words
from medviewer.ui import language

OPEN = Words("Open", "打开")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    language.switch("en")
    yield
    language.switch("en")


def test_a_text_is_said_again_after_a_switch(qapp: QApplication) -> None:
    label = QLabel()
    language.put(label.setText, OPEN)
    assert label.text() == "Open"
    language.switch("zh")
    assert label.text() == "打开"
    language.put(label.setText, Words("Close", "关闭"))
    language.switch("en")
    assert label.text() == "Close"


def test_widgets_that_are_gone_are_forgotten(qapp: QApplication) -> None:
    import shiboken6

    label = QLabel()
    language.put(label.setText, OPEN)
    shiboken6.delete(label)
    language.switch("zh")  # must not touch the deleted one
    assert language.tr(OPEN) == "打开"


def test_the_signal_says_which(qapp: QApplication) -> None:
    heard: list[str] = []
    language.changed.connect(heard.append)
    language.switch("zh")
    language.switch("zh")
    language.changed.disconnect(heard.append)
    assert heard == ["zh"]


@pytest.mark.parametrize(("told", "expected"), [("zh_CN.UTF-8", "zh"), ("de_DE.UTF-8", "en"), ("C", "en")])
def test_language_of_the_machine(monkeypatch: pytest.MonkeyPatch, told: str, expected: str) -> None:
    monkeypatch.setenv("LC_ALL", told)
    assert language.of_system() == expected
