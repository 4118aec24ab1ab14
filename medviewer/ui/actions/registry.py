"""The one list of everything that can be done: menus, tool bar, shortcut sheet and palette are made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from medviewer.core.words import Words
from medviewer.ui import faults, icons
from medviewer.ui.language import tr


def always() -> bool:
    return True


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    keys: key sequences in Qt's portable text ("Ctrl+O"), the first is shown. enabled: asked when it is shown or run.
    checked: state of a switch, or None. group: heading in the shortcut sheet.
    """

    id: str
    words: Words
    run: Callable[[], None]
    group: Words
    icon: str = ""
    keys: tuple[str, ...] = ()
    enabled: Callable[[], bool] = always
    checked: Callable[[], bool] | None = None
    tip: Words | None = None
    listed: bool = True
    """Whether the palette and the shortcut sheet show it."""

    @property
    def shortcut(self) -> str:
        """The first key as the person's system writes it."""
        if not self.keys:
            return ""
        return QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


@dataclass
class Held:
    """A tool's letter while it is down: how to begin and how to end it."""

    press: Callable[[], None]
    release: Callable[[bool], None]
    """Called with True where the key was only tapped."""
    keys: tuple[str, ...] = field(default_factory=tuple)


class Actions(QObject):
    """Registry of actions by id. `changed` is emitted when something may have become possible or not."""

    changed = Signal()
    ran = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._by_id: dict[str, Action] = {}
        self._by_key: dict[str, str] = {}
        self._held: dict[str, Held] = {}

    def add(self, *actions: Action) -> None:
        """Register; an id or a key that is taken is a mistake of the program."""
        for action in actions:
            if action.id in self._by_id:
                raise ValueError(f"action {action.id} is there twice")
            self._by_id[action.id] = action
            for key in action.keys:
                told = QKeySequence(key).toString()
                if told in self._by_key:
                    raise ValueError(f"{key} is taken by {self._by_key[told]}, wanted by {action.id}")
                self._by_key[told] = action.id

    def hold(self, action_id: str, held: Held) -> None:
        """What holding the key of that action down does."""
        self._held[action_id] = held

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def __contains__(self, action_id: str) -> bool:
        return action_id in self._by_id

    def __iter__(self) -> Iterator[Action]:
        return iter(self._by_id.values())

    def of_key(self, key: str) -> Action | None:
        """The action of a key sequence in Qt's portable text."""
        found = self._by_key.get(key)
        return self._by_id[found] if found else None

    def held_of(self, action_id: str) -> Held | None:
        return self._held.get(action_id)

    def run(self, action_id: str) -> bool:
        """Do it where it can be done now; False where not. A fault is told in the error bar."""
        action = self._by_id[action_id]
        if not action.enabled():
            return False
        try:
            action.run()
        except Exception as fault:  # whatever an action raises is told, the window goes on
            faults.tell(fault)
        self.ran.emit(action_id)
        self.changed.emit()
        return True

    def search(self, text: str) -> list[Action]:
        """Actions whose words in either language (or id) hold every word typed; possible ones first."""
        wanted = text.lower().split()
        found = [
            a
            for a in self._by_id.values()
            if a.listed and all(w in f"{a.words.en} {a.words.zh} {a.id}".lower() for w in wanted)
        ]
        first = wanted[0] if wanted else ""
        return sorted(
            found,
            key=lambda a: (
                not a.enabled(),
                not tr(a.words).lower().startswith(first),
                list(self._by_id).index(a.id),
            ),
        )

    def groups(self) -> list[tuple[Words, list[Action]]]:
        """All listed actions by heading, in the order of registration."""
        found: dict[Words, list[Action]] = {}
        for action in self._by_id.values():
            if action.listed:
                found.setdefault(action.group, []).append(action)
        return list(found.items())

    def menu(self, ids: Sequence[str | None], parent: QMenu) -> QMenu:
        """Fill the menu with those actions; None is a line. Unknown ids are left out."""
        for action_id in ids:
            if action_id is None:
                parent.addSeparator()
            elif action_id in self._by_id:
                parent.addAction(self.entry(action_id, parent))
        return parent

    def entry(self, action_id: str, parent: QObject) -> QAction:
        """A menu entry; its key stands behind it but is handled by `medviewer.ui.keys` alone."""
        action = self._by_id[action_id]
        made = QAction(parent)
        text = tr(action.words).replace("&", "&&")
        made.setText(f"{text}\t{action.shortcut}" if action.shortcut else text)
        if action.icon:
            made.setIcon(icons.icon(action.icon))
        if action.checked is not None:
            made.setCheckable(True)
            made.setChecked(action.checked())
        made.setEnabled(action.enabled())
        made.triggered.connect(lambda *_: self.run(action_id))
        return made
