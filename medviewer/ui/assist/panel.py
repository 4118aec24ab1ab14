"""The Assist panel: everything that models do, in sections that fold."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.actions import Actions
from medviewer.ui.assist.findings_section import FindingsSection
from medviewer.ui.assist.models_section import ModelsSection
from medviewer.ui.assist.segments_section import SegmentsSection
from medviewer.ui.assist.why_section import WhySection
from medviewer.ui.explaining import Explaining
from medviewer.ui.running import ModelRuns
from medviewer.ui.settings import Settings
from medviewer.workspace.workspace import Workspace

TITLE = Words("Assist", "辅助")
HERE = Words("Runs on this computer", "在本机运行")
HIDE = Words("Hide this panel", "隐藏此面板")


class AssistPanel(QWidget):
    """Models, Findings, Segments, Why."""

    def __init__(
        self,
        workspace: Workspace,
        runs: ModelRuns,
        explaining: Explaining,
        actions: Actions,
        settings: Settings,
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings = settings
        self._explaining = explaining
        self._to_why = False
        explaining.changed.connect(self._follow_why)
        closed = settings.closed_sections
        self.models = ModelsSection(runs, actions, "models" not in closed)
        self.findings = FindingsSection(workspace, runs, explaining, actions, "findings" not in closed)
        self.segments = SegmentsSection(workspace, runs, "segments" not in closed)
        self.why = WhySection(workspace, explaining, actions, "why" not in closed)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 8, 0)
        head.addWidget(parts.label(TITLE, size="panel"))
        head.addStretch(1)
        head.addWidget(parts.label(HERE, "text3", "small"))
        head.addWidget(parts.icon_button("panel-right", HIDE, lambda: actions.run("panel.assist")))
        top = QWidget()
        top.setFixedHeight(44)
        top.setLayout(head)
        inner = QWidget()
        sections = QVBoxLayout(inner)
        sections.setContentsMargins(0, 0, 0, 8)
        sections.setSpacing(0)
        for section in (self.models, self.findings, self.segments, self.why):
            sections.addWidget(section)
            if section is not self.why:
                sections.addWidget(parts.line())
            section.folded.connect(self._folded)
        sections.addStretch(1)
        self.scroll_area = QScrollArea()
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setWidget(inner)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(top)
        box.addWidget(parts.line())
        box.addWidget(self.scroll_area, 1)

    def show_why(self) -> None:
        """Unfold Why and bring it into sight."""
        self.why.set_open(True)
        self._to_why = True
        QTimer.singleShot(0, self._scroll_to_why)

    def _follow_why(self) -> None:
        """Once more when the trust card has come: only now is there that much to show."""
        if self._to_why and self._explaining.running is None and self._explaining.map is not None:
            self._to_why = False
            QTimer.singleShot(50, self._scroll_to_why)

    def _scroll_to_why(self) -> None:
        """Its heading to the top, once the layout knows where that is."""
        bar = self.scroll_area.verticalScrollBar()
        bar.setValue(min(bar.maximum(), self.why.y() - 4))

    def _folded(self, name: str, closed: bool) -> None:
        names = set(self._settings.closed_sections)
        (names.add if closed else names.discard)(name)
        self._settings.closed_sections = sorted(names)
