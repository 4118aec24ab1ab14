"""Small building blocks of the panels: labels, buttons, lines, key caps, choices, sections that fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.words import Words
from medviewer.ui import icons
from medviewer.ui.language import put


def label(
    words: Words | None = None, tone: str = "", size: str = "", strong: bool = False, wrap: bool = False
) -> QLabel:
    """A text; tone and size are tokens of the stylesheet."""
    made = QLabel()
    if tone:
        made.setProperty("tone", tone)
    if size:
        made.setProperty("type", size)
    if strong:
        made.setProperty("strong", True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if wrap:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
    if words is not None:
        put(made.setText, words)
    return made


def set_tone(widget: QWidget, tone: str) -> None:
    """Change the tone of a label that is shown already."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class Elided(QLabel):
    """A one-line text that ends in an ellipsis where there is no room; the whole of it is the tool tip."""

    def __init__(
        self, words: Words | None = None, tone: str = "", size: str = "", strong: bool = False
    ) -> None:
        super().__init__()
        self._whole = ""
        for name, value in (("tone", tone), ("type", size), ("strong", strong)):
            if value:
                self.setProperty(name, value)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)
        if words is not None:
            put(self.setText, words)

    def setText(self, text: str) -> None:
        self._whole = text
        self._fit()

    def whole(self) -> str:
        """The text without the ellipsis."""
        return self._whole

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, hint.height())

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width()))
        super().setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
        self.updateGeometry()


def icon_label(name: str, token: str = "text2", size: int = 18) -> QLabel:
    made = QLabel()
    made.setPixmap(icons.pixmap(name, token, size))
    made.setFixedSize(size, size)
    return made


def button(
    words: Words, run: Callable[[], object], kind: str = "", icon: str = "", token: str = "text"
) -> QPushButton:
    """A push button; kind "primary", "quiet", "ai", "link", "plain" or plain outline."""
    made = QPushButton()
    if kind:
        made.setProperty("kind", kind)
    if icon:
        made.setIcon(icons.icon(icon, token))
        made.setIconSize(QSize(16, 16))
    put(made.setText, words)
    made.setCursor(Qt.CursorShape.PointingHandCursor if kind == "link" else Qt.CursorShape.ArrowCursor)
    made.clicked.connect(lambda *_: run())
    return made


def icon_button(
    icon: str, tip: Words, run: Callable[[], object], token: str = "text2", size: int = 28
) -> QToolButton:
    """A button with a picture only; its tip is its name for screen readers too."""
    made = QToolButton()
    made.setIcon(icons.icon(icon, token))
    made.setIconSize(QSize(18, 18))
    made.setFixedSize(size, size)
    put(made.setToolTip, tip)
    put(made.setAccessibleName, tip)
    made.clicked.connect(lambda *_: run())
    return made


def key_cap(text: str) -> QLabel:
    """A key as a small cap; the same in both languages."""
    made = QLabel(" ".join(part for part in text.split("+") if part) if len(text) > 1 else text)
    made.setProperty("key", True)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def line(vertical: bool = False) -> QFrame:
    made = QFrame()
    made.setObjectName("line")
    if vertical:
        made.setFixedSize(1, 18)
    else:
        made.setFixedHeight(1)
    return made


def row(
    *parts: QWidget | QLayout | int | None, gap: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QHBoxLayout:
    """Widgets beside each other; a number is a space, None a stretch."""
    made = QHBoxLayout()
    made.setSpacing(gap)
    made.setContentsMargins(*margins)
    _fill(made, parts)
    return made


def column(*parts: QWidget | QLayout | int | None, gap: int = 4) -> QVBoxLayout:
    made = QVBoxLayout()
    made.setSpacing(gap)
    made.setContentsMargins(0, 0, 0, 0)
    _fill(made, parts)
    return made


def _fill(box: QHBoxLayout | QVBoxLayout, parts: Sequence[QWidget | QLayout | int | None]) -> None:
    for part in parts:
        if part is None:
            box.addStretch(1)
        elif isinstance(part, int):
            box.addSpacing(part)
        elif isinstance(part, QLayout):
            box.addLayout(part)
        else:
            box.addWidget(part)


def clear(box: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while box.count():
        item = box.takeAt(0)
        if item is None:
            break
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


class Segmented(QFrame):
    """A few choices side by side, one of them chosen."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, Words]]) -> None:
        super().__init__()
        self.setObjectName("segmented")
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        box = QHBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for value, words in choices:
            made = QPushButton()
            made.setCheckable(True)
            put(made.setText, words)
            made.clicked.connect(lambda _=False, v=value: self.chosen.emit(v))
            self._group.addButton(made)
            self.buttons[value] = made
            box.addWidget(made)

    def choose(self, value: str) -> None:
        """Show that choice as the chosen one; tells nobody."""
        if value in self.buttons:
            self.buttons[value].setChecked(True)


class Section(QWidget):
    """A heading that folds what is below it, with a note at its right end."""

    folded = Signal(str, bool)

    def __init__(self, name: str, words: Words, open_: bool = True) -> None:
        super().__init__()
        self.name = name
        self._head = QToolButton()
        self._head.setProperty("kind", "section")
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.setIconSize(QSize(16, 16))
        self._head.setCheckable(True)
        self._head.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        put(self._head.setText, words)
        put(self._head.setAccessibleName, words)
        self.note = Elided(tone="text2", size="small")
        self.side = QHBoxLayout()
        self.side.setSpacing(6)
        head = row(self._head, gap=8)
        head.addWidget(self.note, 1)
        head.addLayout(self.side)
        self.body = QWidget()
        self.box = QVBoxLayout(self.body)
        self.box.setContentsMargins(6, 2, 0, 6)
        self.box.setSpacing(6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 6, 16, 6)
        whole.setSpacing(2)
        whole.addLayout(head)
        whole.addWidget(self.body)
        self._head.toggled.connect(self._toggle)
        self._head.setChecked(open_)
        self._toggle(open_)

    def set_open(self, open_: bool) -> None:
        self._head.setChecked(open_)

    @property
    def is_open(self) -> bool:
        return self._head.isChecked()

    def _toggle(self, open_: bool) -> None:
        self._head.setIcon(icons.icon("chevron-down" if open_ else "chevron-right", "text3", "text3", 16))
        self.body.setVisible(open_)
        self.folded.emit(self.name, not open_)
