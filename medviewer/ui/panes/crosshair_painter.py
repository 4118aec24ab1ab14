"""Crosshair lines in the colours of the planes they stand for, with a gap round the point."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from medviewer.ui.theme import qcolor
from medviewer.workspace import crosshair
from medviewer.workspace.pane_view import PaneView
from medviewer.workspace.workspace import Workspace

GAP = 12.0
STRENGTH = 158  # 62 %
GRIP_AT = 0.36
"""Handles for turning lie at this share of the pane's smaller side from the point."""


def draw_crosshair(painter: QPainter, ws: Workspace, index: int, view: PaneView) -> None:
    if ws.crosshair_lps is None:
        return
    point = view.to_xy(ws.crosshair_lps)
    far = float(sum(view.size))
    turning = ws.tool == "crosshair" and index == ws.active_pane
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for name, on, way in crosshair.lines(ws, index):
        at = view.to_xy(on)
        d = np.array([way @ view.right, way @ view.down])
        d /= max(float(np.linalg.norm(d)), 1e-9)
        at = at + d * ((point - at) @ d)
        color = qcolor(name, STRENGTH)
        for side in (-1.0, 1.0):
            painter.setPen(QPen(color, 1.0))
            painter.drawLine(QPointF(*(at + side * GAP * d)), QPointF(*(at + side * far * d)))
            if turning:
                grip = at + side * d * min(view.size) * GRIP_AT
                painter.setPen(QPen(qcolor("image"), 1.0))
                painter.setBrush(qcolor(name))
                painter.drawEllipse(QPointF(*grip), 4.0, 4.0)
                painter.setBrush(Qt.BrushStyle.NoBrush)
