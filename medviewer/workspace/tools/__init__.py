"""Tools turn the pointer's way over a pane into commands of the workspace. No Qt.

A third party's tool is a class with the methods of `base.Tool`, named by the entry point group
"medviewer.pane_tools"; `make` finds it by that name.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from medviewer.workspace.tools.angle import AngleTool
from medviewer.workspace.tools.base import Tool
from medviewer.workspace.tools.crosshair import CrosshairTool
from medviewer.workspace.tools.drags import PanTool, ScrollTool, WindowTool, ZoomTool
from medviewer.workspace.tools.drawing import EllipseTool, LengthTool, ProbeTool
from medviewer.workspace.tools.grab import GrabTool, hit
from medviewer.workspace.tools.pointer import Pointer
from medviewer.workspace.workspace import Workspace

__all__ = ["GrabTool", "Pointer", "Tool", "hit", "make"]

_TOOLS: dict[str, Callable[[Workspace, int], Tool]] = {
    "window": WindowTool,
    "pan": PanTool,
    "zoom": ZoomTool,
    "scroll": ScrollTool,
    "crosshair": CrosshairTool,
    "length": LengthTool,
    "angle": AngleTool,
    "ellipse": EllipseTool,
    "probe": ProbeTool,
}


def make(name: str, workspace: Workspace, pane: int) -> Tool:
    """The tool of that name for one pane. Raises KeyError where there is none."""
    if name in _TOOLS:
        return _TOOLS[name](workspace, pane)
    for point in entry_points(group="medviewer.pane_tools"):
        if point.name == name:
            tool: Tool = point.load()(workspace, pane)
            return tool
    raise KeyError(name)
