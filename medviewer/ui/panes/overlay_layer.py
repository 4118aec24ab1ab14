"""Segments, maps and fused series over one pane: cut once for a plane, then drawn at any zoom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from medviewer.core.geometry import Geometry
from medviewer.core.plane import Plane
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.imaging.overlays import (
    MAP_OUTLINE_LEVELS,
    fused_image,
    saliency_image,
    saliency_outlines,
    segment_shapes,
)
from medviewer.imaging.reslice import reslice_grid
from medviewer.ui.language import tr
from medviewer.ui.panes.shape_paths import closed_path
from medviewer.ui.panes.slice_image import rgba_image, target_of, without_missing
from medviewer.ui.theme import COLORS
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.pane_state import PaneState
from medviewer.workspace.pane_view import PaneView, Slices, grid_plane
from medviewer.workspace.workspace import Workspace

MANY = 8
"""More visible segments than this are outlined only, and colours repeat with hatching."""
OUTLINE = 1.5


@dataclass(eq=False)
class _Segments:
    """What of one label map lies in a plane: outlines at rest, pixels while an oblique plane is turned."""

    key: tuple[Any, ...]
    plane: Plane
    paths: list[tuple[int, tuple[int, int, int], QPainterPath]]
    image: QImage | None = None
    buffer: NDArray[np.uint32] | None = None


@dataclass(eq=False)
class _Map:
    key: tuple[Any, ...]
    plane: Plane
    image: QImage | None
    buffer: NDArray[np.uint8] | None
    paths: list[tuple[float, QPainterPath]]


class OverlayLayer:
    """Overlays of one pane, with what was cut last."""

    def __init__(self) -> None:
        self._segments: dict[int, _Segments] = {}
        self._map: _Map | None = None
        self._fused: _Map | None = None
        self._adapted: tuple[SaliencyMap, Geometry, SaliencyMap] | None = None

    # ---- segments

    def draw_segments(
        self, painter: QPainter, ws: Workspace, series: LoadedSeries, pane: PaneState, view: PaneView,
        plane: Plane, moving: bool,
    ) -> None:  # fmt: skip
        """plane: of the picture below, used where the label map lies obliquely to the pane."""
        shown = [
            (key, segmentation)
            for key in ws.results.series_keys()
            if key == series.key or (not series.is_stack and ws.shares_space(key, series.key))
            for segmentation in ws.results.segmentations(key)
        ]
        alive = {id(segmentation) for _, segmentation in shown}
        self._segments = {n: cut for n, cut in self._segments.items() if n in alive}
        for key, segmentation in shown:
            hidden = {
                s.number for s in segmentation.segments if not ws.overlays.is_segment_shown(key, s.number)
            }
            if not ws.overlays.segments:
                continue
            cut = self._cut_segments(ws, key, segmentation, series, pane, plane, moving, hidden)
            if cut is not None:
                self._draw_cut(painter, ws, key, cut, view)

    def _cut_segments(
        self, ws: Workspace, key: str, segmentation: Segmentation, series: LoadedSeries, pane: PaneState,
        plane: Plane, moving: bool, hidden: set[int],
    ) -> _Segments | None:  # fmt: skip
        geometry = series.geometry if series.is_stack else segmentation.geometry
        if series.is_stack and geometry.size != segmentation.labels.shape[::-1]:
            return None
        own = grid_plane(geometry, pane.right, pane.down, pane.center)
        if own is not None:
            row = Slices.across(geometry, pane.right, pane.down)
            if not -0.5 <= row.index(pane.center) <= row.count - 0.5:
                return None
            plane = own
        contours = own is not None or not moving
        if not contours:
            half = (max(1, plane.size[0] // 2), max(1, plane.size[1] // 2))
            across = [plane.spacing[a] * plane.size[a] / half[a] for a in (0, 1)]
            plane = plane.resized(half, (across[0], across[1]), plane.center_lps)
        cut_key = (
            _place(plane),
            contours,
            frozenset(hidden),
            tuple(sorted(ws.overlays.segment_colors.items())),
        )
        found = self._segments.get(id(segmentation))
        if found is not None and found.key == cut_key:
            return found
        source = Segmentation(segmentation.labels, geometry, segmentation.segments)
        own_colors = {n: c for (of, n), c in ws.overlays.segment_colors.items() if of == key}
        if contours:
            shapes = [s for s in segment_shapes(source, plane) if s.number not in hidden]
            paths = [(s.number, own_colors.get(s.number, s.color), closed_path(s.contours)) for s in shapes]
            made = _Segments(cut_key, plane, paths)
        else:
            image, buffer = _tinted(source, plane, hidden, own_colors, max(ws.overlays.fill_opacity, 0.2))
            made = _Segments(cut_key, plane, [], image, buffer)
        self._segments[id(segmentation)] = made
        return made

    def name_at(self, ws: Workspace, series: LoadedSeries, lps: ArrayLike) -> str:
        """Name of the segment at a point where too many are shown to be told apart by colour, else ""."""
        if sum(len(cut.paths) for cut in self._segments.values()) <= MANY:
            return ""
        for key in ws.results.series_keys():
            if key != series.key and (series.is_stack or not ws.shares_space(key, series.key)):
                continue
            for segmentation in ws.results.segmentations(key):
                geometry = series.geometry if series.is_stack else segmentation.geometry
                at = np.rint(geometry.to_ijk(lps)).astype(int)[::-1]
                if (at < 0).any() or (at >= segmentation.labels.shape).any():
                    continue
                segment = segmentation.segment(int(segmentation.labels[tuple(at)]))
                if segment is not None and ws.overlays.is_segment_shown(key, segment.number):
                    return tr(ws.results.title(segment.label))
        return ""

    @staticmethod
    def _draw_cut(painter: QPainter, ws: Workspace, key: str, cut: _Segments, view: PaneView) -> None:
        target = target_of(cut.plane, view)
        if cut.image is not None:
            painter.drawImage(target, cut.image)
            return
        many = len(cut.paths) > MANY
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(_to_pane(cut.plane, target), True)
        for number, color, path in cut.paths:
            fill = QColor(*color)
            fill.setAlphaF(ws.overlays.fill_opacity)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if not many and ws.overlays.fill_opacity > 0:
                painter.setBrush(QBrush(fill))
            painter.setPen(_pen(QColor(*color), OUTLINE) if ws.overlays.outline else Qt.PenStyle.NoPen)
            painter.drawPath(path)
            if number > MANY and not many:
                hatch = QBrush(QColor(*color), Qt.BrushStyle.BDiagPattern)
                hatch.setTransform(painter.transform().inverted()[0])
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(hatch)
                painter.drawPath(path)
        painter.restore()

    # ---- maps

    def draw_map(
        self, painter: QPainter, ws: Workspace, series: LoadedSeries, view: PaneView, plane: Plane
    ) -> bool:
        """The saliency map of the series; True where there is one (its colour bar belongs into the pane)."""
        saliency, o = ws.results.map_of(series.key), ws.overlays
        if saliency is None or not o.map:
            return False
        saliency = self._on_grid_of(saliency, series)
        key = (id(saliency), _place(plane), o.map_threshold, o.map_opacity, o.map_colors, o.map_style)
        if self._map is None or self._map.key != key:
            rgba = None
            if o.map_style != "outline":
                rgba = saliency_image(saliency, plane, o.map_threshold, o.map_opacity, o.map_colors)
            image, buffer = rgba_image(rgba) if rgba is not None else (None, None)
            levels = saliency_outlines(saliency, plane, o.map_threshold) if o.map_style != "fill" else []
            self._map = _Map(key, plane, image, buffer, [(level, closed_path(c)) for level, c in levels])
        target = target_of(plane, view)
        if self._map.image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, self._map.image)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(_to_pane(plane, target), True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for level, path in self._map.paths:
            inner = level in MAP_OUTLINE_LEVELS
            for width, color in (
                (3.0, QColor(0, 0, 0, 130)),
                (OUTLINE, QColor("#FCFFA4" if inner else COLORS["ai"])),
            ):
                painter.setPen(_pen(color, width))
                painter.drawPath(path)
        painter.restore()
        return True

    def _on_grid_of(self, saliency: SaliencyMap, series: LoadedSeries) -> SaliencyMap:
        """A film's map lies on the film's own pixels, whatever its geometry calls them."""
        if not series.is_stack or saliency.map.shape[::-1] != series.geometry.size:
            return saliency
        if self._adapted is None or self._adapted[0] is not saliency or self._adapted[1] != series.geometry:
            self._adapted = (saliency, series.geometry, replace(saliency, geometry=series.geometry))
        return self._adapted[2]

    # ---- fusion

    def draw_fused(
        self,
        painter: QPainter,
        ws: Workspace,
        series: LoadedSeries,
        pane: PaneState,
        view: PaneView,
        plane: Plane,
    ) -> None:
        fusion = pane.fusion
        other = ws.volumes.get(fusion.key) if fusion is not None else None
        if fusion is None or other is None or series.is_stack or other.is_stack:
            return
        window = fusion.window or other.window
        key = (id(other.volume), _place(plane), window, fusion.opacity, fusion.cmap, fusion.threshold, pane.slab,
               int(other.loaded.sum()))  # fmt: skip
        if self._fused is None or self._fused.key != key:
            rgba = fused_image(
                other.volume, plane, window, fusion.opacity, fusion.cmap, fusion.threshold, pane.slab
            )
            if not other.loaded.all():
                rgba = without_missing(other, plane, rgba)
            image, buffer = rgba_image(rgba)
            self._fused = _Map(key, plane, image, buffer, [])
        if self._fused.image is not None:
            painter.drawImage(target_of(plane, view), self._fused.image)


def _tinted(
    source: Segmentation, plane: Plane, hidden: set[int], own: dict[int, tuple[int, int, int]], opacity: float
) -> tuple[QImage, NDArray[np.uint32]]:
    """Pixels of the segments in a plane, by a table from number to colour: quick enough while it is turned."""
    labels = reslice_grid(source.labels, source.geometry, plane, "nearest")
    alpha = round(255 * opacity)
    numbers = [s.number for s in source.segments]
    palette = np.zeros(max([1, *numbers]) + 2, np.uint32)
    for s in source.segments:
        if s.number not in hidden:
            r, g, b = (round(c * opacity) for c in own.get(s.number, s.color))
            palette[s.number] = alpha << 24 | r << 16 | g << 8 | b
    buffer = np.take(palette, labels, mode="clip")
    h, w = buffer.shape
    return QImage(buffer.data, w, h, w * 4, QImage.Format.Format_ARGB32_Premultiplied), buffer


def _place(plane: Plane) -> tuple[Any, ...]:
    where = (*plane.center_lps.tolist(), *plane.right.tolist(), *plane.down.tolist())
    return (*where, *plane.spacing, *plane.size)


def _to_pane(plane: Plane, target: QRectF) -> QTransform:
    """From a plane's pixels (centres at integers) to the pane."""
    sx, sy = target.width() / plane.size[0], target.height() / plane.size[1]
    return QTransform(sx, 0, 0, sy, target.x() + sx / 2, target.y() + sy / 2)


def _pen(color: QColor, width: float) -> QPen:
    pen = QPen(color, width)
    pen.setCosmetic(True)
    return pen
