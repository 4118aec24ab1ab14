"""The reader's marks: solid blue lines with a dark edge, handles when selected, a label with the figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medviewer.core.measurement import Measurement
from medviewer.ui.panes.labels import Labels
from medviewer.ui.panes.shape_paths import polygon
from medviewer.ui.theme import COLORS
from medviewer.workspace.marks import mark_lines
from medviewer.workspace.pane_view import PaneView, Slices
from medviewer.workspace.tools.grab import handles, on_plane, path_of
from medviewer.workspace.workspace import Workspace

HANDLE = 4.0
END = 5.0
"""Half the bar across each end of a length."""


def draw_marks(
    painter: QPainter, ws: Workspace, index: int, view: PaneView, slices: Slices, labels: Labels
) -> None:
    """Marks of the pane's series in this slice, and what is being drawn in it."""
    pane = ws.panes[index]
    draft = ws.draft.mark if ws.draft is not None and ws.draft.pane == index else None
    for mark in ws.marks.of(pane.key):
        if (draft is None or mark.id != draft.id) and on_plane(mark, view, slices):
            _draw(painter, mark, view, labels, mark.id == ws.marks.selected)
    if draft is not None:
        _draw(painter, draft, view, labels, True)


def _draw(painter: QPainter, mark: Measurement, view: PaneView, labels: Labels, selected: bool) -> None:
    points, path = handles(mark, view), path_of(mark, view)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, color in ((4.0, QColor(0, 0, 0, 150)), (2.2 if selected else 1.8, QColor(COLORS["accent"]))):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        if mark.kind == "probe":
            x, y = points[0]
            painter.drawLine(QPointF(x - 7, y), QPointF(x + 7, y))
            painter.drawLine(QPointF(x, y - 7), QPointF(x, y + 7))
            continue
        painter.drawPolyline(polygon(path))
        if mark.kind == "length":
            _draw_ends(painter, points)
    if selected:
        painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
        painter.setBrush(QColor(COLORS["accent"]))
        for x, y in points:
            painter.drawRect(int(x - HANDLE + 0.5), int(y - HANDLE + 0.5), int(2 * HANDLE), int(2 * HANDLE))
    if mark.kind == "angle":
        _draw_arc(painter, points)
    anchor, reach = _label_anchor(mark, points)
    labels.draw(painter, anchor, reach, mark_lines(mark, selected), COLORS["accent"])


def _draw_ends(painter: QPainter, points: NDArray[np.float64]) -> None:
    way = points[1] - points[0]
    size = float(np.linalg.norm(way))
    if size < 1e-6:
        return
    across = np.array([-way[1], way[0]]) / size * END
    for end in points[:2]:
        a, b = end - across, end + across
        painter.drawLine(QPointF(*a), QPointF(*b))


def _draw_arc(painter: QPainter, points: NDArray[np.float64]) -> None:
    first, second = points[0] - points[1], points[2] - points[1]
    start = np.arctan2(first[1], first[0])
    sweep = (np.arctan2(second[1], second[0]) - start + np.pi) % (2 * np.pi) - np.pi
    radius = min(22.0, float(np.linalg.norm(first)) / 2, float(np.linalg.norm(second)) / 2)
    turn = start + np.linspace(0, sweep, 24)
    arc = points[1] + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    painter.setPen(QPen(QColor(COLORS["accent"]), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(polygon(arc))


def _label_anchor(mark: Measurement, points: NDArray[np.float64]) -> tuple[QPointF, float]:
    if mark.kind == "length":
        return QPointF(*points[:2].mean(axis=0)), float(np.linalg.norm(points[1] - points[0])) / 2
    if mark.kind == "ellipse":
        a, b = (float(np.linalg.norm(points[n] - points[0])) for n in (1, 2))
        return QPointF(*points[0]), max(a, b)
    return QPointF(*(points[1] if mark.kind == "angle" else points[0])), 8.0
