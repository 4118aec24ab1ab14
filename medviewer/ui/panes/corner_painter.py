"""What is written round the image: series, date, window, trust mark, slice, position, letters, scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medviewer.core.report import Verdict
from medviewer.core.segmentation import SaliencyMap
from medviewer.core.units import length_text, signed, value_text
from medviewer.core.window import Window
from medviewer.core.words import Words, same
from medviewer.imaging.lut import colormap, unsigned_colors
from medviewer.imaging.overlays import round_length, scale_bar_text
from medviewer.imaging.presets import WindowPreset
from medviewer.ui import icons
from medviewer.ui.language import tr
from medviewer.ui.panes import halo_text
from medviewer.ui.panes.slice_image import rgba_image
from medviewer.ui.theme import COLORS, qcolor
from medviewer.workspace.describe import series_name
from medviewer.workspace.fusion import doubt_of
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.pane_state import VIEW_WORDS, PaneState
from medviewer.workspace.pane_view import PaneView, Slices
from medviewer.workspace.workspace import Workspace

EDGE, LINE = 14.0, 19.0
WIDE = 420
"""Panes narrower than this carry only what fits: tag, position, letters."""
VERDICT_ICONS: dict[Verdict, tuple[str, str]] = {
    "green": ("circle-check", "good"), "amber": ("triangle-alert", "care"), "red": ("octagon-alert", "bad"),
}  # fmt: skip
WINDOW_WORDS = Words("W {w}  L {c}", "窗宽 {w}  窗位 {c}")
SLAB_WORDS = {
    "max": Words("MIP", "最大密度投影"), "min": Words("MinIP", "最小密度投影"), "mean": Words("Mean", "平均"),
}  # fmt: skip
ALONE = Words("Not linked", "未联动")
OBLIQUE = Words("oblique", "斜位")
LOW, HIGH = Words("low", "低"), Words("high evidence", "高证据")
CUT = Words("below {cut} not drawn", "低于 {cut} 不显示")
CELL = Words("One map cell = {size}", "图的一格 = {size}")
INVERTED = Words("inverted", "反色")


def figure(value: float) -> str:
    """A window's figure: whole where it is large, else with what is needed."""
    return signed(
        value, 0 if abs(value) >= 100 else 1 if abs(value) >= 10 and value % 1 else 0 if value % 1 == 0 else 2
    )


def window_text(window: Window, presets: Sequence[WindowPreset] = ()) -> str:
    """Width, centre, and the preset's name in the window's language, else the file's own."""
    text = tr(WINDOW_WORDS.format(w=figure(window.width), c=figure(window.center)))
    alike = (p for p in presets if (p.window.center, p.window.width) == (window.center, window.width))
    known = next((tr(p.name) for p in alike), window.name)
    return f"{text}  {known}" if known else text


def draw_corners(
    painter: QPainter, ws: Workspace, index: int, series: LoadedSeries, view: PaneView, slices: Slices,
    window: Window, bar: ColorBar | None,
) -> QRectF:  # fmt: skip
    """Returns where the trust mark stands (empty where it has no room), for clicks."""
    pane, level = ws.panes[index], ws.overlays.corners
    w, h = pane.size
    trust = QRectF()
    draw_letters(painter, series, view)
    if level == "none":
        return trust
    wide = w >= WIDE and h >= 260
    tag = draw_tag(painter, pane, series_name(ws, pane.key) if wide else "", is_oblique(pane, series))
    position = position_of(pane, series)
    place = _place_text(series, slices, pane)
    if not wide:
        text = position or place
        if tag + 10 + halo_text.width(text, 12, 500) < w - EDGE - 8:
            _right(painter, w - EDGE - 8, EDGE, [text])
        if series.volume.report.verdict != "green" and h >= 160:
            trust = draw_trust(painter, EDGE, h - EDGE, series, words=w >= 220)
        return trust
    right = w - EDGE - 10
    _column(painter, right, h - EDGE, _bottom_right(ws, pane, place, position, series, bar))
    if level == "full":
        patient = _patient(ws, series)
        if patient:
            halo_text.draw(painter, (EDGE, EDGE + LINE), patient, color=COLORS["text2"])
        _right(painter, right, EDGE, _top_right(ws, pane, series, bar))
    if not series.volume.is_color:
        text = window_text(window, ws.viewing.presets(index)) + (f"  {tr(INVERTED)}" if pane.invert else "")
        halo_text.draw(painter, (EDGE, h - EDGE - LINE), text, weight=500, anchor="lb")
    trust = draw_trust(painter, EDGE, h - EDGE, series)
    if series.mm_known:
        _fit_scale_bar(painter, trust.right() + 36, right - 110, view)
    if bar is not None:
        draw_color_bar(painter, EDGE, h - EDGE - 2.6 * LINE, bar)
    return trust


