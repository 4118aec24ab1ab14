"""Models: those that fit with a tick, those that do not with the reason, one button, progress."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.actions import Actions
from medviewer.ui.assist.card_view import CardView
from medviewer.ui.jobs import time_words
from medviewer.ui.language import on_change, put, tr
from medviewer.ui.running import ModelRuns, Row

TITLE = Words("Models", "模型")
FIT = Words("Fit this series", "适用于本序列")
NONE_FITS = Words("None fits this series", "没有适用的模型")
NO_MODEL = Words("No model is installed", "未安装模型")
LOOKING = Words("Looking for models…", "正在查找模型…")
RUN_ONE = Words("Run 1 model", "运行 1 个模型")
RUN_MORE = Words("Run {n} models", "运行 {n} 个模型")
NOTHING = Words("Nothing is ticked", "未勾选模型")
CANCEL = Words("Cancel", "取消")
AGAIN = Words("Try again", "重试")
CARD = Words("Model card", "模型卡")
ON = Words("Run this model", "运行该模型")
RUNNING = Words("Running", "运行中")


class _RowView(QWidget):
    """One model."""

    def __init__(self, runs: ModelRuns, cards: CardView) -> None:
        super().__init__()
        self._runs, self._cards = runs, cards
        self._row: Row | None = None
        self._tick = QCheckBox()
        self._tick.clicked.connect(self._toggle)
        put(self._tick.setToolTip, ON)
        self._mark = parts.icon_label("circle-check", "good", 18)
        state = QHBoxLayout()
        state.setContentsMargins(0, 2, 0, 0)
        state.addWidget(self._tick)
        state.addWidget(self._mark)
        holder = QWidget()
        holder.setFixedSize(26, 24)
        holder.setLayout(state)
        self._title = parts.Elided(strong=True)
        self._version = parts.label(tone="text3", size="small")
        self._told = parts.Elided(tone="text2", size="small")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(84)
        self.cancel = parts.button(CANCEL, self._do_cancel, kind="link")
        self._again = parts.button(AGAIN, self._do_again, kind="link")
        self._info = parts.icon_button("info", CARD, self._show_card)
        title = parts.row(self._title, self._version, gap=6)
        title.setStretch(0, 0)
        title.addStretch(1)
        told = parts.row(self._told, self._bar, self.cancel, self._again, gap=10)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addLayout(title)
        words.addLayout(told)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 3, 0, 3)
        box.setSpacing(4)
        box.addWidget(holder, 0, Qt.AlignmentFlag.AlignTop)
        box.addLayout(words, 1)
        box.addWidget(self._info, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_row(self, row: Row) -> None:
        self._row = row
        state = row.state
        going = state in ("running", "waiting")
        self._tick.setVisible(state in ("ready", "unfit", "broken"))
        self._tick.setEnabled(state == "ready")
        self._tick.setChecked(row.ticked and state == "ready")
        mark = {"done": ("circle-check", "good"), "running": ("loader", "ai"), "waiting": ("loader", "text3"),
                "failed": ("octagon-alert", "bad")}.get(state)  # fmt: skip
        self._mark.setVisible(mark is not None)
        if mark is not None:
            from medviewer.ui import icons

            self._mark.setPixmap(icons.pixmap(mark[0], mark[1], 18))
        off = state in ("unfit", "broken")
        parts.set_tone(self._title, "text3" if off else "")
        self._title.setText(tr(row.title))
        self._title.setMaximumWidth(self._title.sizeHint().width() + 4)
        self._version.setText(row.version)
        told = tr(row.words)
        if state == "running":
            told = " · ".join(part for part in (f"{row.share:.0%}", tr(time_words(row.seconds_left))) if part)
            self._told.setToolTip(tr(row.words))
        parts.set_tone(self._told, "bad" if state == "failed" else "text3" if off else "text2")
        self._told.setText(told)
        self._bar.setVisible(going)
        self._bar.setValue(round(row.share * 1000))
        self.cancel.setVisible(going)
        self._again.setVisible(state in ("failed", "done"))
        self._info.setVisible(row.package is not None)
        name = f"{tr(row.title)} {row.version}, {told}"
        self.setAccessibleName(name)
        self._tick.setAccessibleName(name)

    def _toggle(self, on: bool) -> None:
        if self._row is not None:
            self._runs.tick(self._row.name, on)

    def _do_cancel(self) -> None:
        if self._row is not None:
            self._runs.cancel(self._row.name)

    def _do_again(self) -> None:
        row = self._row
        if row is not None and row.package is not None:
            self._runs.run_again(row.package)

    def _show_card(self) -> None:
        if self._row is not None and self._row.package is not None:
            self._cards.open(self._row.package, self)


class ModelsSection(parts.Section):
    """Rows are kept and refilled, so that a progress step does not rebuild anything."""

    def __init__(self, runs: ModelRuns, actions: Actions, open_: bool) -> None:
        super().__init__("models", TITLE, open_)
        self._runs, self._actions = runs, actions
        self._cards = CardView(self)
        self.views: list[_RowView] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._nothing = parts.label(tone="text3", size="small", wrap=True)
        self.run_button = parts.button(
            RUN_ONE, lambda: actions.run("models.run"), kind="quiet", icon="play", token="accent"
        )
        self.box.addLayout(self._rows)
        self.box.addWidget(self._nothing)
        self.box.addWidget(self.run_button)
        runs.changed.connect(self.refresh)
        on_change(self, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        rows = self._runs.rows()
        while len(self.views) < len(rows):
            self.views.append(_RowView(self._runs, self._cards))
            self._rows.addWidget(self.views[-1])
        for view, row in zip(self.views, rows, strict=False):
            view.show_row(row)
        for n, view in enumerate(self.views):
            view.setVisible(n < len(rows))
        fit = [row for row in rows if row.state not in ("unfit", "broken")]
        put(self.note.setText, (FIT if fit else NONE_FITS) if rows else Words("", ""))
        self._nothing.setVisible(not rows)
        put(self._nothing.setText, NO_MODEL if self._runs.searched else LOOKING)
        ticked = len(self._runs.ticked())
        self.run_button.setVisible(bool(fit))
        self.run_button.setEnabled(ticked > 0)
        put(
            self.run_button.setText,
            NOTHING if not ticked else RUN_ONE if ticked == 1 else RUN_MORE.format(n=ticked),
        )
