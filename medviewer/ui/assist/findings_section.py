"""Findings of the series looked at: a list that takes every pane there, and what the reader says to each."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, Qt
from PySide6.QtGui import QImage, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QListView, QSizePolicy, QWidget

from medviewer.core.finding import Finding
from medviewer.core.units import signed
from medviewer.core.words import Words
from medviewer.ui import images, parts
from medviewer.ui.actions import Actions
from medviewer.ui.assist.findings_model import (
    BUTTONS_HEIGHT,
    FINDING_HEIGHT,
    LABEL_HEIGHT,
    ROW,
    FindingDelegate,
    FindingRow,
    LabelRow,
)
from medviewer.ui.explaining import Explaining
from medviewer.ui.language import on_change, put, tr
from medviewer.ui.running import ModelRuns
from medviewer.workspace import finding_navigation
from medviewer.workspace.workspace import Workspace

TITLE = Words("Findings", "所见")
REVIEWED = Words("{done} of {n} reviewed", "已审阅 {done} / {n}")
LABELS = Words("{n} labels", "{n} 个标签")
NEXT = Words("next", "下一个")
ACCEPT = Words("Accept", "接受")
REJECT = Words("Reject", "拒绝")
EDIT = Words("Edit", "修改")
WHY = Words("Why", "依据")
NOT_RUN = Words("No model has been run", "尚未运行模型")
NOTHING_ABOVE = Words(
    "Nothing found above {x}. That does not rule anything out.", "未发现高于 {x} 的所见，但这不能排除病变。"
)
NOTHING = Words("Nothing found. That does not rule anything out.", "未发现所见，但这不能排除病变。")
SCORE = Words("Score, not calibrated.", "为评分，未经校准。")
PROBABILITY = Words("Probability, calibrated.", "为概率，已校准。")
SHOWN_FROM = Words("Shown from {x} up.", "显示 {x} 及以上。")
MADE_BY = Words("{model} {version} · {s} s · {device}", "{model} {version} · {s} 秒 · {device}")
TALLEST = 6 * FINDING_HEIGHT + BUTTONS_HEIGHT
NAME = Words("Name of the finding", "所见名称")


class FindingsSection(parts.Section):
    """A list view with a delegate; the chosen row carries Accept, Reject, Edit and Why."""

    def __init__(
        self, workspace: Workspace, runs: ModelRuns, explaining: Explaining, actions: Actions, open_: bool
    ) -> None:
        super().__init__("findings", TITLE, open_)
        self._workspace, self._runs, self._explaining, self._actions = workspace, runs, explaining, actions
        self._pictures: dict[tuple[str, str], QImage | None] = {}
        self.rows: list[FindingRow | LabelRow] = []
        self.side.addWidget(parts.label(NEXT, "text2", "small"))
        self.side.addWidget(parts.key_cap(actions["finding.next"].shortcut))
        self._model = QStandardItemModel(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(FindingDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        put(self.list.setAccessibleName, TITLE)
        self.list.clicked.connect(self._click)
        self.list.activated.connect(self._click)
        self._buttons = self._make_buttons()
        self.list.verticalScrollBar().valueChanged.connect(self._follow)
        self.editor = QLineEdit(self.list.viewport())
        put(self.editor.setAccessibleName, NAME)
        self.editor.returnPressed.connect(self._end_edit)
        self.editor.hide()
        self._empty = parts.label(tone="text2", size="small", wrap=True)
        self._foot = parts.label(tone="text3", size="small", wrap=True)
        self.box.addWidget(self._empty)
        self.box.addWidget(self.list)
        self.box.addWidget(self._foot)
        workspace.results.changed.connect(lambda *_: self.refresh())
        workspace.results.chosen_changed.connect(self.refresh)
        workspace.active_changed.connect(lambda *_: self.refresh())
        workspace.pane_changed.connect(self._on_pane)
        workspace.overlays.changed.connect(self._on_overlays)
        workspace.volume_changed.connect(lambda *_: self.refresh())
        explaining.changed.connect(self._on_target)
        runs.changed.connect(self._on_runs)
        on_change(self, self.refresh)
        self._key: str | None = None
        self._least = workspace.overlays.finding_threshold
        self._target: str | None = None
        self.list.viewport().installEventFilter(self)
        self.editor.installEventFilter(self)
        self.refresh()

    def _make_buttons(self) -> QWidget:
        made = QWidget(self.list.viewport())
        self.accept = parts.button(ACCEPT, lambda: self._actions.run("finding.accept"), icon="check")
        self.reject = parts.button(REJECT, lambda: self._actions.run("finding.reject"), icon="x")
        self.edit = parts.button(EDIT, lambda: self._actions.run("finding.edit"), icon="pencil")
        self.why = parts.button(WHY, lambda: self._actions.run("why.show"), kind="ai")
        made.setLayout(parts.row(self.accept, self.reject, self.edit, self.why, gap=6, margins=(10, 2, 8, 6)))
        for button in (self.accept, self.reject, self.edit, self.why):
            button.setStyleSheet("QPushButton { padding: 0 6px; min-height: 28px; }")
        made.hide()
        return made

    def refresh(self) -> None:
        """Read everything anew."""
        key = self._workspace.active_key
        if key != self._key:
            self.stop_edit()
        self._key = key
        chosen = self._workspace.results.chosen
        shown = {f.id for f in finding_navigation.shown_findings(self._workspace, key)}
        rows: list[FindingRow | LabelRow] = []
        for number, finding in enumerate(self._workspace.results.findings(key), 1):
            if finding.id in shown:
                picked = key is not None and chosen == (key, finding.id)
                picture = self._picture(key or "", finding)
                rows.append(FindingRow(number, finding, self._title(key, finding), picture, picked))
        target = self._explaining.target
        self._target = target.id if target else None
        for result in self._workspace.results.of(key):
            for score in sorted(result.classes, key=lambda c: -c.probability):
                words = self._runs.label_words(result, score.label)
                rows.append(LabelRow(score, words, self._target == score.label))
        self.rows = rows
        self._model.clear()
        for row in rows:
            item = QStandardItem(row.told())
            item.setData(row, ROW)
            item.setEditable(False)
            self._model.appendRow(item)
        self._layout_list()
        self._say()

    def _layout_list(self) -> None:
        height = sum(
            LABEL_HEIGHT if isinstance(r, LabelRow) else FINDING_HEIGHT + (BUTTONS_HEIGHT if r.chosen else 0)
            for r in self.rows
        )
        self.list.setFixedHeight(min(height, TALLEST))
        self.list.setVisible(bool(self.rows))
        self._place_buttons()

    def _place_buttons(self) -> None:
        at = next((n for n, r in enumerate(self.rows) if isinstance(r, FindingRow) and r.chosen), None)
        self._buttons.setVisible(at is not None)
        if at is None:
            return
        self.list.scrollTo(self._model.index(at, 0))
        self._follow()
        self.list.setCurrentIndex(self._model.index(at, 0))

    def _follow(self, *_: int) -> None:
        """The buttons stay in their row when the list is scrolled."""
        at = next((n for n, r in enumerate(self.rows) if isinstance(r, FindingRow) and r.chosen), None)
        if at is None:
            return
        area = self.list.visualRect(self._model.index(at, 0))
        self._buttons.setGeometry(
            QRect(area.left(), area.top() + FINDING_HEIGHT - 2, area.width(), BUTTONS_HEIGHT)
        )

    def _say(self) -> None:
        key = self._workspace.active_key
        results = self._workspace.results.of(key)
        done, total = self._workspace.results.reviewed(key)
        labels = [row for row in self.rows if isinstance(row, LabelRow)]
        if total:
            put(self.note.setText, REVIEWED.format(done=done, n=total))
        elif labels:
            put(self.note.setText, LABELS.format(n=len(labels)))
        else:
            put(self.note.setText, Words("", ""))
        self._empty.setVisible(not self.rows)
        foot: list[Words] = []
        if not results:
            put(self._empty.setText, NOT_RUN)
        else:
            least = self._least_shown()
            put(self._empty.setText, NOTHING_ABOVE.format(x=f"{least:.2f}") if least is not None else NOTHING)
            figures = [
                f.calibrated for f in self._workspace.results.findings(key) if f.probability is not None
            ]
            figures += [row.score.calibrated for row in labels]
            if figures:
                foot.append(PROBABILITY if all(figures) else SCORE)
            if least is not None and total:
                foot.append(SHOWN_FROM.format(x=f"{least:.2f}"))
            for result in results:
                spec = self._runs.spec_of(result)
                name = (
                    spec.title if spec else Words(result.model.get("name", ""), result.model.get("name", ""))
                )
                seconds = signed(result.seconds, 1)
                foot.append(
                    MADE_BY.format(model=name, version=result.model.get("version", ""), s=seconds,
                                   device=result.device.upper())
                )  # fmt: skip
                foot += result.notes
        self._foot.setVisible(bool(foot))
        put(self._foot.setText, Words("\n".join(w.en for w in foot), "\n".join(w.zh for w in foot)))

    def _least_shown(self) -> float | None:
        """Scores below this are not in the list."""
        least = self._workspace.overlays.finding_threshold
        for result in self._workspace.results.of(self._workspace.active_key):
            spec = self._runs.spec_of(result)
            if spec is not None and spec.detection is not None:
                least = max(least, spec.detection.min_score)
        return least if least > 0 else None

    def _title(self, key: str | None, finding: Finding) -> Words:
        for result in self._workspace.results.of(key):
            if any(f.id == finding.id for f in result.findings):
                return self._runs.label_words(result, finding.label)
        return Words(finding.label, finding.label)

    def _picture(self, key: str, finding: Finding) -> QImage | None:
        place = (key, finding.id)
        loaded = self._workspace.volumes.get(key)
        if place not in self._pictures and loaded is not None:
            self._pictures[place] = images.of_finding(loaded.volume, finding, loaded.window)
        return self._pictures.get(place)

    # ---- what the person does

    def _click(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        key = self._workspace.active_key
        if key is None or row is None:
            return
        if isinstance(row, FindingRow):
            self._workspace.go_to_finding(key, row.id)
        else:
            self._explaining.choose(row.id)

    def begin_edit(self) -> None:
        """A field over the chosen row's words."""
        at = next((n for n, r in enumerate(self.rows) if isinstance(r, FindingRow) and r.chosen), None)
        if at is None:
            return
        self.set_open(True)
        row = self.rows[at]
        area = self.list.visualRect(self._model.index(at, 0))
        self.editor.setGeometry(QRect(area.left() + 66, area.top() + 6, area.width() - 76, 30))
        self.editor.setText(tr(row.title))
        self.editor.selectAll()
        self.editor.show()
        self.editor.raise_()
        self.editor.setFocus()

    def stop_edit(self) -> None:
        if self.editor.isVisible():
            self.editor.hide()
            self.list.setFocus()

    def _end_edit(self) -> None:
        chosen = self._workspace.results.chosen
        text = self.editor.text().strip()
        self.stop_edit()
        if chosen is not None and text:
            finding_navigation.edit(self._workspace, chosen[0], chosen[1], label=text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.list.viewport() and event.type() == QEvent.Type.Resize:
            self._follow()
        escaped = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self.editor and event.type() == QEvent.Type.KeyPress and escaped:
            self.stop_edit()
            return True
        return False

    # ---- what may have changed

    def _on_pane(self, *_: object) -> None:
        if self._workspace.active_key != self._key:
            self.refresh()

    def _on_overlays(self) -> None:
        if self._workspace.overlays.finding_threshold != self._least:
            self._least = self._workspace.overlays.finding_threshold
            self.refresh()

    def _on_target(self) -> None:
        target = self._explaining.target
        if (target.id if target else None) != self._target:
            self.refresh()

    def _on_runs(self) -> None:
        if not self.rows and self._workspace.results.of(self._workspace.active_key):
            self.refresh()