def draw_tag(painter: QPainter, pane: PaneState, text: str = "", oblique: bool = False) -> float:
    """The plane's colour and name at the upper left, then the series; returns where it ends."""
    x = EDGE
    if pane.view in COLORS:
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
        painter.setBrush(qcolor(pane.view))
        painter.drawRect(QRectF(x, EDGE + 2, 10, 10))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x += 16
    elif pane.view == "3d":
        painter.drawPixmap(QPointF(x - 1, EDGE - 1), icons.pixmap("box", "text2", 16))
        x += 21
    if pane.view != "film":
        name = tr(VIEW_WORDS[pane.view])
        if oblique:
            name = f"{name}, {tr(OBLIQUE)}"
        x = halo_text.draw(painter, (x, EDGE - 1), name, weight=600).right() + 12
    if text:
        room = max(60.0, pane.size[0] * 0.45)
        weight = 600 if pane.view == "film" else 400
        x = halo_text.draw(painter, (x, EDGE - 1), elided(text, room), weight=weight).right()
    return x


def elided(text: str, room: float) -> str:
    if halo_text.width(text) <= room:
        return text
    while text and halo_text.width(text + "…") > room:
        text = text[:-1]
    return text + "…"


def is_oblique(pane: PaneState, series: LoadedSeries) -> bool:
    """Whether the plane was turned away from the one that its name says."""
    if series.is_stack or pane.view == "film" or pane.view == "3d":
        return False
    return bool(abs(float(series.normal_of(pane.view) @ pane.normal)) < 1 - 1e-6)


def position_of(pane: PaneState, series: LoadedSeries) -> str:
    """The plane's place along the patient's axis that it faces: "H 206.0 mm"; "" where there is none."""
    if series.is_stack:
        return ""
    axis = int(abs(pane.normal).argmax())
    value = float(pane.center[axis])
    return f"{('RL', 'AP', 'FH')[axis][1 if value >= 0 else 0]} {abs(value):.1f} mm"


def letters_of(series: LoadedSeries, view: PaneView) -> dict[str, str]:
    """Letters at the picture's edges; none where the orientation isn't known."""
    if not series.is_stack:
        return {str(edge): text for edge, text in view.plane().letters().items()}
    told: Any = series.volume.meta.get("orientation")
    if not told or len(told) != 2:
        return {}
    opposite = {"R": "L", "L": "R", "A": "P", "P": "A", "H": "F", "F": "H"}
    right, down = (str(t)[:2] for t in told)
    if not all(c in opposite for c in right + down):
        return {}
    turned = ["".join(opposite[c] for c in way) for way in (right, down)]
    return {"right": right, "left": turned[0], "bottom": down, "top": turned[1]}


def draw_letters(painter: QPainter, series: LoadedSeries, view: PaneView) -> None:
    edge_letters(painter, letters_of(series, view), *view.size)


def edge_letters(painter: QPainter, letters: dict[str, str], w: float, h: float) -> None:
    """Letters at the middles of a picture's edges."""
    draw = halo_text.draw
    if letters.get("left"):
        draw(painter, (EDGE, h / 2), letters["left"], 14, 600, anchor="lm")
        draw(painter, (w - EDGE - 12, h / 2), letters["right"], 14, 600, anchor="rm")
    if letters.get("top"):
        draw(painter, (w / 2, EDGE - 1), letters["top"], 14, 600, anchor="mt")
        draw(painter, (w / 2, h - EDGE + 1), letters["bottom"], 14, 600, anchor="mb")


