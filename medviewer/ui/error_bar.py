"""The bar under the top bar that tells a fault: sentence, what to do, details to copy. Never a dialogue."""

from __future__ import annotations

import platform

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medviewer import __version__, logs, paths
from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.ui import faults, icons, parts
from medviewer.ui.language import on_change, tr
from medviewer.ui.theme import COLORS

DETAILS = Words("Details", "详细信息")
COPY = Words("Copy for support", "复制以供支持")
CLOSE = Words("Close", "关闭")
MORE = Words("and {n} more", "另有 {n} 条")


class ErrorBar(QFrame):
    """Shows the latest fault until it is closed or the next thing the person opens goes well."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error")
        self.setStyleSheet(
            f"QFrame#error {{ background: #2A1A1B; border-bottom: 1px solid {COLORS['bad']}; }}"
            f"QLabel#told {{ color: {COLORS['text']}; font-weight: 500; }}"
        )
        self._faults: list[MedViewerError] = []
        self._sentence = QLabel()
        self._sentence.setObjectName("told")
        self._sentence.setWordWrap(True)
        self._more = parts.label(tone="text2", size="small")
        self._details = parts.button(DETAILS, self._toggle, kind="link")
        self._text = parts.label(tone="text2", size="small", wrap=True)
        self._copy = parts.button(COPY, self._copy_details, kind="plain", icon="copy")
        mark = QLabel()
        mark.setPixmap(icons.pixmap("octagon-alert", "bad", 18))
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(10)
        head.addWidget(mark)
        head.addWidget(self._sentence, 1)
        head.addWidget(self._more)
        head.addWidget(self._details)
        head.addWidget(parts.icon_button("x", CLOSE, self.close_bar))
        self._below = QWidget()
        below = QHBoxLayout(self._below)
        below.setContentsMargins(28, 0, 0, 4)
        below.addWidget(self._text, 1)
        below.addWidget(self._copy)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 4, 10, 4)
        box.setSpacing(2)
        box.addLayout(head)
        box.addWidget(self._below)
        self._below.hide()
        self.hide()
        faults.desk().told.connect(self.tell)
        on_change(self, self._speak)

    def tell(self, fault: MedViewerError) -> None:
        """Show that fault."""
        if not self._faults or self._faults[-1].code != fault.code:
            self._faults.append(fault)
        else:
            self._faults[-1] = fault
        self._below.hide()
        self._speak()
        self.show()

    def close_bar(self) -> None:
        self._faults.clear()
        self.hide()

    @property
    def told(self) -> str:
        """The sentence on show, empty where there is none."""
        return self._sentence.text() if self._faults else ""

    def _speak(self) -> None:
        if not self._faults:
            return
        fault = self._faults[-1]
        sentence = tr(fault.sentence)
        self._sentence.setText(f"{sentence} {tr(fault.hint)}" if fault.hint else sentence)
        others = len(self._faults) - 1
        self._more.setText(tr(MORE.format(n=others)) if others else "")
        self._text.setText(self.details())
        self.setAccessibleName(self._sentence.text())

    def details(self) -> str:
        """What support needs: code, versions, where the log is; no patient data."""
        fault = self._faults[-1]
        lines = [
            f"{fault.code} · MedViewer {__version__} · {platform.system()} {platform.machine()}",
            str(paths.logs_folder() / logs.NAME),
        ]
        if fault.detail:
            lines.append(fault.detail[:2000])
        return "\n".join(lines)

    def _toggle(self) -> None:
        self._below.setVisible(not self._below.isVisible())

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self.details())
