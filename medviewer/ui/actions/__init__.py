"""Everything that can be done in the window, by id."""

from medviewer.ui.actions.registry import Action, Actions, Held

__all__ = ["Action", "Actions", "Held"]
