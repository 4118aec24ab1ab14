"""The top bar: mark, open, browser switch; tools (the active one shows its name); palette, modes, settings."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QWidget

from medviewer.core.words import Words, same
from medviewer.ui import icons, language, parts
from medviewer.ui.actions import Actions
from medviewer.ui.language import put, tr
from medviewer.ui.theme import COLORS

HEIGHT = 48
SEARCH = Words("Search or run…", "搜索或执行…")
MENU = Words("Menu", "菜单")
MAIN_MENU: tuple[str | None, ...] = (
    "open.folder", "open.files", "demo.open", "study.close", None, "edit.undo", "edit.redo", None, "panel.browser",
    "panel.assist", "panel.both", None, "language.en", "language.zh", "names.toggle", None, "jobs.show",
    "help.shortcuts", "log.folder", None, "window.quit",
)  # fmt: skip


class ActionButton(QToolButton):
    """A tool-bar button of an action; when checked it may show its name."""

    def __init__(self, actions: Actions, action_id: str, named: bool = False) -> None:
        super().__init__()
        self._actions, self._id, self._named = actions, action_id, named
        self._state: tuple[object, ...] = ()
        action = actions[action_id]
        self.setIcon(icons.icon(action.icon))
        self.setIconSize(QSize(18, 18))
        self.setCheckable(action.checked is not None)
        self.setFixedHeight(32)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._click)
        actions.changed.connect(self.refresh)
        language.on_change(self, self.refresh)
        self.refresh()

    def _click(self, *_: object) -> None:
        self._actions.run(self._id)
        self.refresh()

    def refresh(self) -> None:
        action = self._actions[self._id]
        enabled, on = action.enabled(), bool(action.checked and action.checked())
        self.setChecked(on)
        state = (enabled, on, language.current())
        if state == self._state:
            return
        self._state = state
        self.setEnabled(enabled)
        words = tr(action.words)
        shows_name = on and self._named
        self.setText(f" {words}" if shows_name else "")
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonTextBesideIcon if shows_name else style.ToolButtonIconOnly)
        if shows_name:
            self.setMinimumWidth(0)
            self.setMaximumWidth(400)
            self.setFixedWidth(self.fontMetrics().horizontalAdvance(self.text()) + 18 + 26)
        else:
            self.setFixedWidth(32)
        tip = f"{words}  {action.shortcut}".rstrip()
        self.setToolTip(f"{tip}\n{tr(action.tip)}" if action.tip else tip)
        self.setAccessibleName(words)


class TopBar(QWidget):
    """tools: ids of actions, None for a divider."""

    def __init__(self, actions: Actions, tools: tuple[str | None, ...]) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._actions = actions
        mark = QToolButton()
        mark.setIcon(icons.app_mark())
        mark.setIconSize(QSize(22, 22))
        mark.setFixedSize(30, 30)
        mark.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        mark.clicked.connect(lambda *_: self._menu(mark))
        put(mark.setToolTip, MENU)
        put(mark.setAccessibleName, MENU)
        self.mark = mark
        name = QLabel("MedViewer")
        name.setProperty("type", "panel")
        box = QHBoxLayout(self)
        box.setContentsMargins(11, 0, 12, 0)
        box.setSpacing(4)
        box.addWidget(mark)
        box.addSpacing(4)
        box.addWidget(name)
        box.addSpacing(20)
        self._study = QWidget()
        study = QHBoxLayout(self._study)
        study.setContentsMargins(0, 0, 0, 0)
        study.setSpacing(4)
        self.buttons: dict[str, ActionButton] = {}
        for action_id in ("open.folder", "panel.browser"):
            study.addWidget(self._button(action_id))
        study.addSpacing(16)
        for tool in tools:
            if tool is None:
                study.addSpacing(6)
                study.addWidget(parts.line(vertical=True))
                study.addSpacing(6)
            elif tool in actions:
                study.addWidget(self._button(tool, named=tool.startswith("tool.")))
        box.addWidget(self._study)
        box.addStretch(1)
        box.addWidget(self._palette_field())
        box.addSpacing(12)
        self.modes = parts.Segmented([("read", Words("Read", "阅片"))])
        self.modes.choose("read")
        self.modes.hide()  # the other modes come with their own work; one choice alone is no choice
        box.addWidget(self.modes)
        self.languages = parts.Segmented([("en", same("English")), ("zh", same("中文"))])
        self.languages.chosen.connect(lambda value: actions.run(f"language.{value}"))
        self.languages.choose(language.current())
        language.on_change(self, lambda: self.languages.choose(language.current()))
        box.addWidget(self.languages)
        box.addSpacing(4)
        box.addWidget(self._button("settings.show"))

    def _button(self, action_id: str, named: bool = False) -> ActionButton:
        made = ActionButton(self._actions, action_id, named)
        self.buttons[action_id] = made
        return made

    def _palette_field(self) -> QPushButton:
        made = QPushButton()
        made.setFixedSize(208, 30)
        made.setStyleSheet(
            f"QPushButton {{ background: {COLORS['window']}; text-align: left; min-height: 28px; padding: 0; }}"
            f"QPushButton:hover {{ border-color: {COLORS['text3']}; }}"
        )
        put(made.setAccessibleName, SEARCH)
        inner = parts.row(
            parts.icon_label("search", "text3", 16), parts.label(SEARCH, "text3"), None,
            parts.key_cap(self._actions["palette.show"].shortcut), gap=8, margins=(10, 0, 5, 0),
        )  # fmt: skip
        made.setLayout(inner)
        for child in made.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        made.clicked.connect(lambda *_: self._actions.run("palette.show"))
        self.palette_field = made
        return made

    def show_study(self, open_: bool) -> None:
        """Tools and panels only where something is open."""
        self._study.setVisible(open_)

    def _menu(self, at: QToolButton) -> None:
        menu = self._actions.menu(MAIN_MENU, QMenu(self))
        menu.exec(at.mapToGlobal(at.rect().bottomLeft()))
