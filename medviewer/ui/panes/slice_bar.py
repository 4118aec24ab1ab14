"""The bar of slices at a pane's right edge: where one is, what isn't loaded, where findings are."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from medviewer.ui.panes.finding_painter import numbered
from medviewer.ui.theme import qcolor
from medviewer.workspace.workspace import Workspace

WIDTH, EDGE, STRIP = 4.0, 10.0, 28.0
"""Of the bar, from the pane's edge, and of the strip where the pointer hits it; logical pixels."""
TOP, BOTTOM = 56.0, 56.0


class SliceBar:
    """Of one pane; all places follow its size."""

    def __init__(self, workspace: Workspace, index: int) -> None:
        self._ws, self._index = workspace, index

    @property
    def count(self) -> int:
        slices = self._ws.viewing.slices(self._index)
        return slices.count if slices is not None else 0

    def _span(self) -> tuple[float, float]:
        h = self._ws.panes[self._index].size[1]
        margin = min(TOP, h * 0.16)
        return margin, h - min(BOTTOM, h * 0.16)

    def y_of(self, slice_index: float) -> float:
        top, bottom = self._span()
        return top + (bottom - top) * (slice_index / max(1, self.count - 1))

    def ticks(self) -> list[tuple[float, str, str]]:
        """(slice, series key, finding id) of the findings that are shown."""
        pane, slices = self._ws.panes[self._index], self._ws.viewing.slices(self._index)
        if slices is None or not self._ws.overlays.findings:
            return []
        return [
            (slices.index(f.center_lps_mm), pane.key or "", f.id)
            for _, f in numbered(self._ws, pane.key)
            if f.center_lps_mm is not None and f.review.state != "rejected"
        ]

    def hits(self, x: float, y: float) -> bool:
        """Whether the pointer is over the bar's strip."""
        w, _ = self._ws.panes[self._index].size
        top, bottom = self._span()
        return self.count > 1 and x >= w - STRIP and top - 8 <= y <= bottom + 8

    def slice_at(self, y: float) -> int:
        top, bottom = self._span()
        share = (y - top) / max(1.0, bottom - top)
        return round(min(max(share, 0.0), 1.0) * (self.count - 1))

    def tick_at(self, y: float) -> tuple[str, str] | None:
        """(series key, finding id) of the tick under the pointer, the nearest within 6 px."""
        near = [(abs(self.y_of(at) - y), key, name) for at, key, name in self.ticks()]
        found = min(near, default=None)
        return (found[1], found[2]) if found is not None and found[0] <= 6 else None

    def draw(self, painter: QPainter) -> None:
        if self.count < 2:
            return
        ws = self._ws
        pane = ws.panes[self._index]
        at = ws.viewing.slices(self._index).index(pane.center)  # type: ignore[union-attr]  # count says it is there
        x = pane.size[0] - EDGE
        top, bottom = self._span()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor("line2", 200))
        painter.drawRoundedRect(QRectF(x, top, WIDTH, bottom - top), 2, 2)
        self._draw_missing(painter, x)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor("ai"))
        for slice_index, _, _ in self.ticks():
            painter.drawRoundedRect(QRectF(x - 2, self.y_of(slice_index) - 1.5, WIDTH + 4, 3), 1, 1)
        painter.setPen(QPen(qcolor("image", 160), 1))
        painter.setBrush(qcolor("text"))
        painter.drawRoundedRect(QRectF(x - 2, self.y_of(at) - 7, WIDTH + 4, 14), 4, 4)

    def _draw_missing(self, painter: QPainter, x: float) -> None:
        """The part that isn't loaded yet, dashed; only of stored slices."""
        series = self._ws.viewing.loaded(self._index)
        slices = self._ws.viewing.slices(self._index)
        if series is None or slices is None or series.done or not slices.on_grid or slices.axis != 2:
            return
        pen = QPen(qcolor("image"), WIDTH)
        pen.setDashPattern([0.8, 0.8])
        painter.setPen(pen)
        start: int | None = None
        for k, there in enumerate([*series.loaded.tolist(), True]):
            if not there and start is None:
                start = k
            elif there and start is not None:
                middle = x + WIDTH / 2
                painter.drawLine(QPointF(middle, self.y_of(start)), QPointF(middle, self.y_of(k - 1)))
                start = None
