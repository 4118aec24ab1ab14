"""The study browser: search, patients, studies and series with lights, refused files; or a narrow rail."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QStackedLayout,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.study import Index, SeriesInfo
from medviewer.ui import icons, parts
from medviewer.ui.actions import Actions
from medviewer.ui.browser.delegate import BrowserDelegate
from medviewer.ui.browser.model import KIND, OBJECT, BrowserModel, series_name
from medviewer.ui.browser.refused import RefusedList
from medviewer.ui.language import on_change, put, tr

SEARCH = Words("Name, ID, date, text", "姓名、编号、日期、文字")
NOTHING_OPEN = Words("Nothing open", "尚未打开检查")
NOTHING_FOUND = Words("Nothing matches", "没有匹配项")
READING = Words("Reading…", "正在读取…")
OPEN = Words("Open…", "打开…")
PARTIAL = Words("Opened; {n} files refused", "已打开；{n} 个文件被拒绝")
PARTIAL_ONE = Words("Opened; 1 file refused", "已打开；1 个文件被拒绝")
STUDIES = Words("Studies", "检查列表")
RAIL = 48


class _Tree(QTreeView):
    """Rows over the whole width; study rows fold on one click."""

    def __init__(self, model: BrowserModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setMouseTracking(True)
        self.setUniformRowHeights(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setExpandsOnDoubleClick(False)
        self.setAnimated(False)


class Browser(QWidget):
    """`chosen` carries the key of the series that was clicked or entered."""

    chosen = Signal(str)

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._index = Index()
        self._error: MedViewerError | None = None
        self.model = BrowserModel()
        self.tree = _Tree(self.model)
        put(self.tree.setAccessibleName, STUDIES)
        self._delegate = BrowserDelegate(self.tree)
        self._delegate.expanded = self.tree.isExpanded
        self.tree.setItemDelegate(self._delegate)
        self.tree.clicked.connect(self._click)
        self.tree.activated.connect(self._click)
        self._folded: set[str] = set()
        self._shown: list[str] = []
        self.search = QLineEdit()
        self.search.addAction(icons.icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition)
        put(self.search.setPlaceholderText, SEARCH)
        put(self.search.setAccessibleName, SEARCH)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda *_: self._fill())
        self.search.returnPressed.connect(self._first_found)
        self._bar = QProgressBar()
        self._bar.setProperty("tone", "accent")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._told = parts.label(tone="text2", size="small", wrap=True)
        self._nothing = parts.label(tone="text3")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMinimumHeight(80)
        self.refused_button = parts.button(
            PARTIAL, self._show_refused, kind="plain", icon="triangle-alert", token="care"
        )
        self.refused = RefusedList(self)
        self._wide = self._build_wide(actions)
        self._rail, self._rail_box = self._build_rail(actions)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._wide)
        self._stack.addWidget(self._rail)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(80)
        self._soon.timeout.connect(self._fill)
        on_change(self, self._fill)
        self.show_loading(None)
        self._fill()

    def _build_wide(self, actions: Actions) -> QWidget:
        made = QWidget()
        made.setObjectName("panel")
        box = QVBoxLayout(made)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(12, 12, 12, 8)
        head.setSpacing(6)
        head.addWidget(self.search)
        head.addWidget(self._bar)
        head.addWidget(self._told)
        box.addLayout(head)
        box.addWidget(self._nothing)
        box.addWidget(self.tree, 1)
        box.addStretch(0)
        box.addWidget(self.refused_button)
        box.addWidget(parts.line())
        self.open_button = parts.button(
            OPEN, lambda: actions.run("open.folder"), kind="plain", icon="folder-open"
        )
        foot = parts.row(
            self.open_button, None, parts.key_cap(actions["open.folder"].shortcut), margins=(10, 6, 16, 6)
        )
        box.addLayout(foot)
        return made

    def _build_rail(self, actions: Actions) -> tuple[QWidget, QVBoxLayout]:
        made = QWidget()
        made.setObjectName("panel")
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(4, 4, 4, 4)
        box.setSpacing(8)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QVBoxLayout(made)
        whole.setContentsMargins(0, 8, 0, 0)
        words = actions["panel.browser"].words
        switch = parts.icon_button("panel-left", words, lambda: actions.run("panel.browser"))
        whole.addWidget(switch, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addWidget(scroll, 1)
        return made, box

    def set_rail(self, rail: bool) -> None:
        """Narrow (48 px, pictures only) or whole."""
        self._stack.setCurrentWidget(self._rail if rail else self._wide)
        if rail:
            self._fill_rail()

    @property
    def is_rail(self) -> bool:
        return self._stack.currentWidget() is self._rail

    def show_index(self, index: Index) -> None:
        """Show these studies (soon: a scan tells of many at once)."""
        self._index = index
        if not self._soon.isActive():
            self._soon.start()

    def show_loading(self, share: float | None, words: Words | None = None) -> None:
        """How far the scan is; None when it has ended."""
        self._bar.setVisible(share is not None)
        if share is not None:
            self._bar.setValue(round(share * 1000))
            self._error = None
        if self._error is None:
            self._told.setVisible(share is not None)
            if share is not None:
                parts.set_tone(self._told, "text2")
                put(self._told.setText, words or READING)

    def show_error(self, fault: MedViewerError) -> None:
        """What could not be opened at all."""
        self._error = fault
        parts.set_tone(self._told, "bad")
        put(self._told.setText, fault.sentence)
        self._told.show()

    def show_panes(self, keys: Iterable[str], active: str | None) -> None:
        """Mark the series in panes, and choose that of the active one."""
        self._shown = list(keys)
        self._delegate.shown = frozenset(self._shown)
        item = self.model.item_of(active)
        if item is not None:
            self.tree.setCurrentIndex(item.index())
        self.tree.viewport().update()
        if self.is_rail:
            self._fill_rail()

    def set_picture(self, key: str, picture: QImage) -> None:
        self.model.set_picture(key, picture)
        if self.is_rail:
            self._fill_rail()

    def focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _fill(self) -> None:
        current = self.tree.currentIndex().data(OBJECT)
        self.model.fill(self._index, self.search.text().strip())
        searching = bool(self.search.text().strip())
        for n in range(self.model.rowCount()):
            patient = self.model.index(n, 0)
            self.tree.setExpanded(patient, True)
            for m in range(self.model.rowCount(patient)):
                study = self.model.index(m, 0, patient)
                self.tree.setExpanded(study, searching or self._name_of(study) not in self._folded)
        if isinstance(current, SeriesInfo):
            item = self.model.item_of(current.key)
            if item is not None:
                self.tree.setCurrentIndex(item.index())
        found = self.model.rowCount() > 0
        self.tree.setVisible(found)
        self._nothing.setVisible(not found)
        put(self._nothing.setText, NOTHING_FOUND if self._index.patients else NOTHING_OPEN)
        refused = len(self._index.refused)
        self.refused_button.setVisible(refused > 0)
        put(self.refused_button.setText, PARTIAL_ONE if refused == 1 else PARTIAL.format(n=refused))
        self.refused.fill(self._index.refused)
        if self.is_rail:
            self._fill_rail()

    def _fill_rail(self) -> None:
        parts.clear(self._rail_box)
        for one in [s for s in self._index.series() if s.is_image][:40]:
            button = QToolButton()
            button.setFixedSize(40, 40)
            button.setIconSize(QSize(36, 36))
            button.setCheckable(True)
            button.setChecked(one.key in self._shown)
            picture = self.model.picture_of(one.key)
            button.setIcon(QIcon(QPixmap.fromImage(picture)) if picture is not None else icons.icon("image"))
            button.setToolTip(tr(series_name(one)))
            button.setAccessibleName(tr(series_name(one)))
            button.clicked.connect(lambda _=False, key=one.key: self.chosen.emit(key))
            self._rail_box.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            kind = QLabel(one.modality or "")
            kind.setProperty("tone", "text3")
            kind.setProperty("type", "small")
            self._rail_box.addWidget(kind, 0, Qt.AlignmentFlag.AlignHCenter)
        self._rail_box.addStretch(1)

    def _click(self, index: QModelIndex) -> None:
        one = index.data(OBJECT)
        if isinstance(one, SeriesInfo):
            if one.is_image:
                self.chosen.emit(one.key)
        elif index.data(KIND) == "study":
            open_ = not self.tree.isExpanded(index)
            self.tree.setExpanded(index, open_)
            name = self._name_of(index)
            self._folded.discard(name) if open_ else self._folded.add(name)

    def _first_found(self) -> None:
        for one in self._index.series():
            item = self.model.item_of(one.key)
            if item is not None and one.is_image:
                self.chosen.emit(one.key)
                self.tree.setFocus()
                return

    @staticmethod
    def _name_of(index: QModelIndex) -> str:
        study = index.data(OBJECT)
        return f"{study.uid}|{study.date}"

    def _show_refused(self) -> None:
        self.refused.open(self.refused_button)
