"""The card beside a map: verdict, sentence, four questions with their figures and baselines."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout

from medviewer.core.segmentation import SaliencyMap
from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.assist import trust
from medviewer.ui.assist.bars import Bar

TITLE = Words("How far to trust this map", "该图可信到何种程度")
RULE = Words(
    "Any No: do not rely on it. A figure missing: not measured. Any Barely: use with care. Else fair.",
    "任一为否：请勿依赖。缺少指标：未测定。任一为勉强：谨慎参考。否则：尚可。",
)
CELL_MM = Words("One map cell = {n} mm", "一个图格 = {n} mm")
CELL_PX = Words("One map cell = {n} pixels", "一个图格 = {n} 像素")


class TrustCard(QFrame):
    """`show_map(found, measured)`; without figures it says that they are being measured."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(12, 12, 12, 12)
        self._box.setSpacing(6)
        self._shown: tuple[int, bool] | None = None
        self.verdict = ""

    def show_map(self, found: SaliencyMap | None, measured: bool) -> None:
        state = (id(found), measured)
        if state == self._shown:
            return
        self._shown = state
        parts.clear(self._box)
        self.setVisible(found is not None)
        self.verdict = ""
        if found is None:
            return
        self._box.addWidget(parts.label(TITLE, "text2", "small"))
        if not measured:
            self._box.addWidget(parts.label(trust.MEASURING, wrap=True))
            return
        asked = trust.questions(found)
        self.verdict = found.verdict
        words, icon, tone = trust.VERDICTS[found.verdict]
        title = parts.label(words, size="panel", wrap=True)
        title.setToolTip("")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(parts.icon_label(icon, tone, 18), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(title, 1)
        self._box.addLayout(head)
        self._box.addWidget(parts.label(trust.sentence(asked), wrap=True))
        for question in asked:
            self._box.addWidget(parts.line())
            self._box.addLayout(self._question(question))
        self._box.addWidget(parts.line())
        size = f"{found.cell:.0f}" if found.cell >= 10 else f"{found.cell:.1f}"
        cell = CELL_MM if found.cell_unit == "mm" else CELL_PX
        self._box.addWidget(parts.label(cell.format(n=size), "text3", "small"))
        self._box.addWidget(parts.label(RULE, "text3", "small", wrap=True))

    @staticmethod
    def _question(question: trust.Question) -> QVBoxLayout:
        words, icon, tone = trust.ANSWERS[question.answer]
        answer = parts.label(words, tone, strong=True)
        answer.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        head = parts.row(parts.icon_label(icon, tone, 15), gap=6)
        head.addWidget(parts.label(question.words, strong=True, wrap=True), 1)
        head.addWidget(parts.label(question.source, "text2", "small"))
        head.addWidget(answer)
        grid = QGridLayout()
        grid.setContentsMargins(21, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, 132)
        for n, figure in enumerate(question.figures):
            grid.addWidget(parts.label(figure.words, "text2", "small"), n, 0)
            grid.addWidget(Bar(figure.share, "ai" if figure.own else "text3", width=60), n, 1)
            value = parts.label(Words(figure.text, figure.text), "text2", "small")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setMinimumWidth(44)
            grid.addWidget(value, n, 2)
        return parts.column(head, grid, gap=2)
