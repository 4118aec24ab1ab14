"""The 3D pane: turns with the left button, wheel zooms, a click moves the crosshair. Drawn in a thread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from medviewer.core.errors import MedViewerError
from medviewer.core.plane import Plane
from medviewer.core.words import Words
from medviewer.imaging.volume3d.camera3d import Camera3D
from medviewer.imaging.volume3d.gl_probe import RUNG_WORDS
from medviewer.imaging.volume3d.surfaces import ShownSegments
from medviewer.imaging.volume3d.transfer_functions import fitting_presets, transfer_preset
from medviewer.ui.language import tr
from medviewer.ui.panes import corner_painter, halo_text
from medviewer.ui.panes.finding_painter import numbered
from medviewer.ui.panes.image_pane import wheel_steps
from medviewer.ui.panes.pane_base import PaneBase
from medviewer.ui.panes.pane_menu import pane_menu
from medviewer.ui.panes.render_thread import Rendered, RenderThread, Wish, fine
from medviewer.ui.theme import COLORS, qcolor
from medviewer.workspace import clipping
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.workspace import Workspace

REST_MS = 160
DEGREES_PER_PX = 0.5
CLICK_PX = 4.0
MOST_PIXELS = 640
"""Longest side of a picture that the CPU draws; it is enlarged to the pane."""
PREPARING = Words("Preparing 3D…", "正在准备三维…")
WAITING = Words("3D follows when all slices are there: {share} %", "全部层面载入后显示三维：{share} %")
NO_3D = Words("This series is no volume: nothing to show in 3D", "该序列不是体数据，无法三维显示")


class VolumePane(PaneBase):
    """Shows a volume in 3D at the best rung of this machine."""

    def __init__(self, workspace: Workspace, index: int, parent: QWidget | None = None) -> None:
        super().__init__(workspace, index, parent)
        self._thread = RenderThread(self)
        self._thread.rendered.connect(self._on_rendered)
        self._thread.picked.connect(self._on_picked)
        self._thread.failed.connect(self._on_failed)
        self.shown: Rendered | None = None
        """The picture on screen."""
        self._image: QImage | None = None
        self._fault: MedViewerError | None = None
        self._asked: tuple[Any, ...] = ()
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._button = Qt.MouseButton.NoButton
        self._dragged = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._ask_fine)

    # ---- told by the grid

    def changed(self) -> None:
        self._ask()
        self.update()

    def overlays_changed(self) -> None:
        self._ask()

    def crosshair_changed(self) -> None:
        """The cut goes through the crosshair: only where there is one is a new picture needed."""
        if self.ws.panes[self.index].camera.clip is not None:
            self._ask()
        self.update()

    def volume_changed(self, key: str) -> None:
        if key == self.ws.panes[self.index].key:
            self._fault, self._asked = None, ()
            self._ask()
            self.update()

    def shut_down(self) -> None:
        """End the rendering thread."""
        self._rest.stop()
        self._thread.stop()

    @property
    def is_busy(self) -> bool:
        """Whether a finer picture than the one on screen is still to come."""
        if self._wish() is None or self._fault is not None:
            return False
        return self._rest.isActive() or self.shown is None or self.shown.wish.quality == "coarse"

    # ---- pictures

    def _series(self) -> LoadedSeries | None:
        series = self.ws.viewing.loaded(self.index)
        return series if series is not None and series.done and not series.is_stack else None

    def _size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        if self.shown is None or self.shown.rung != "gpu":
            ratio = min(ratio, MOST_PIXELS / max(self.width(), self.height(), 1))
        return max(16, round(self.width() * ratio)), max(16, round(self.height() * ratio))

    def _wish(self) -> Wish | None:
        series, pane = self._series(), self.ws.panes[self.index]
        if series is None or pane.view != "3d" or self.isHidden():
            return None
        camera, o = pane.camera, self.ws.overlays
        shown = o.visible and pane.overlays
        findings = tuple(f for _, f in numbered(self.ws, series.key)) if shown and o.findings else ()
        return Wish(
            series.volume, self._size(), camera.azimuth, camera.elevation, camera.zoom, camera.pan,
            camera.preset, self._segments(series) if shown and o.segments else (),
            tuple(f for f in findings if f.review.state != "rejected"), clipping.plane_of(self.ws, self.index),
        )  # fmt: skip

    def _segments(self, series: LoadedSeries) -> tuple[ShownSegments, ...]:
        """All label maps of the patient space, with the reader's colours."""
        ws, o = self.ws, self.ws.overlays
        return tuple(
            ShownSegments(
                segmentation,
                frozenset(n for of, n in o.segments_hidden if of == key),
                {n: color for (of, n), color in o.segment_colors.items() if of == key},
            )
            for key in ws.results.series_keys()
            if ws.shares_space(key, series.key)
            for segmentation in ws.results.segmentations(key)
        )

    def _ask(self) -> None:
        wish = self._wish()
        if wish is not None and wish.key != self._asked:
            self._asked = wish.key
            self._thread.ask(wish)
            self._rest.start()

    def _ask_fine(self) -> None:
        wish = self._wish()
        if wish is not None and self._button == Qt.MouseButton.NoButton:
            self._thread.ask(fine(wish))

    def _on_rendered(self, rendered: Rendered) -> None:
        series = self.ws.viewing.loaded(self.index)
        if series is None or rendered.wish.volume is not series.volume:
            return
        self._fault, self.shown = None, rendered
        h, w = rendered.pixels.shape[:2]
        self._image = QImage(rendered.pixels.data, w, h, w * 3, QImage.Format.Format_RGB888)
        self.update()

    def _on_failed(self, fault: MedViewerError) -> None:
        self._fault, self.shown, self._image = fault, None, None
        self.update()

    def _on_picked(self, lps: object) -> None:
        key = self.ws.panes[self.index].key
        if isinstance(lps, np.ndarray) and key is not None:
            self.ws.move_crosshair(lps, key)

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint(painter)
        painter.end()

    def paint(self, painter: QPainter) -> None:
        """Everything, onto a painter in the pane's logical pixels."""
        painter.fillRect(self.rect(), qcolor("image"))
        series, pane = self.ws.viewing.loaded(self.index), self.ws.panes[self.index]
        if series is None or pane.key in self.ws.failures:
            self.draw_state(painter)
        elif self._fault is not None:
            hint = tr(self._fault.hint) if self._fault.hint else ""
            self.draw_message(painter, tr(self._fault.sentence), hint, "bad")
        elif series.is_stack:
            self.draw_message(painter, tr(NO_3D))
        elif not series.done:
            share = round(100 * float(series.loaded.mean()))
            self.draw_message(painter, tr(WAITING.format(share=share)))
        elif self.shown is None or self._image is None or self.shown.wish.volume is not series.volume:
            self.draw_message(painter, tr(PREPARING))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(self.rect()), self._image)
            self._draw_over(painter, series)
        corner_painter.draw_tag(painter, pane)
        self.draw_border(painter)

    def plane(self) -> Plane | None:
        """The picture's plane in the pane's logical pixels."""
        series, camera = self._series(), self.ws.panes[self.index].camera
        if series is None:
            return None
        eye = Camera3D(camera.azimuth, camera.elevation, camera.zoom, camera.pan)
        return eye.plane(series.geometry, (max(1, self.width()), max(1, self.height())))

    def _draw_over(self, painter: QPainter, series: LoadedSeries) -> None:
        assert self.shown is not None
        ws, pane, edge = self.ws, self.ws.panes[self.index], corner_painter.EDGE
        plane = self.plane()
        if plane is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if ws.overlays.visible and pane.overlays and ws.overlays.findings:
            for _, finding in numbered(ws, series.key):
                if finding.center_lps_mm is None or finding.review.state == "rejected":
                    continue
                x, y = plane.to_pixel(finding.center_lps_mm) + 0.5
                chosen = ws.results.chosen == (series.key, finding.id)
                radius = max(6.0, (finding.diameter_mm or 6) / 2 / plane.spacing[0] + 3)
                pen = QPen(qcolor("ai"), 2.0 if chosen else 1.2)
                if finding.review.state == "open":
                    pen.setDashPattern([3, 2])
                painter.setPen(pen)
                painter.drawEllipse(QPointF(x, y), radius, radius)
        if (
            ws.overlays.crosshair
            and ws.crosshair_lps is not None
            and ws.shares_space(pane.key, ws.crosshair_key)
        ):
            x, y = plane.to_pixel(ws.crosshair_lps) + 0.5
            for width, color in ((3.0, QColor(0, 0, 0, 140)), (1.2, qcolor("text"))):
                painter.setPen(QPen(color, width))
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    painter.drawLine(QPointF(x + 4 * dx, y + 4 * dy), QPointF(x + 10 * dx, y + 10 * dy))
        camera = pane.camera
        corner_painter.edge_letters(
            painter, Camera3D(camera.azimuth, camera.elevation).letters(), self.width(), self.height()
        )
        preset = transfer_preset(camera.preset) if camera.preset else fitting_presets(series.volume)[0]
        text2 = COLORS["text2"]
        halo_text.draw(painter, (self.width() - edge, edge - 1), tr(preset.name), color=text2, anchor="rt")
        words = RUNG_WORDS[self.shown.rung]  # type: ignore[index]
        halo_text.draw(painter, (edge, self.height() - edge), tr(words), color=text2, anchor="lb")

    # ---- pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.ws.set_active(self.index)
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._button == Qt.MouseButton.NoButton:
            self._button, self._pressed, self._last = event.button(), event.position(), event.position()
            self._dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        at = event.position()
        way = at - self._pressed
        if not self._dragged and way.x() ** 2 + way.y() ** 2 < CLICK_PX**2:
            return
        self._dragged = True
        dx, dy = at.x() - self._last.x(), at.y() - self._last.y()
        self._last = at
        pane, plane = self.ws.panes[self.index], self.plane()
        camera = pane.camera
        if self._button == Qt.MouseButton.LeftButton:
            camera.azimuth = (camera.azimuth - dx * DEGREES_PER_PX) % 360
            camera.elevation = float(np.clip(camera.elevation + dy * DEGREES_PER_PX, -89, 89))
            self.ws.pane_changed.emit(self.index)
        elif self._button == Qt.MouseButton.RightButton:
            self.ws.viewing.zoom(self.index, float(np.exp(-dy / 200)))
        elif self._button == Qt.MouseButton.MiddleButton and plane is not None:
            mm = plane.spacing[0]
            camera.pan = (camera.pan[0] + dx * mm, camera.pan[1] + dy * mm)
            self.ws.pane_changed.emit(self.index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        button, self._button, self._pressed = self._button, Qt.MouseButton.NoButton, None
        if self._dragged:
            self._rest.start()
        elif button == Qt.MouseButton.RightButton:
            self.open_menu(event.globalPosition())
        elif button == Qt.MouseButton.LeftButton:
            self._pick(event.position())

    def _pick(self, at: QPointF) -> None:
        wish = self._wish()
        if wish is not None and self.width() > 0 and self.height() > 0:
            x, y = at.x() * wish.size[0] / self.width(), at.y() * wish.size[1] / self.height()
            self._thread.pick(x - 0.5, y - 0.5, replace(wish))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.ws.layout.count > 1:
            self.ws.viewing.maximise(self.index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = wheel_steps(event)
        self.ws.viewing.zoom(self.index, 1.15**steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {
            Qt.Key.Key_Left: (10, 0), Qt.Key.Key_Right: (-10, 0), Qt.Key.Key_Up: (0, 10), Qt.Key.Key_Down: (0, -10),
        }  # fmt: skip
        turn = turns.get(Qt.Key(event.key()))
        if turn is None:
            super().keyPressEvent(event)
            return
        camera = self.ws.panes[self.index].camera
        camera.azimuth = (camera.azimuth + turn[0]) % 360
        camera.elevation = float(np.clip(camera.elevation + turn[1], -89, 89))
        self.ws.pane_changed.emit(self.index)

    def open_menu(self, at: QPointF) -> None:
        menu = pane_menu(self.ws, self.index, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at.toPoint())