def draw_trust(painter: QPainter, x: float, y: float, series: LoadedSeries, words: bool = True) -> QRectF:
    """Shape, colour and words of how far the geometry can be trusted; (x, y) is the lower left corner."""
    report = series.volume.report
    name, token = VERDICT_ICONS[report.verdict]
    painter.drawPixmap(QPointF(x, y - 16), icons.pixmap(name, token, 15))
    if not words:
        return QRectF(x, y - 16, 16, 16)
    text = halo_text.draw(painter, (x + 20, y), tr(report.words), color=COLORS["text2"], anchor="lb")
    return QRectF(x, text.top(), text.right() - x, text.height())


def _fit_scale_bar(painter: QPainter, start: float, end: float, view: PaneView) -> None:
    """Left of the letter in the middle where there is room, else right of it."""
    w, h = view.size
    before, after = (start, w / 2 - 20), (max(start, w / 2 + 24), end)
    start, end = before if before[1] - before[0] >= 110 else after
    draw_scale_bar(painter, start, h - EDGE - 4, view, end - start)


def draw_scale_bar(painter: QPainter, x: float, y: float, view: PaneView, room: float) -> None:
    """A bar of a round length, with a tick at each fifth and its length to the right."""
    longest = min(room - 60, view.size[0] * 0.2)
    if longest < 24:
        return
    mm = round_length(longest / view.scale)
    if mm >= 10:  # round centimetres
        mm = round_length(max(10.0, longest / view.scale))
    length = mm * view.scale
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for width, color in ((3.0, QColor(0, 0, 0, 200)), (1.2, qcolor("text"))):
        painter.setPen(QPen(color, width))
        painter.drawLine(QPointF(x, y), QPointF(x + length, y))
        for n in range(6):
            tall = 8 if n in (0, 5) else 4
            painter.drawLine(QPointF(x + length * n / 5, y), QPointF(x + length * n / 5, y - tall))
    halo_text.draw(painter, (x + length + 8, y + 5), scale_bar_text(mm), anchor="lb")


@dataclass(frozen=True, eq=False)
class ColorBar:
    """Colours (256, 3) from `low` to `high`; below the share `cut` nothing is drawn. saliency: the map it is of."""

    colors: NDArray[np.uint8]
    cut: float
    low: str
    high: str
    note: str
    saliency: SaliencyMap | None = None


def bar_of(ws: Workspace, pane: PaneState, has_map: bool, visible: bool) -> ColorBar | None:
    """The colour bar that the pane needs: of its map, else of the series fused over it."""
    o = ws.overlays
    if has_map:
        note = tr(CUT.format(cut=f"{o.map_threshold:.2f}"))
        colors = unsigned_colors(o.map_colors)
        return ColorBar(colors, o.map_threshold, tr(LOW), tr(HIGH), note, ws.results.map_of(pane.key))
    fusion = pane.fusion
    other = ws.volumes.get(fusion.key) if fusion is not None and visible else None
    if fusion is None or other is None:
        return None
    window = fusion.window or other.window
    low, high = (value_text(window.center + side * window.width / 2, other.unit) for side in (-1, 1))
    note, doubt = series_name(ws, fusion.key), doubt_of(ws, pane.key, fusion.key)
    if doubt is not None:
        note = f"{note}: {tr(doubt)}"
    return ColorBar(colormap(fusion.cmap), fusion.threshold, low, high, note)


