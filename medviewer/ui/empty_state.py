"""Nothing is open: three ways in, recent studies, one line of self-check."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.words import Words, same
from medviewer.ui import icons, parts, recent
from medviewer.ui.actions import Actions
from medviewer.ui.language import put
from medviewer.ui.recent import Recent
from medviewer.ui.settings import Settings
from medviewer.ui.theme import qcolor

TITLE = Words("Open a study", "打开检查")
LEAD = Words(
    "Folders, ZIP files, DICOM, NIfTI, NRRD, chest films. Files are read in place; AI runs on this computer.",
    "文件夹、ZIP、DICOM、NIfTI、NRRD、胸片。文件原地读取；AI 在本机运行。",
)
OPEN = Words("Open folder", "打开文件夹")
OPEN_WHAT = Words(
    "Reads every study inside, sorts the series, checks the geometry.",
    "读取其中所有检查，整理序列，核对几何信息。",
)
CHOOSE = Words("Choose folder…", "选择文件夹…")
DROP = Words("Drop here", "拖放到此处")
DROP_WHAT = Words(
    "Anywhere in this window. Several folders at once are fine.", "窗口任意位置均可，可一次拖入多个文件夹。"
)
DROP_KINDS = Words(
    "Folder · ZIP · DICOM · NIfTI · NRRD · PNG · JPEG", "文件夹 · ZIP · DICOM · NIfTI · NRRD · PNG · JPEG"
)
DEMO = Words("Try the demo", "试用演示")
DEMO_WHAT = Words(
    "Three synthetic studies with AI results and maps. Works without a network.",
    "三份合成检查，含 AI 结果与显著图。无需网络。",
)
START = Words("Start demo", "开始演示")
RECENT = Words("Recent", "最近打开")
HIDDEN = Words("Names hidden", "姓名已隐藏")
SHOWN = Words("Names shown", "显示姓名")
SERIES = Words("{date} · {n} series", "{date} · {n} 个序列")
ONE_SERIES = Words("{date} · 1 series", "{date} · 1 个序列")
GONE = Words("Folder not connected", "文件夹未连接")
THERE = Words("On this computer", "在本机")
DETAILS = Words("Details", "详细信息")
CHECKING = Words("Checking this computer…", "正在检查本机…")


class _Card(QFrame):
    """One way in; the dashed one is where things are dropped."""

    def __init__(self, icon: str, token: str, title: Words, what: Words, dashed: bool = False) -> None:
        super().__init__()
        self._dashed = dashed
        if not dashed:
            self.setObjectName("outlined")
        self.setFixedHeight(264)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(28, 28, 28, 26)
        self.box.setSpacing(8)
        self.box.addWidget(parts.icon_label(icon, token, 32))
        self.box.addSpacing(12)
        self.box.addWidget(parts.label(title, size="card"))
        told = parts.label(what, "text2", wrap=True)
        told.setStyleSheet("font-size: 14px;")
        self.box.addWidget(told)
        self.box.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._dashed:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(qcolor("line2"), 1.5)
            pen.setDashPattern([5, 4])
            painter.setPen(pen)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 12, 12)


class _RecentCard(QFrame):
    opened = Signal(object)

    def __init__(self, entry: Recent, number: int, names_hidden: bool) -> None:
        super().__init__()
        self.setObjectName("outlined")
        self._entry = entry
        self.setFixedHeight(208)
        self.setMinimumWidth(180)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._picture = QPixmap(str(entry.picture_path))
        title = entry.title if names_hidden or not entry.name else same(entry.name.replace("^", " ").strip())
        count = ONE_SERIES if entry.series == 1 else SERIES
        told = count.format(date=entry.date or "–", n=entry.series)
        there = entry.connected
        state = THERE if there else GONE
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 128, 12, 10)
        box.setSpacing(3)
        box.addLayout(parts.row(parts.Elided(title, strong=True), parts.key_cap(str(number))))
        box.addWidget(parts.Elided(told, "text2", "small"))
        mark = parts.icon_label("check" if there else "hard-drive", "text2" if there else "bad", 14)
        box.addLayout(parts.row(mark, parts.Elided(state, "text2", "small"), gap=6))
        put(self.setAccessibleName, title)
        self.setEnabled(there)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(1, 1, self.width() - 2, 118)
        path = QPainterPath()
        path.addRoundedRect(QRectF(1, 1, self.width() - 2, 140), 11, 11)
        painter.setClipPath(path)
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        painter.fillRect(area, qcolor("image"))
        if not self._picture.isNull():
            size = self._picture.size().scaled(area.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            x = area.center().x() - size.width() / 2
            y = area.center().y() - size.height() / 2
            painter.drawPixmap(
                QRectF(x, y, size.width(), size.height()), self._picture, QRectF(self._picture.rect())
            )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.opened.emit(self._entry)


class EmptyState(QScrollArea):
    """What the window shows while nothing is open."""

    def __init__(self, actions: Actions, settings: Settings, open_recent: Callable[[Recent], None]) -> None:
        super().__init__()
        self._actions, self._settings, self._open_recent = actions, settings, open_recent
        self.setWidgetResizable(True)
        inner = QWidget()
        inner.setObjectName("window")
        self.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget#window { background: #0B0C0E; }")
        self.setWidget(inner)
        page = QVBoxLayout()
        page.setSpacing(0)
        page.addSpacing(72)
        page.addWidget(parts.label(TITLE, size="page"))
        page.addSpacing(14)
        lead = parts.label(LEAD, "text2", wrap=True)
        lead.setStyleSheet("font-size: 14px;")
        page.addWidget(lead)
        page.addSpacing(34)
        page.addLayout(self._ways())
        page.addSpacing(40)
        self._recent_head = QWidget()
        self._names = parts.button(HIDDEN, self._toggle_names, kind="plain", icon="eye-off", token="text2")
        head = parts.row(parts.label(RECENT, size="panel"), None, self._names)
        self._recent_head.setLayout(head)
        page.addWidget(self._recent_head)
        page.addSpacing(10)
        self._cards = QHBoxLayout()
        self._cards.setSpacing(24)
        page.addLayout(self._cards)
        page.addSpacing(40)
        page.addWidget(self._self_check())
        page.addStretch(1)
        page.addSpacing(24)
        column = QWidget()
        column.setLayout(page)
        column.setMaximumWidth(1080)
        page.setContentsMargins(0, 0, 0, 0)
        wide = QHBoxLayout(inner)
        wide.setContentsMargins(24, 0, 24, 0)
        wide.addStretch(1)
        wide.addWidget(column, 100)
        wide.addStretch(1)
        self.refresh()

    def _ways(self) -> QHBoxLayout:
        open_card = _Card("folder-open", "accent", OPEN, OPEN_WHAT)
        self.open_button = self._way_button(CHOOSE, "open.folder", "primary")
        open_card.box.addLayout(self._with_key(self.open_button, "open.folder"))
        drop_card = _Card("download", "text2", DROP, DROP_WHAT, dashed=True)
        drop_card.box.addWidget(parts.label(DROP_KINDS, "text3", "small", wrap=True))
        drop_card.box.addSpacing(10)
        demo_card = _Card("circle-play", "accent", DEMO, DEMO_WHAT)
        self.demo_button = self._way_button(START, "demo.open", "")
        demo_card.box.addLayout(self._with_key(self.demo_button, "demo.open"))
        ways = parts.row(open_card, drop_card, demo_card, gap=24)
        for n in range(3):
            ways.setStretch(n, 1)
        return ways

    def _way_button(self, words: Words, action_id: str, kind: str) -> QPushButton:
        made = parts.button(words, lambda: self._actions.run(action_id), kind)
        made.setFixedSize(160, 36)
        return made

    def _with_key(self, made: QPushButton, action_id: str) -> QHBoxLayout:
        return parts.row(made, None, parts.key_cap(self._actions[action_id].shortcut))

    def _self_check(self) -> QFrame:
        made = QFrame()
        made.setObjectName("outlined")
        made.setStyleSheet("QFrame#outlined { border: none; border-radius: 8px; }")
        made.setFixedHeight(48)
        self._check = QHBoxLayout()
        self._check.setSpacing(28)
        box = QHBoxLayout(made)
        box.setContentsMargins(20, 0, 20, 0)
        box.addLayout(self._check)
        box.addStretch(1)
        box.addWidget(parts.button(DETAILS, lambda: self._actions.run("check.show"), kind="link"))
        self.show_check([("loader", "text3", CHECKING)])
        return made

    def show_check(self, told: list[tuple[str, str, Words]]) -> None:
        """The line of self-check: (icon, tone, words) of each part."""
        parts.clear(self._check)
        for icon, tone, words in told:
            words_label = parts.label(words, "" if tone == "good" else "text2", "small")
            self._check.addLayout(parts.row(parts.icon_label(icon, tone, 15), words_label, gap=8))

    def refresh(self) -> None:
        """Read the list of recent studies anew."""
        parts.clear(self._cards)
        entries = recent.listed(self._settings)
        hidden = self._settings.names_hidden
        self._recent_head.setVisible(bool(entries))
        put(self._names.setText, HIDDEN if hidden else SHOWN)
        self._names.setIcon(icons.icon("eye-off" if hidden else "eye"))
        for number, entry in enumerate(entries, 1):
            card = _RecentCard(entry, number, hidden)
            card.opened.connect(self._open_recent)
            self._cards.addWidget(card, 1)
        for _ in range(recent.KEPT - len(entries)):
            self._cards.addWidget(QLabel(), 1)

    def _toggle_names(self) -> None:
        self._settings.names_hidden = not self._settings.names_hidden
        self.refresh()
