"""What a tool has to offer, and what all of them know."""

from __future__ import annotations

from medviewer.workspace.tools.pointer import Pointer
from medviewer.workspace.workspace import Draft, Workspace

STILL_PX = 4.0
"""A pointer that moved less than this was not dragged."""


class Tool:
    """One use of a tool in one pane: press, move, release; further presses while it is `busy` (a drawing that
    needs more clicks). `hover` follows the pointer between them."""

    cursor = "cross"
    """"cross", "hand", "arrow" or "none"."""

    def __init__(self, workspace: Workspace, pane: int) -> None:
        self.ws, self.pane = workspace, pane
        self.busy = False

    def press(self, at: Pointer) -> None: ...

    def move(self, at: Pointer) -> None: ...

    def release(self, at: Pointer) -> None: ...

    def hover(self, at: Pointer) -> None: ...

    def cancel(self) -> None:
        """Give up what is being drawn."""
        self.busy = False
        if self.ws.draft is not None:
            self.ws.set_draft(None)


class DragTool(Tool):
    """A tool that acts on each step of a drag."""

    def press(self, at: Pointer) -> None:
        self._last = at

    def move(self, at: Pointer) -> None:
        dx, dy = at.x - self._last.x, at.y - self._last.y
        self._last = at
        if dx or dy:
            self.drag(dx, dy, at)

    def drag(self, dx: float, dy: float, at: Pointer) -> None:
        raise NotImplementedError


__all__ = ["STILL_PX", "Draft", "DragTool", "Tool"]
