"""What is open and how it is looked at: studies, layout, panes, tools, marks, results, undo. No widgets, no Qt.

`Workspace` is the whole; each of its parts tells its own changes by psygnal. All of it lives on one thread
(the window's); work in other threads reaches it only through `loading.load_work`'s `call_soon`.
"""

from medviewer.workspace.workspace import Workspace

__all__ = ["Workspace"]
