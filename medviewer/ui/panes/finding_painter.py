"""Findings over a pane: rings in mm where the plane cuts them; dashed until a person has looked at them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medviewer.core.finding import Finding
from medviewer.core.units import length_text
from medviewer.imaging.overlays import finding_circles
from medviewer.ui.language import tr
from medviewer.ui.panes.labels import Labels
from medviewer.ui.theme import COLORS
from medviewer.workspace.finding_navigation import shown_findings
from medviewer.workspace.pane_state import PaneState
from medviewer.workspace.pane_view import PaneView
from medviewer.workspace.workspace import Workspace

LEAST_RADIUS = 6.0
WIDE = 420
"""In panes narrower than this only the chosen finding has its full label."""


@dataclass(frozen=True)
class Ring:
    """Where a finding's ring is in the pane, for clicks."""

    key: str
    finding_id: str
    x: float
    y: float
    radius: float


def numbered(workspace: Workspace, key: str | None) -> list[tuple[int, Finding]]:
    """Findings that are shown, with their numbers in the list (from 1)."""
    shown = {f.id for f in shown_findings(workspace, key)}
    return [(n, f) for n, f in enumerate(workspace.results.findings(key), 1) if f.id in shown]


def draw_findings(
    painter: QPainter, ws: Workspace, pane: PaneState, view: PaneView, labels: Labels
) -> list[Ring]:
    """Draw what this plane cuts; rejected findings are off the image. Returns the rings."""
    listed = [
        (key, n, f)
        for key in ws.results.series_keys()
        if key == pane.key or ws.shares_space(key, pane.key)
        for n, f in numbered(ws, key)
        if f.review.state != "rejected"
    ]
    if not listed:
        return []
    plane, thickness = view.plane(), pane.slab.thickness_mm if pane.slab else 0.0
    circles = {c.id: c for c in finding_circles([f for _, _, f in listed], plane, thickness)}
    rings = []
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for key, number, finding in listed:
        circle = circles.get(finding.id)
        if circle is None:
            continue
        x, y = circle.xy[0] + 0.5, circle.xy[1] + 0.5
        radius = max(LEAST_RADIUS, circle.radius_px)
        chosen = ws.results.chosen == (key, finding.id)
        _draw_ring(painter, QPointF(x, y), radius, finding, chosen)
        rings.append(Ring(key, finding.id, x, y, radius))
        full = pane.size[0] >= WIDE or chosen
        title = tr(ws.results.title(finding.label))
        text = label_of(number, finding, title) if full else str(number)
        labels.draw(painter, QPointF(x, y), radius, [text], COLORS["ai"])
    return rings


def _draw_ring(painter: QPainter, at: QPointF, radius: float, finding: Finding, chosen: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    looked_at = finding.review.state in ("accepted", "edited")
    width = 2.4 if chosen else 1.8
    for extra, color in ((1.8, QColor(0, 0, 0, 150)), (0.0, QColor(COLORS["ai"]))):
        pen = QPen(color, width + extra)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if not looked_at:
            pen.setDashPattern([6 / pen.widthF(), 4 / pen.widthF()])
        painter.setPen(pen)
        painter.drawEllipse(at, radius, radius)
    if looked_at:
        _draw_check(painter, QPointF(at.x() + radius * 0.71, at.y() - radius * 0.71))


def _draw_check(painter: QPainter, at: QPointF) -> None:
    painter.setPen(QPen(QColor(0, 0, 0), 1))
    painter.setBrush(QColor(COLORS["ai"]))
    painter.drawEllipse(at, 6.5, 6.5)
    painter.setPen(QPen(QColor(COLORS["on_accent"]), 1.8))
    painter.drawPolyline([at + QPointF(-3, 0.2), at + QPointF(-0.8, 2.4), at + QPointF(3.2, -2.4)])


def label_of(number: int, finding: Finding, title: str = "") -> str:
    """ "1  Nodule 11.3 mm · 0.91"; title: its label as it is read."""
    parts = f"{number}  {title or finding.label}"
    if finding.diameter_mm:
        parts += f" {length_text(finding.diameter_mm)}"
    return parts if finding.probability is None else f"{parts} · {finding.probability:.2f}"


def hit_ring(rings: list[Ring], x: float, y: float) -> Ring | None:
    """The ring that a click lies in or on, the smallest first."""
    hits = [r for r in rings if (x - r.x) ** 2 + (y - r.y) ** 2 <= (r.radius + 4) ** 2]
    return min(hits, key=lambda r: r.radius, default=None)


__all__ = ["Ring", "draw_findings", "hit_ring", "label_of", "numbered"]