def draw_color_bar(painter: QPainter, x: float, y: float, bar: ColorBar) -> None:
    """The colours from low to high, with the cut: in the pane, so that they travel with a picture of it."""
    length = 180.0
    alpha = np.where(np.linspace(0, 1, len(bar.colors)) < bar.cut, 110, 255).astype(np.uint8)
    image, _buffer = rgba_image(np.concatenate([bar.colors, alpha[:, None]], axis=1)[None].repeat(2, axis=0))
    painter.drawImage(QRectF(x, y - 12, length, 10), image)
    cut = x + length * bar.cut
    for width, color in ((3.6, qcolor("image")), (1.8, qcolor("text"))):
        painter.setPen(QPen(color, width))
        painter.drawLine(QPointF(cut, y - 15), QPointF(cut, y + 1))
    text2 = COLORS["text2"]
    halo_text.draw(painter, (x, y - 16), bar.low, color=text2, anchor="lb")
    halo_text.draw(painter, (x + length, y - 16), bar.high, color=text2, anchor="rb")
    halo_text.draw(painter, (x + length + 12, y + 2), bar.note, color=text2, anchor="lb")


def _place_text(series: LoadedSeries, slices: Slices, pane: PaneState) -> str:
    if not slices.on_grid or slices.count < 2:
        return ""
    return f"{slices.nearest(pane.center) + 1} / {slices.count}"


def _patient(ws: Workspace, series: LoadedSeries) -> str:
    meta = series.volume.meta
    name = meta.get("patient_name") if ws.overlays.patient else None
    who = " ".join(str(meta[k]) for k in ("patient_sex", "patient_age") if meta.get(k))
    return " · ".join(t for t in (str(name).replace("^", " ").strip() if name else "", who) if t)


def _top_right(ws: Workspace, pane: PaneState, series: LoadedSeries, bar: ColorBar | None) -> list[str]:
    saliency = bar.saliency if bar is not None else None
    if saliency is not None:
        known = {"gradcam": "Grad-CAM", "hirescam": "HiResCAM"}
        method = known.get(saliency.method.lower().replace("-", ""), saliency.method)
        return [f"{method} · {tr(ws.results.title(saliency.label))}"]
    meta, info = series.volume.meta, ws.studies.get(series.key)
    date, time = str(meta.get("date") or (info.date if info else "") or ""), str(meta.get("time") or "")
    if len(date) == 8 and date.isdigit():
        date = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    if len(time) >= 4 and time[:4].isdigit():
        date = f"{date}  {time[:2]}:{time[2:4]}"
    modality = str(meta.get("modality") or "")
    parts = [modality if modality != series_name(ws, pane.key) else ""]
    if not series.is_stack and series.volume.size[2] > 1:
        thickness = meta.get("slice_thickness") or abs(series.geometry.slice_distance)
        parts.append(length_text(float(thickness)))
    if pane.slab is not None:
        parts.append(f"{tr(SLAB_WORDS[pane.slab.mode])} {length_text(pane.slab.thickness_mm)}")
    return [date.strip(), " · ".join(p for p in parts if p)]


def _bottom_right(
    ws: Workspace, pane: PaneState, place: str, position: str, series: LoadedSeries, bar: ColorBar | None
) -> list[str]:
    lines = [place, position]
    saliency = bar.saliency if bar is not None else None
    if saliency is not None:
        size = f"{saliency.cell:.0f} {saliency.cell_unit}"
        lines.append(tr(CELL.format(size=same(size))))
    if pane.link is None:
        lines.insert(0, tr(ALONE))
    return [line for line in lines if line]


def _right(painter: QPainter, x: float, y: float, lines: Sequence[str]) -> None:
    for n, text in enumerate(line for line in lines if line):
        halo_text.draw(
            painter, (x, y - 1 + n * LINE), text, weight=500 if n == 0 else 400,
            color=COLORS["text" if n == 0 else "text2"], anchor="rt",
        )  # fmt: skip


def _column(painter: QPainter, x: float, y: float, lines: Sequence[str]) -> None:
    for n, text in enumerate(reversed(lines)):
        first = n == len(lines) - 1
        halo_text.draw(
            painter, (x, y - n * LINE), text, weight=600 if first else 400,
            color=COLORS["text" if first else "text2"], anchor="rb",
        )  # fmt: skip
