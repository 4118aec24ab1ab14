"""All panes, laid out; the one place where panes listen to the workspace."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from medviewer.ui import language
from medviewer.ui.panes.image_pane import ImagePane
from medviewer.ui.panes.pane_base import PaneBase
from medviewer.ui.panes.volume_pane import VolumePane
from medviewer.ui.theme import qcolor
from medviewer.workspace.workspace import Workspace

GAP = 2
WATCH_MS = 40
"""How often slices that arrive are looked for."""


class PaneGrid(QWidget):
    """Shows the panes of a workspace by its layout."""

    report_wanted = Signal(str)
    """A trust mark was clicked: the series key."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ws = workspace
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.images: list[ImagePane] = []
        self._volumes: dict[int, VolumePane] = {}
        for index in range(len(workspace.panes)):
            pane = ImagePane(workspace, index, self)
            pane.report_wanted.connect(self.report_wanted)
            self.images.append(pane)
        self._there: dict[str, int] = {}
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self._look_for_slices)
        self._cine = QTimer(self)
        self._cine.timeout.connect(self._play)
        self._due: dict[int, float] = {}
        self._listen()
        self._arrange()

    def _listen(self) -> None:
        ws = self.ws
        ws.layout.changed.connect(self._arrange)
        ws.pane_changed.connect(self._pane_changed)
        ws.active_changed.connect(self._active_changed)
        ws.crosshair_changed.connect(self._crosshair_changed)
        ws.tool_changed.connect(self._tool_changed)
        ws.volume_changed.connect(self._volume_changed)
        ws.draft_changed.connect(self._redraw_one)
        ws.overlays.changed.connect(self._overlays_changed)
        ws.marks.changed.connect(self._series_overlay_changed)
        ws.results.changed.connect(self._results_changed)
        ws.results.map_changed.connect(self._series_overlay_changed)
        ws.results.chosen_changed.connect(self._redraw)
        language.changed.connect(self._language_changed)

    # ---- layout

    def pane(self, index: int) -> PaneBase:
        """The widget that shows a pane now."""
        return self._volume(index) if self.ws.panes[index].view == "3d" else self.images[index]

    @property
    def active(self) -> PaneBase:
        return self.pane(self.ws.active_pane)

    def _volume(self, index: int) -> VolumePane:
        if index not in self._volumes:
            self._volumes[index] = VolumePane(self.ws, index, self)
        return self._volumes[index]

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), qcolor("window"))
        painter.end()

    def _arrange(self) -> None:
        cells = self.ws.layout.cells(wide=self._is_wide())
        for index, image in enumerate(self.images):
            cell = cells[index] if index < len(cells) else None
            solid = self.ws.panes[index].view == "3d"
            if cell is None:
                image.hide()
                if index in self._volumes:
                    self._volumes[index].hide()
                continue
            x, y, w, h = cell
            left, top = self._snap(x, self.width()), self._snap(y, self.height())
            right, bottom = self._snap(x + w, self.width()), self._snap(y + h, self.height())
            # Half a gap at each inner edge.
            place = QRect(left, top, right - left, bottom - top)
            place.adjust(GAP // 2 if x > 0 else 0, GAP // 2 if y > 0 else 0,
                         -(GAP // 2) if x + w < 0.999 else 0, -(GAP // 2) if y + h < 0.999 else 0)  # fmt: skip
            shown: PaneBase = self._volume(index) if solid else image
            other: PaneBase | None = image if solid else self._volumes.get(index)
            shown.show()
            shown.setGeometry(place)
            self.ws.viewing.resize(index, place.width(), place.height())
            if other is not None:
                other.hide()

    @staticmethod
    def _snap(share: float, whole: int) -> int:
        return round(share * whole)

    def _is_wide(self) -> bool:
        """Whether the large pane of 3+1 belongs on top: by the shape of the image in it."""
        series, pane = self.ws.viewing.loaded(0), self.ws.panes[0]
        if series is None or not pane.is_image:
            return True
        from medviewer.workspace.pane_view import extent

        return extent(series.geometry, pane.right) >= 0.85 * extent(series.geometry, pane.down)

    # ---- told by the workspace

    def _pane_changed(self, index: int) -> None:
        solid = self.ws.panes[index].view == "3d"
        visible_kind = self._volumes.get(index)
        if solid != (visible_kind is not None and not visible_kind.isHidden()):
            self._arrange()
        pane = self.pane(index)
        if isinstance(pane, ImagePane | VolumePane):
            pane.changed()
        self._set_cine()

    def _redraw_one(self, index: int) -> None:
        self.pane(index).update()

    def _redraw(self) -> None:
        for index in range(self.ws.layout.count):
            self.pane(index).update()

    def _crosshair_changed(self) -> None:
        for index in range(self.ws.layout.count):
            pane = self.pane(index)
            if isinstance(pane, VolumePane):
                pane.crosshair_changed()
        self._redraw()

    def _active_changed(self, index: int) -> None:
        self._redraw()

    def _tool_changed(self, name: str) -> None:
        for image in self.images:
            image.tool_changed()

    def _overlays_changed(self) -> None:
        for index in range(self.ws.layout.count):
            pane = self.pane(index)
            if isinstance(pane, VolumePane):
                pane.overlays_changed()
        self._redraw()

    def _series_overlay_changed(self, key: str) -> None:
        self._redraw()

    def _results_changed(self, key: str) -> None:
        self._overlays_changed()

    def _language_changed(self, spoken: str) -> None:
        for pane in (*self.images, *self._volumes.values()):
            pane.on_language()

    def _volume_changed(self, key: str) -> None:
        series = self.ws.volumes.get(key)
        if series is not None and not series.done:
            self._watch.start()
        self._arrange()
        for pane in self._volumes.values():
            pane.volume_changed(key)
        self._redraw()

    # ---- slices that arrive, cine

    def _look_for_slices(self) -> None:
        """The loading thread only fills arrays; here the panes learn of it."""
        loading = [s for s in self.ws.volumes.values() if not s.done]
        if not loading:
            self._watch.stop()
            self._there.clear()
        for series in loading:
            there = int(series.loaded.sum())
            if there != self._there.get(series.key):
                self._there[series.key] = there
                for index in range(self.ws.layout.count):
                    pane = self.ws.panes[index]
                    if series.key in (pane.key, pane.fusion.key if pane.fusion else None):
                        self.pane(index).update()

    def _set_cine(self) -> None:
        playing = [p.cine.per_second for p in self.ws.panes[: self.ws.layout.count] if p.cine.playing]
        if not playing:
            self._cine.stop()
            return
        interval = max(10, round(1000 / max(playing)))
        if not self._cine.isActive() or self._cine.interval() != interval:
            self._cine.start(interval)

    def _play(self) -> None:
        fastest = max((p.cine.per_second for p in self.ws.panes if p.cine.playing), default=1.0)
        for index, pane in enumerate(self.ws.panes[: self.ws.layout.count]):
            if pane.cine.playing:
                self._due[index] = self._due.get(index, 0.0) + pane.cine.per_second / fastest
                if self._due[index] >= 1:
                    self._due[index] -= 1
                    self.ws.viewing.cine_step(index)

    @property
    def is_busy(self) -> bool:
        """Whether any 3D view still becomes finer."""
        return any(pane.is_busy for pane in self._volumes.values() if not pane.isHidden())

    def cancel(self) -> bool:
        """One step back in the active pane: what is being drawn, the selected mark. False where nothing is."""
        pane = self.active
        return isinstance(pane, ImagePane) and pane.cancel()

    def shut_down(self) -> None:
        """Stop timers and rendering threads; before the window goes."""
        self._watch.stop()
        self._cine.stop()
        for pane in self._volumes.values():
            pane.shut_down()
