"""Panes: they draw the workspace's state by QPainter and hand the pointer to its tools; they hold no state."""
