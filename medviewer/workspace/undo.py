"""Undo and redo: named steps, the last 200."""

from __future__ import annotations

from typing import Protocol

from psygnal import Signal

from medviewer.core.words import Words

STEPS = 200


class Command(Protocol):
    """One change of data that can be taken back; `name` is what it did ("length")."""

    @property
    def name(self) -> Words: ...

    def do(self) -> None: ...

    def undo(self) -> None: ...


class UndoStack:
    """What was done, to be taken back and done again. Views (scroll, window, zoom) are not in it."""

    changed = Signal()
    did = Signal(Command)
    """A command was done (not redone): the toast says its name."""

    def __init__(self) -> None:
        self._done: list[Command] = []
        self._undone: list[Command] = []

    def do(self, command: Command) -> None:
        """Do it, and remember how to take it back."""
        command.do()
        self._done = [*self._done, command][-STEPS:]
        self._undone = []
        self.changed.emit()
        self.did.emit(command)

    def undo(self) -> Words | None:
        """Take the last step back; its name, or None where there is none."""
        if not self._done:
            return None
        command = self._done.pop()
        command.undo()
        self._undone.append(command)
        self.changed.emit()
        return command.name

    def redo(self) -> Words | None:
        """Do the last step taken back once more; its name, or None."""
        if not self._undone:
            return None
        command = self._undone.pop()
        command.do()
        self._done.append(command)
        self.changed.emit()
        return command.name

    def clear(self) -> None:
        self._done, self._undone = [], []
        self.changed.emit()

    @property
    def undo_name(self) -> Words | None:
        """Name of what `undo` would take back."""
        return self._done[-1].name if self._done else None

    @property
    def redo_name(self) -> Words | None:
        """Name of what `redo` would do again."""
        return self._undone[-1].name if self._undone else None

    def __len__(self) -> int:
        return len(self._done)
