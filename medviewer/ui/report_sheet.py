"""The whole geometry report of a series, opened from its trust mark."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from medviewer.core.report import GeometryReport
from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.browser.model import LIGHTS

TITLE = Words("Geometry of this series", "本序列的几何信息")
NOTHING = Words(
    "Nothing was put right; positions and lengths are as the files give them.",
    "未作任何校正；位置与长度与文件一致。",
)
CLOSE = Words("Close", "关闭")


class ReportSheet(QFrame):
    """Popup with one line to each thing that was noticed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 14, 14, 14)
        box.addLayout(
            parts.row(parts.label(TITLE, size="panel"), None, parts.icon_button("x", CLOSE, self.close))
        )
        box.addLayout(self._rows)
        self.setFixedWidth(440)

    def open(self, report: GeometryReport, at: QPoint) -> None:
        parts.clear(self._rows)
        icon, tone = LIGHTS[report.verdict]
        self._rows.addLayout(
            parts.row(
                parts.icon_label(icon, tone, 18), parts.label(report.words, strong=True, wrap=True), gap=10
            )
        )
        for item in report.items:
            if item.sentence != report.words:
                self._rows.addWidget(parts.label(item.sentence, "text2", wrap=True))
        if not report.items:
            self._rows.addWidget(parts.label(NOTHING, "text2", wrap=True))
        self.adjustSize()
        self.move(at.x(), at.y() - self.height() - 8)
        self.show()
