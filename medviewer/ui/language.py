"""The language of the window, switched while it runs.

A widget shows a text through `put(widget.setText, WORDS)`: it is set now and again whenever the language
changes, for as long as the widget lives. What is painted or made of figures asks `tr()` when it is drawn and
listens to `changed`.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Signal

from medviewer.core.words import Language, Words


class _Speaker(QObject):
    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.language: Language = "en"


_speaker = _Speaker()
changed = _speaker.changed
"""Qt signal (str): the language that holds from now on."""

_texts: dict[tuple[int, str], tuple[QObject, Callable[[str], Any], Words]] = {}

_listeners: list[tuple[QObject, Callable[[], Any]]] = []


def current() -> Language:
    """The language of the window."""
    return _speaker.language


def tr(words: Words) -> str:
    """The text in the language of the window."""
    return words.text(_speaker.language)


def put(setter: Callable[[str], Any], words: Words) -> None:
    """Call the bound setter with the text, now and after each change of language.

    A second call for the same setter of the same object replaces the first.
    """
    owner = setter.__self__  # type: ignore[attr-defined]
    if len(_texts) % 500 == 499:
        _forget_the_gone()
    _texts[id(owner), setter.__name__] = (owner, setter, words)
    setter(tr(words))


def on_change(owner: QObject, call: Callable[[], Any]) -> None:
    """Call `call()` after each change of language, for as long as the owner lives."""
    _forget_the_gone()
    _listeners.append((owner, call))


def switch(language: Language) -> None:
    """Speak that language from now on, everywhere."""
    if language == _speaker.language:
        return
    _speaker.language = language
    _forget_the_gone()
    for _, setter, words in list(_texts.values()):
        setter(tr(words))
    for owner, call in list(_listeners):
        if shiboken6.isValid(owner):
            call()
    changed.emit(language)


def _forget_the_gone() -> None:
    for key, (owner, _, _) in list(_texts.items()):
        if not shiboken6.isValid(owner):
            del _texts[key]
    _listeners[:] = [pair for pair in _listeners if shiboken6.isValid(pair[0])]


def of_system() -> Language:
    """The language of the person's machine: Chinese where its locale says so, else English."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    if not told:
        told = locale.getlocale()[0] or ""
    return "zh" if told.lower().startswith(("zh", "chinese")) else "en"
