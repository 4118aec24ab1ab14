"""What `medviewer doctor` finds, in the window: each item ok, warn or fail, with the fix."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.doctor.item import Item
from medviewer.ui import parts
from medviewer.ui.jobs import Jobs

TITLE = Words("This computer", "本机检查")
CHECKING = Words("Checking this computer…", "正在检查本机…")
CLOSE = Words("Close", "关闭")
NAME = Words("Checking this computer", "检查本机")
MARKS = {"ok": ("circle-check", "good"), "warn": ("triangle-alert", "care"), "fail": ("octagon-alert", "bad")}


class CheckSheet(QFrame):
    """Popup in the middle of the window; looks anew each time it is opened."""

    def __init__(self, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._jobs, self._window = jobs, parent.window()
        inner = QWidget()
        inner.setObjectName("floating")
        self._rows = QVBoxLayout(inner)
        self._rows.setSpacing(10)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 14, 12, 12)
        box.addLayout(
            parts.row(parts.label(TITLE, size="panel"), None, parts.icon_button("x", CLOSE, self.close))
        )
        box.addWidget(scroll)

    def open(self) -> None:
        parts.clear(self._rows)
        self._rows.addWidget(parts.label(CHECKING, "text2"))
        self._rows.addStretch(1)
        self.resize(640, 560)
        corner = self._window.mapToGlobal(self._window.rect().center())
        self.move(corner.x() - self.width() // 2, corner.y() - self.height() // 2)
        self.show()

        def work(_: Progress) -> list[Item]:
            from medviewer.doctor.checks import check_all

            return check_all()

        self._jobs.run("check", NAME, work, self._fill, quiet=True)

    def _fill(self, items: list[Item]) -> None:
        parts.clear(self._rows)
        for item in items:
            icon, tone = MARKS[item.state]
            words = parts.column(
                parts.label(item.title, strong=True),
                parts.label(item.detail, "text2", "small", wrap=True),
                gap=1,
            )
            if item.fix is not None:
                words.addWidget(parts.label(item.fix, "accent", "small", wrap=True))
            row = parts.row(parts.icon_label(icon, tone, 18), gap=12)
            row.setAlignment(Qt.AlignmentFlag.AlignTop)
            row.addLayout(words, 1)
            self._rows.addLayout(row)
        self._rows.addStretch(1)
