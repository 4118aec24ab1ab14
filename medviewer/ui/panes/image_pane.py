"""A pane that shows a plane: draws the workspace's state, hands the pointer to the tools."""

from __future__ import annotations

import sys

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from medviewer.core.words import Words
from medviewer.ui.language import tr
from medviewer.ui.panes import corner_painter, halo_text
from medviewer.ui.panes.crosshair_painter import draw_crosshair
from medviewer.ui.panes.finding_painter import Ring, draw_findings, hit_ring
from medviewer.ui.panes.labels import Labels
from medviewer.ui.panes.mark_painter import draw_marks
from medviewer.ui.panes.overlay_layer import OverlayLayer
from medviewer.ui.panes.pane_base import ABSENT, NO_VOXELS, PaneBase
from medviewer.ui.panes.pane_menu import pane_menu
from medviewer.ui.panes.slice_bar import SliceBar
from medviewer.ui.panes.slice_image import SliceImages
from medviewer.ui.theme import COLORS, qcolor
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.pane_view import PaneView, Slices
from medviewer.workspace.tools import GrabTool, Pointer, Tool, hit, make
from medviewer.workspace.workspace import Hover, Workspace

REST_MS = 140
"""So long after the last change a pane counts as at rest, and what was left out is drawn."""
CLICK_PX = 4.0
WHEEL_STEP, PIXEL_STEP = 120.0, 24.0
ZOOM_STEP = 1.2
GAP_WORDS = Words("Missing slice, interpolated", "缺失层，由插值填充")
CURSORS = {
    "cross": Qt.CursorShape.CrossCursor, "hand": Qt.CursorShape.OpenHandCursor,
    "arrow": Qt.CursorShape.ArrowCursor, "none": Qt.CursorShape.BlankCursor,
}  # fmt: skip


def wheel_steps(event: QWheelEvent) -> float:
    """Steps of a wheel, away from the hand positive; a touch pad's own pixels count where they can be trusted."""
    pixels, angle = event.pixelDelta().y(), event.angleDelta()
    if pixels and QApplication.platformName() != "xcb":
        return pixels / PIXEL_STEP
    # With Shift some platforms turn the wheel sideways.
    return (angle.y() or angle.x()) / WHEEL_STEP


