"""Outlines as painter paths, without a Python loop over their points."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QDataStream, Qt
from PySide6.QtGui import QPainterPath, QPolygonF


def polygon(points: NDArray[np.float64]) -> QPolygonF:
    """(n, 2) points as a polygon, through Qt's own serial form (a count, then big-endian doubles)."""
    raw = len(points).to_bytes(4, "big") + np.ascontiguousarray(points, dtype=">f8").tobytes()
    stream = QDataStream(QByteArray(raw))
    made = QPolygonF()
    stream >> made  # this is how Qt reads it
    return made


def closed_path(contours: Iterable[NDArray[np.float64]]) -> QPainterPath:
    """Closed outlines with holes (odd-even) as one path."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for points in contours:
        if len(points) > 2:
            path.addPolygon(polygon(points))
            path.closeSubpath()
    return path
