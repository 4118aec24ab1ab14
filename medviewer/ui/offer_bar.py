"""A bar under the top bar that offers something once, such as the session that a crash cut off."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QWidget

from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.language import put
from medviewer.ui.theme import COLORS

CLOSE = Words("Close", "关闭")


class OfferBar(QFrame):
    """Sentence, one button, close."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offer")
        self.setStyleSheet(
            f"QFrame#offer {{ background: {COLORS['selected']}; border-bottom: 1px solid {COLORS['line2']}; }}"
        )
        self._call: Callable[[], object] | None = None
        self._text = parts.label(strong=True)
        self.accept = parts.button(CLOSE, self._accept)
        self.setLayout(
            parts.row(
                parts.icon_label("history", "accent", 18), self._text, None, self.accept,
                parts.icon_button("x", CLOSE, self.hide), gap=10, margins=(16, 4, 10, 4),
            )
        )  # fmt: skip
        self.hide()

    def offer(self, words: Words, button: Words, call: Callable[[], object]) -> None:
        self._call = call
        put(self._text.setText, words)
        put(self.accept.setText, button)
        self.show()

    def _accept(self) -> None:
        self.hide()
        if self._call is not None:
            self._call()