class ImagePane(PaneBase):
    """One plane. Wheel: slices; right drag: zoom; middle drag: shift; left: the tool; double click: full pane."""

    report_wanted = Signal(str)
    """The trust mark was clicked: show the whole geometry report of that series."""

    def __init__(self, workspace: Workspace, index: int, parent: QWidget | None = None) -> None:
        super().__init__(workspace, index, parent)
        self._images, self._overlays = SliceImages(), OverlayLayer()
        self._bar = SliceBar(workspace, index)
        self._rings: list[Ring] = []
        self._trust = QRectF()
        self._tool: Tool | None = None
        self._button = Qt.MouseButton.NoButton
        self._on_bar = False
        self._pressed: Pointer | None = None
        self._wheel = 0.0
        self._moving = False
        self._drawn_place: tuple[object, ...] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._come_to_rest)
        self.painted = 0
        """How often it was drawn (for measurements)."""

    # ---- told by the grid

    def changed(self) -> None:
        """The pane's own state, or what lies over it, changed."""
        self._rest.start()
        self.update()

    def tool_changed(self) -> None:
        if self._tool is not None and self._button == Qt.MouseButton.NoButton:
            self._tool.cancel()
            self._tool = None
        self._show_cursor()
        self.update()

    def _come_to_rest(self) -> None:
        if self._button != Qt.MouseButton.NoButton and QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._rest.start()
            return
        self._moving = False
        self.name_it()
        self.update()

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint(painter)
        painter.end()

    def paint(self, painter: QPainter) -> None:
        """Everything, onto a painter in the pane's logical pixels (a screenshot has one of its own)."""
        self.painted += 1
        painter.fillRect(self.rect(), qcolor("image"))
        self._rings, self._trust = [], QRectF()
        series = self.ws.viewing.loaded(self.index)
        view, slices = self.ws.viewing.view(self.index), self.ws.viewing.slices(self.index)
        if (
            series is None
            or view is None
            or slices is None
            or self.ws.panes[self.index].key in self.ws.failures
        ):
            self._images.clear()  # its last cut would keep the voxels in memory
            self.draw_state(painter)
        else:
            self._paint_image(painter, series, view, slices)
        self.draw_border(painter)

    def _paint_image(self, painter: QPainter, series: LoadedSeries, view: PaneView, slices: Slices) -> None:
        ws, pane = self.ws, self.ws.panes[self.index]
        o = ws.overlays
        window = pane.window or series.window
        ratio = self.devicePixelRatioF()
        self._note_motion()
        picture = self._images.get(series, pane, view, window, ratio, self._moving)
        has_map = False
        over = o.visible and pane.overlays
        if picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, picture.smooth)
            painter.drawImage(picture.target(view), picture.image)
            if over:
                self._overlays.draw_fused(painter, ws, series, pane, view, picture.plane)
                has_map = self._overlays.draw_map(painter, ws, series, view, picture.plane)
                self._overlays.draw_segments(painter, ws, series, pane, view, picture.plane, self._moving)
        if o.crosshair:
            draw_crosshair(painter, ws, self.index, view)
        labels = Labels(QRectF(8, 40, view.size[0] - 32, max(40, view.size[1] - 80)))
        if over and o.findings:
            self._rings = draw_findings(painter, ws, pane, view, labels)
        if o.visible and o.marks:
            draw_marks(painter, ws, self.index, view, slices, labels)
        bar = corner_painter.bar_of(ws, pane, has_map, over)
        self._trust = corner_painter.draw_corners(painter, ws, self.index, series, view, slices, window, bar)
        self._draw_notes(painter, series, slices, picture is not None)
        self._bar.draw(painter)

    def _note_motion(self) -> None:
        """A plane that was moved or turned since it was drawn is in motion until it rests for a while."""
        pane = self.ws.panes[self.index]
        place = (pane.key, pane.center.tobytes(), pane.right.tobytes(), pane.down.tobytes(), pane.zoom)
        if place != self._drawn_place:
            self._moving = self._drawn_place is not None and self._drawn_place[0] == pane.key
            self._drawn_place = place
            self._rest.start()

    def _draw_notes(self, painter: QPainter, series: LoadedSeries, slices: Slices, there: bool) -> None:
        """What is not as it seems: a slice that isn't there yet, a gap that was filled."""
        pane = self.ws.panes[self.index]
        k = slices.nearest(pane.center) if slices.on_grid and slices.axis == 2 else None
        text = ""
        if not there:
            text = tr(NO_VOXELS)
        elif k is not None and not series.loaded[k]:
            text = tr(ABSENT.format(k=k + 1))
        elif k is not None and any("missing" in i.code and k in i.slices for i in series.volume.report.items):
            text = tr(GAP_WORDS)
        if text:
            at = (pane.size[0] / 2, pane.size[1] * 0.82)
            halo_text.draw(painter, at, text, 13, 600, COLORS["care"], "mm")

    # ---- pointer

    def _pointer(self, event: QMouseEvent) -> Pointer:
        at, modifiers = event.position(), event.modifiers()
        return Pointer(
            at.x(), at.y(), bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
            bool(modifiers & Qt.KeyboardModifier.ControlModifier),
        )  # fmt: skip

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.ws.set_active(self.index)
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = self._pointer(event)
        if self._button != Qt.MouseButton.NoButton:
            return
        self._button, self._pressed = event.button(), at
        if event.button() == Qt.MouseButton.LeftButton:
            self._press_left(event, at)
        elif event.button() == Qt.MouseButton.RightButton:
            self._begin("zoom", at)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._begin("pan", at)

    def _press_left(self, event: QMouseEvent, at: Pointer) -> None:
        if self._tool is not None and self._tool.busy:
            self._tool.press(at)
            return
        if sys.platform == "darwin" and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._begin("pan", at)
            return
        if self._bar.hits(at.x, at.y):
            self._on_bar = True
            self._drag_bar(at, first=True)
            return
        if at.shift:
            self._begin("crosshair", Pointer(at.x, at.y))
            return
        grabbed = hit(self.ws, self.index, at)
        if grabbed is not None:
            self._tool = GrabTool(self.ws, self.index, grabbed)
            self._tool.press(at)
            return
        self.ws.marks.select(None)
        self._begin(self.ws.tool, at)

    def _begin(self, name: str, at: Pointer) -> None:
        self._tool = make(name, self.ws, self.index)
        self._tool.press(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._pointer(event)
        self._tell_hover(at)
        if self._on_bar:
            self._drag_bar(at)
        elif self._button != Qt.MouseButton.NoButton:
            may_be_menu = self._button == Qt.MouseButton.RightButton and self._is_click(at)
            if self._tool is not None and not may_be_menu:
                self._tool.move(at)
        elif self._tool is not None and self._tool.busy:
            self._tool.hover(at)
        else:
            self._show_cursor(at)

    def _is_click(self, at: Pointer) -> bool:
        return self._pressed is not None and at.distance(self._pressed) < CLICK_PX

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        at, button = self._pointer(event), self._button
        self._button = Qt.MouseButton.NoButton
        click = self._is_click(at)
        if self._on_bar:
            self._on_bar = False
        elif button == Qt.MouseButton.RightButton and click:
            self._tool = None
            self.open_menu(event.globalPosition())
        elif self._tool is not None:
            view_tool = self.ws.tool in ("window", "pan", "zoom", "scroll", "crosshair")
            self._tool.release(at)
            if not self._tool.busy:
                grabbed = isinstance(self._tool, GrabTool)
                self._tool = None
                if click and button == Qt.MouseButton.LeftButton and view_tool and not grabbed:
                    self._click(at)
        self._rest.start()
        self._show_cursor(at)

    def _click(self, at: Pointer) -> None:
        """A click that dragged nothing: on a ring it chooses the finding, on the trust mark it shows why."""
        ring = hit_ring(self._rings, at.x, at.y)
        if ring is not None and not at.shift:
            self.ws.results.choose(ring.key, ring.finding_id)
        elif self._trust.contains(QPointF(*at.xy)):
            self.report_wanted.emit(self.ws.panes[self.index].key or "")

    def _drag_bar(self, at: Pointer, first: bool = False) -> None:
        tick = self._bar.tick_at(at.y) if first else None
        if tick is not None:
            self.ws.go_to_finding(*tick)
        else:
            self.ws.viewing.scroll_to(self.index, self._bar.slice_at(at.y))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = self._pointer(event)
        if event.button() != Qt.MouseButton.LeftButton or (self._tool is not None and self._tool.busy):
            self.mousePressEvent(event)
            return
        if self._bar.hits(at.x, at.y):
            return
        if self.ws.layout.count > 1:
            self.ws.viewing.maximise(self.index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = wheel_steps(event)
        at = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.ws.viewing.zoom(self.index, ZOOM_STEP**steps, (at.x(), at.y()))
        else:
            self._wheel += steps
            whole = int(self._wheel)
            self._wheel -= whole
            if whole:
                five = 5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
                self.ws.viewing.scroll(self.index, -whole * five)
                self._tell_hover(Pointer(at.x(), at.y()))
        event.accept()

    def event(self, event: QEvent) -> bool:
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            at = event.position()
            self.ws.viewing.zoom(self.index, 1 + event.value(), (at.x(), at.y()))
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.ws.set_hover(None)
        super().leaveEvent(event)

    def open_menu(self, at: QPointF) -> None:
        menu = pane_menu(self.ws, self.index, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at.toPoint())

    def _tell_hover(self, at: Pointer) -> None:
        series, view = self.ws.viewing.loaded(self.index), self.ws.viewing.view(self.index)
        if series is None or view is None:
            return
        lps = view.to_lps(at.xy)
        i, j, k = (int(v) for v in np.rint(series.geometry.to_ijk(lps)))
        nx, ny, nz = series.volume.size
        if not (0 <= i < nx and 0 <= j < ny and 0 <= k < nz):
            self.ws.set_hover(None)
            return
        name = self._overlays.name_at(self.ws, series, lps) if self.ws.overlays.visible else ""
        if name != self.toolTip():
            self.setToolTip(name)
        place = None if series.is_stack else lps
        self.ws.set_hover(Hover(self.index, place, (i, j, k), series.value_at(lps), series.unit))

    def _show_cursor(self, at: Pointer | None = None) -> None:
        if at is not None and self._bar.hits(at.x, at.y):
            cursor = Qt.CursorShape.PointingHandCursor
        elif at is not None and hit(self.ws, self.index, at) is not None:
            cursor = Qt.CursorShape.SizeAllCursor
        else:
            cursor = CURSORS[make(self.ws.tool, self.ws, self.index).cursor]
        if self.cursor().shape() != cursor:
            self.setCursor(cursor)

    # ---- keys that belong to the pane

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = 10 if shift else 1
        ways = {
            Qt.Key.Key_Left: (-step, 0), Qt.Key.Key_Right: (step, 0), Qt.Key.Key_Up: (0, -step),
            Qt.Key.Key_Down: (0, step),
        }  # fmt: skip
        if key == Qt.Key.Key_Escape and self.cancel():
            return
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.ws.delete_selected():
            return
        if key in ways:
            if self.ws.nudge_selected(*ways[Qt.Key(key)]):
                return
            if ways[Qt.Key(key)][1]:
                self.ws.viewing.scroll(self.index, np.sign(ways[Qt.Key(key)][1]))
                return
        super().keyPressEvent(event)

    def cancel(self) -> bool:
        """Give up what is being drawn, else let go of the selected mark; False where there was nothing."""
        if self._tool is not None and self._tool.busy:
            self._tool.cancel()
            self._tool = None
            return True
        if self.ws.marks.selected is not None:
            self.ws.marks.select(None)
            return True
        return False

    def closeEvent(self, event: QCloseEvent) -> None:
        self._rest.stop()
        super().closeEvent(event)
