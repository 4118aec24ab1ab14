"""Why: method, label, opacity, what is hidden, how it is drawn, and the trust card."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QProgressBar, QSlider, QWidget

from medviewer.core.words import Words, same
from medviewer.ui import parts
from medviewer.ui.actions import Actions
from medviewer.ui.assist.trust_card import TrustCard
from medviewer.ui.explaining import Explaining
from medviewer.ui.jobs import time_words
from medviewer.ui.language import on_change, put, tr
from medviewer.workspace.workspace import Workspace

TITLE = Words("Why", "依据")
METHOD = Words("Method", "方法")
TARGET = Words("Explain", "解释对象")
OPACITY = Words("Opacity", "不透明度")
HIDE_BELOW = Words("Hide below", "隐藏低于")
SHOW = Words("Show", "显示")
COLORS = Words("Colours", "色图")
OUTLINE = Words("Outline", "轮廓")
FILL = Words("Fill", "填充")
BOTH = Words("Both", "两者")
INFERNO = same("Inferno")
CIVIDIS = same("Cividis")
EXPLAIN = Words("Show why", "显示依据")
ON_IMAGE = Words("Show on image", "在图像上显示")
OFF_IMAGE = Words("Take off the image", "从图像移除")
CANCEL = Words("Cancel", "取消")
NOTHING = Words(
    "Run a model first: a map explains one of its results.", "请先运行模型：依据图用于解释其结果。"
)
NOTHING_FOUND = Words(
    "There is nothing to explain: the model found nothing here.", "没有可解释的内容：模型在此未发现所见。"
)
NO_MAP = Words(
    "{model} gives no map: its package holds no saliency output.",
    "{model}不提供依据图：模型包中没有显著图输出。",
)
METHOD_WORDS = {
    "grad-cam": same("Grad-CAM"),
    "hires-cam": same("HiResCAM"),
}


class WhySection(parts.Section):
    """Controls of the map over the series looked at."""

    def __init__(self, workspace: Workspace, explaining: Explaining, actions: Actions, open_: bool) -> None:
        super().__init__("why", TITLE, open_)
        self._workspace, self._explaining, self._actions = workspace, explaining, actions
        self._told = parts.label(tone="text2", size="small", wrap=True)
        self._controls = QWidget()
        self.method = QComboBox()
        self.method.activated.connect(self._choose_method)
        put(self.method.setAccessibleName, METHOD)
        self.target = QComboBox()
        self.target.activated.connect(self._choose_target)
        put(self.target.setAccessibleName, TARGET)
        for box in (self.method, self.target):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        self.run_button = parts.button(EXPLAIN, lambda: actions.run("why.show"), kind="quiet")
        self.on_image = parts.button(ON_IMAGE, lambda: actions.run("why.toggle"), kind="link")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._running = parts.Elided(tone="text2", size="small")
        self._cancel = parts.button(CANCEL, explaining.cancel, kind="link")
        self._progress = QWidget()
        self._progress.setLayout(parts.column(self._bar, parts.row(self._running, self._cancel)))
        self.opacity, opacity_row = self._slider(OPACITY, 5, 100, self._set_opacity)
        self.hide_below, hide_row = self._slider(HIDE_BELOW, 5, 95, self._set_threshold)
        self._opacity_told, self._hide_told = opacity_row[1], hide_row[1]
        self.style_choice = parts.Segmented([("outline", OUTLINE), ("fill", FILL), ("both", BOTH)])
        self.style_choice.chosen.connect(lambda value: workspace.overlays.set(map_style=value))
        self.colors = parts.Segmented([("inferno", INFERNO), ("cividis", CIVIDIS)])
        self.colors.chosen.connect(lambda value: workspace.overlays.set(map_colors=value))
        self.card = TrustCard()
        self._lay_out(opacity_row, hide_row)
        self.box.addWidget(self._told)
        self.box.addWidget(self._controls)
        self.box.addWidget(self.card)
        explaining.changed.connect(self.refresh)
        workspace.overlays.changed.connect(self.refresh)
        workspace.pane_changed.connect(self._on_pane)
        on_change(self, self.refresh)
        self._key: str | None = None
        self.refresh()

    def _slider(
        self, words: Words, low: int, high: int, call: object
    ) -> tuple[QSlider, tuple[QWidget, QWidget]]:
        made = QSlider(Qt.Orientation.Horizontal)
        made.setRange(low, high)
        made.valueChanged.connect(call)
        put(made.setAccessibleName, words)
        told = parts.label(size="small")
        told.setFixedWidth(40)
        told.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return made, (parts.label(words, "text2", "small"), told)

    def _lay_out(self, opacity: tuple[QWidget, QWidget], hide: tuple[QWidget, QWidget]) -> None:
        grid = QGridLayout(self._controls)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, 72)
        grid.setColumnStretch(1, 1)
        names = parts.row(
            parts.column(parts.label(METHOD, "text2", "small"), self.method),
            gap=8,
        )
        names.addLayout(parts.column(parts.label(TARGET, "text2", "small"), self.target))
        names.setStretch(0, 1)
        names.setStretch(1, 1)
        grid.addLayout(names, 0, 0, 1, 3)
        grid.addWidget(self.run_button, 1, 0, 1, 3)
        grid.addWidget(self._progress, 2, 0, 1, 3)
        for n, (label, slider, told) in enumerate(
            ((opacity[0], self.opacity, opacity[1]), (hide[0], self.hide_below, hide[1])), 3
        ):
            grid.addWidget(label, n, 0)
            grid.addWidget(slider, n, 1)
            grid.addWidget(told, n, 2)
        grid.addWidget(parts.label(SHOW, "text2", "small"), 5, 0)
        grid.addLayout(
            parts.row(self.style_choice, None, parts.key_cap(self._actions["view.overlays"].shortcut)),
            5,
            1,
            1,
            2,
        )
        grid.addWidget(parts.label(COLORS, "text2", "small"), 6, 0)
        grid.addLayout(parts.row(self.colors, None), 6, 1, 1, 2)
        grid.addLayout(parts.row(None, self.on_image), 7, 0, 1, 3)

    def refresh(self) -> None:
        """Show the state of the series looked at."""
        self._key = self._workspace.active_key
        explaining = self._explaining
        target, found, progress = explaining.target, explaining.map, explaining.running
        self._controls.setVisible(target is not None)
        self._tell(target is None)
        self.card.show_map(
            found if target is not None else None, found is not None and id(found) in explaining.measured
        )
        if target is None:
            put(self.note.setText, Words("", ""))
            return
        put(self.note.setText, target.words)
        self._fill(
            self.method, [(m, METHOD_WORDS.get(m, same(m))) for m in explaining.methods()], explaining.method
        )
        self._fill(self.target, [(t.id, t.words) for t in explaining.targets()], target.id)
        self.run_button.setVisible(found is None and progress is None)
        self._progress.setVisible(progress is not None)
        if progress is not None:
            self._bar.setValue(round(progress.share * 1000))
            told = [tr(progress.words) if progress.words else "", tr(time_words(progress.seconds_left))]
            self._running.setText(" · ".join(part for part in told if part))
        put(self.on_image.setText, OFF_IMAGE if explaining.is_on_image else ON_IMAGE)
        self.on_image.setEnabled(found is not None)
        overlays = self._workspace.overlays
        for slider, value in (
            (self.opacity, overlays.map_opacity),
            (self.hide_below, overlays.map_threshold),
        ):
            slider.blockSignals(True)
            slider.setValue(round(value * 100))
            slider.blockSignals(False)
            slider.setEnabled(found is not None)
        self._opacity_told.setText(f"{overlays.map_opacity * 100:.0f} %")  # type: ignore[attr-defined]
        self._hide_told.setText(f"{overlays.map_threshold:.2f}")  # type: ignore[attr-defined]
        self.style_choice.choose(overlays.map_style)
        self.colors.choose(overlays.map_colors)
        self.style_choice.setEnabled(found is not None)
        self.colors.setEnabled(found is not None)

    def _tell(self, nothing: bool) -> None:
        explaining = self._explaining
        self._told.setVisible(nothing or explaining.fault is not None)
        if explaining.fault is not None:
            parts.set_tone(self._told, "bad")
            put(self._told.setText, explaining.fault.sentence)
            return
        parts.set_tone(self._told, "text2")
        without = explaining.package_without_maps()
        if without is not None:
            put(self._told.setText, NO_MAP.format(model=without))
        else:
            put(self._told.setText, NOTHING_FOUND if explaining.results_here() else NOTHING)

    @staticmethod
    def _fill(box: QComboBox, entries: list[tuple[str, Words]], chosen: str) -> None:
        told = [(value, tr(words)) for value, words in entries]
        if told != [(box.itemData(n), box.itemText(n)) for n in range(box.count())]:
            box.clear()
            for value, text in told:
                box.addItem(text, value)
        at = box.findData(chosen)
        if at >= 0 and at != box.currentIndex():
            box.setCurrentIndex(at)

    def _choose_method(self, at: int) -> None:
        self._explaining.choose_method(str(self.method.itemData(at)))

    def _choose_target(self, at: int) -> None:
        value = str(self.target.itemData(at))
        self._explaining.choose(value)
        target = self._explaining.target
        if target is not None and target.is_finding and self._workspace.active_key is not None:
            self._workspace.go_to_finding(self._workspace.active_key, value)

    def _set_opacity(self, value: int) -> None:
        self._workspace.overlays.set(map_opacity=value / 100)

    def _set_threshold(self, value: int) -> None:
        self._workspace.overlays.set(map_threshold=value / 100)

    def _on_pane(self, *_: object) -> None:
        if self._workspace.active_key != self._key:
            self.refresh()
