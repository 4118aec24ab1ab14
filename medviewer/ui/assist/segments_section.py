"""Segments of the series looked at: shown or not, colour, volume; fill and outline for all of them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSlider, QToolButton, QVBoxLayout, QWidget

from medviewer.core.segmentation import Segment, Segmentation
from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.language import on_change, put, tr
from medviewer.ui.running import ModelRuns
from medviewer.ui.theme import SEGMENTS
from medviewer.workspace.workspace import Workspace

TITLE = Words("Segments", "分割")
OPACITY = Words("Fill", "填充")
SHOW = Words("Show", "显示")
OUTLINE = Words("Outline", "轮廓")
FILL = Words("Fill", "填充")
BOTH = Words("Both", "两者")
VISIBLE = Words("Show or hide", "显示或隐藏")
COLOR = Words("Colour", "颜色")
MOST = 8
USUAL = 0.25


def swatch(color: tuple[int, int, int], size: int = 14) -> QIcon:
    """A small round sample of a colour."""
    drawn = QPixmap(size * 2, size * 2)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*color))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(2, 2, size * 2 - 4, size * 2 - 4, 6, 6)
    painter.end()
    drawn.setDevicePixelRatio(2)
    return QIcon(drawn)


class SegmentsSection(parts.Section):
    """Hidden where no model drew a mask."""

    def __init__(self, workspace: Workspace, runs: ModelRuns, open_: bool) -> None:
        super().__init__("segments", TITLE, open_)
        self._workspace, self._runs = workspace, runs
        self._volumes: dict[tuple[int, int], float] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.valueChanged.connect(self._set_opacity)
        put(self._slider.setAccessibleName, OPACITY)
        self._percent = parts.label(size="small")
        self._percent.setFixedWidth(40)
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._style = parts.Segmented([("outline", OUTLINE), ("fill", FILL), ("both", BOTH)])
        self._style.chosen.connect(self._set_style)
        self.box.addLayout(self._list)
        label = parts.label(OPACITY, "text2", "small")
        label.setFixedWidth(64)
        self.box.addLayout(parts.row(label, self._slider, self._percent))
        show = parts.label(SHOW, "text2", "small")
        show.setFixedWidth(64)
        self.box.addLayout(parts.row(show, self._style, None))
        workspace.results.changed.connect(lambda *_: self.refresh())
        workspace.active_changed.connect(lambda *_: self.refresh())
        workspace.pane_changed.connect(self._on_pane)
        workspace.overlays.changed.connect(self.refresh)
        on_change(self, self.refresh)
        self._key: str | None = None
        self._built: object = None
        self.refresh()

    def refresh(self) -> None:
        key = self._key = self._workspace.active_key
        shown = self._segments(key)
        self.setVisible(bool(shown))
        overlays = self._workspace.overlays
        self._slider.blockSignals(True)
        self._slider.setValue(round(overlays.fill_opacity * 100))
        self._slider.blockSignals(False)
        self._percent.setText(f"{overlays.fill_opacity:.0%}".replace("%", " %"))
        filled = overlays.fill_opacity > 0
        self._style.choose("both" if filled and overlays.outline else "fill" if filled else "outline")
        state = (
            key,
            [
                (id(s), g.number, overlays.is_segment_shown(key or "", g.number), self._color(key, g))
                for s, g, _ in shown
            ],
            tr(TITLE),
        )
        if state == self._built:
            return
        self._built = state
        parts.clear(self._list)
        for segmentation, segment, words in shown[:MOST]:
            self._list.addWidget(self._row(key or "", segmentation, segment, words))
        if len(shown) > MOST:
            more = Words("and {n} more", "另有 {n} 个").format(n=len(shown) - MOST)
            self._list.addWidget(parts.label(more, "text3", "small"))

    def _segments(self, key: str | None) -> list[tuple[Segmentation, Segment, Words]]:
        found = []
        for result in self._workspace.results.of(key):
            if result.segmentation is not None:
                for segment in result.segmentation.segments:
                    found.append(
                        (result.segmentation, segment, self._runs.label_words(result, segment.label))
                    )
        return found

    def _color(self, key: str | None, segment: Segment) -> tuple[int, int, int]:
        return self._workspace.overlays.segment_colors.get((key or "", segment.number), segment.color)

    def _row(self, key: str, segmentation: Segmentation, segment: Segment, words: Words) -> QWidget:
        shown = self._workspace.overlays.is_segment_shown(key, segment.number)
        eye = parts.icon_button(
            "eye" if shown else "eye-off", VISIBLE, lambda: self._show_or_hide(key, segment.number)
        )
        color = QToolButton()
        color.setFixedSize(28, 28)
        color.setIconSize(QSize(14, 14))
        color.setIcon(swatch(self._color(key, segment)))
        put(color.setToolTip, COLOR)
        put(color.setAccessibleName, COLOR)
        color.clicked.connect(lambda *_: self._choose_color(key, segment.number, color))
        volume = self._volume(segmentation, segment.number)
        made = QWidget()
        name = parts.Elided(words, "" if shown else "text3")
        made.setLayout(
            parts.row(eye, color, name, parts.label(Words(volume, volume), "text2", "small"), gap=4)
        )
        return made

    def _volume(self, segmentation: Segmentation, number: int) -> str:
        place = (id(segmentation), number)
        if place not in self._volumes:
            for finding in self._workspace.results.findings(self._key):
                if finding.segment == number and finding.volume_ml is not None:
                    self._volumes[place] = finding.volume_ml
                    break
            else:
                self._volumes[place] = segmentation.volume_ml(number)
        ml = self._volumes[place]
        return f"{ml:.1f} ml" if ml >= 1 else f"{ml:.2f} ml"

    def _show_or_hide(self, key: str, number: int) -> None:
        overlays = self._workspace.overlays
        overlays.show_segment(key, number, not overlays.is_segment_shown(key, number))

    def _choose_color(self, key: str, number: int, at: QToolButton) -> None:
        menu = QMenu(self)
        for token in SEGMENTS:
            rgb = (int(token[1:3], 16), int(token[3:5], 16), int(token[5:7], 16))
            entry = menu.addAction(swatch(rgb), token)
            entry.triggered.connect(lambda *_, c=rgb: self._workspace.overlays.color_segment(key, number, c))
        menu.exec(at.mapToGlobal(at.rect().bottomLeft()))

    def _set_opacity(self, value: int) -> None:
        self._workspace.overlays.set(fill_opacity=value / 100)

    def _set_style(self, value: str) -> None:
        now = self._workspace.overlays.fill_opacity
        fill = 0.0 if value == "outline" else now or USUAL
        self._workspace.overlays.set(fill_opacity=fill, outline=value != "fill")

    def _on_pane(self, *_: object) -> None:
        if self._workspace.active_key != self._key:
            self.refresh()
