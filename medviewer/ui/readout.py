"""Figures of the status line from the workspace: what lies under the pointer, else at the crosshair."""

from __future__ import annotations

from medviewer.core.units import position_text, value_text
from medviewer.core.words import Words
from medviewer.ui.language import on_change, tr
from medviewer.ui.status_line import StatusLine
from medviewer.workspace.pane_view import scale_of
from medviewer.workspace.workspace import Workspace

DETECTOR = Words("x {x}  y {y} mm at the detector", "x {x}  y {y} mm（探测器处）")
FILM_MM = Words("x {x}  y {y} mm", "x {x}  y {y} mm")
PIXELS = Words("x {x}  y {y} px", "x {x}  y {y} 像素")


class Readout:
    """Listens and writes; nothing of it is a widget."""

    def __init__(self, workspace: Workspace, status: StatusLine) -> None:
        self._workspace, self._status = workspace, status
        workspace.hover_changed.connect(self.refresh)
        workspace.crosshair_changed.connect(self.refresh)
        on_change(status, self.refresh)

    def refresh(self) -> None:
        self._status.show_cursor(*self._cursor())
        workspace = self._workspace
        index = workspace.active_pane
        series, pane = workspace.viewing.loaded(index), workspace.panes[index]
        if series is None or not pane.is_image:
            self._status.show_view(None, None)
            return
        zoom = scale_of(pane, series.geometry) * min(series.geometry.spacing[:2])
        window = workspace.viewing.window(index)
        color = series.volume.is_color
        self._status.show_view(zoom, None if window is None or color else (window.center, window.width))

    def _cursor(self) -> tuple[str, str]:
        workspace, hover = self._workspace, self._workspace.hover
        if hover is not None:
            value = value_text(hover.value, hover.unit) if hover.value is not None else ""
            if hover.lps is not None:
                return position_text(hover.lps), value
            return self._film_position(hover.pane, hover.ijk), value
        series = workspace.viewing.loaded(workspace.active_pane)
        cross = workspace.crosshair_lps
        if series is None or cross is None or series.is_stack:
            return "", ""
        if not workspace.shares_space(series.key, workspace.crosshair_key):
            return "", ""
        value_there = series.value_at(cross)
        return position_text(cross), value_text(value_there, series.unit) if value_there is not None else ""

    def _film_position(self, pane: int, ijk: tuple[int, int, int]) -> str:
        series = self._workspace.viewing.loaded(pane)
        spacing = series.volume.pixel_spacing if series else None
        if series is None or spacing is None:
            return tr(PIXELS.format(x=ijk[0], y=ijk[1]))
        words = DETECTOR if series.volume.spacing_source == "detector" else FILM_MM
        return tr(words.format(x=f"{ijk[0] * spacing[0]:.1f}", y=f"{ijk[1] * spacing[1]:.1f}"))
