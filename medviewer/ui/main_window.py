"""The main window: where its parts lie, and what they tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices, QDragEnterEvent, QDropEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from medviewer import paths
from medviewer.core.jobs import Progress
from medviewer.core.words import Language, Words
from medviewer.ui import jobs as window_jobs
from medviewer.ui import language, recent, self_check, theme
from medviewer.ui.actions import Actions, assisting, program, viewing
from medviewer.ui.actions.context import Context
from medviewer.ui.assist.panel import AssistPanel
from medviewer.ui.browser.panel import RAIL, Browser
from medviewer.ui.check_sheet import CheckSheet
from medviewer.ui.demo_tour import DemoTour
from medviewer.ui.empty_state import EmptyState
from medviewer.ui.error_bar import ErrorBar
from medviewer.ui.explaining import Explaining
from medviewer.ui.jobs_panel import JobsPanel
from medviewer.ui.keys import Keys
from medviewer.ui.language import tr
from medviewer.ui.offer_bar import OfferBar
from medviewer.ui.opening import Opening
from medviewer.ui.palette import Palette
from medviewer.ui.panes.grid import PaneGrid
from medviewer.ui.readout import Readout
from medviewer.ui.recent import Recent
from medviewer.ui.report_sheet import ReportSheet
from medviewer.ui.running import ModelRuns
from medviewer.ui.session_keeper import SessionKeeper
from medviewer.ui.settings import Settings
from medviewer.ui.settings_menu import settings_menu
from medviewer.ui.shortcut_sheet import ShortcutSheet
from medviewer.ui.status_line import StatusLine
from medviewer.ui.toast import Toast
from medviewer.ui.top_bar import TopBar
from medviewer.ui.warming import WarmSessions
from medviewer.workspace import session as sessions
from medviewer.workspace.workspace import Workspace

SMALLEST = (1120, 700)
RAIL_BELOW, NO_ASSIST_BELOW = 1320, 1180
CHOOSE = Words("Choose a folder", "选择文件夹")
CHOOSE_FILES = Words("Choose files", "选择文件")
CHECK = Words("Checking this computer", "检查本机")
NO_CHINESE = Words(
    "This computer has no Chinese font, so the window stays in English.", "本机没有中文字体，窗口保持英文。"
)
RESTORE_WHAT = Words("The last session was cut off. Its marks are safe.", "上次会话异常中断，标记已保留。")
RESTORE = Words("Open it again", "重新打开")


class MainWindow(QMainWindow):
    """Builds the parts in the order in which they need each other; see `Context` for what actions may ask."""

    def __init__(self, settings: Settings, private: bool = False) -> None:
        """private: nothing is kept when it closes, and nothing that was kept is brought back."""
        super().__init__()
        self.settings = settings
        self._private = private
        self.workspace = Workspace()
        self.workspace.overlays.patient = True
        self.jobs = window_jobs.Jobs(self)
        self.opening = Opening(self.workspace, self.jobs, settings, self)
        self.runs = ModelRuns(self.workspace, self.jobs, settings, self)
        self.warming = WarmSessions(self.workspace, self.runs, self.jobs, settings, self)
        self.explaining = Explaining(self.workspace, self.runs, self.jobs, settings, self)
        self.tour = DemoTour(self.workspace, self.jobs, self.opening, self.runs, self.explaining, self)
        self.keeper = SessionKeeper(self.workspace, self)
        self._browser_open, self._assist_open = settings.browser_open, settings.assist_open
        self.actions_ = Actions(self)
        context = Context(self.workspace, self.runs, self.explaining, settings, self)
        program.add(self.actions_, context)
        viewing.add(self.actions_, context)
        assisting.add(self.actions_, context)
        self._build()
        self._connect()
        self.keys = Keys(self, self.actions_)
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self.resize(1600, 1000)
        self.setWindowTitle("MedViewer")
        if not private and not settings.geometry.isEmpty():
            self.restoreGeometry(QByteArray(settings.geometry))
        self._show_state()
        self.stack.setFocus()

    def _build(self) -> None:
        actions = self.actions_
        self.top_bar = TopBar(actions, viewing.BAR)
        self.error_bar = ErrorBar()
        self.offer_bar = OfferBar()
        self.browser = Browser(actions)
        self.grid = PaneGrid(self.workspace)
        self.assist = AssistPanel(self.workspace, self.runs, self.explaining, actions, self.settings)
        self.status = StatusLine(self.jobs)
        self.readout = Readout(self.workspace, self.status)
        self.empty = EmptyState(actions, self.settings, self._open_recent)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for part in (self.browser, self.grid, self.assist):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.splitterMoved.connect(self._remember_widths)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.splitter)
        whole = QWidget()
        whole.setObjectName("window")
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for bar in (self.top_bar, self.error_bar, self.offer_bar):
            box.addWidget(bar)
        box.addWidget(self.stack, 1)
        box.addWidget(self.status)
        self.setCentralWidget(whole)
        self.palette_popup = Palette(actions, self)
        self.shortcuts = ShortcutSheet(actions, self)
        self.jobs_panel = JobsPanel(self.jobs, self)
        self.check_sheet = CheckSheet(self.jobs, self)
        self.report_sheet = ReportSheet(self)
        self.toast = Toast(self.grid, lambda: actions.run("edit.undo"))

    def _connect(self) -> None:
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._refresh)
        workspace, changed = self.workspace, self.actions_.changed
        workspace.studies.changed.connect(self._studies_changed)
        for signal in (workspace.layout.changed, workspace.overlays.changed, workspace.undo.changed):
            signal.connect(changed.emit)
        for told in (workspace.active_changed, workspace.tool_changed, workspace.pane_changed, workspace.volume_changed,
                     workspace.results.changed):  # fmt: skip
            told.connect(lambda *_: self._soon.start())
        workspace.results.chosen_changed.connect(lambda: self._soon.start())
        workspace.undo.did.connect(self._did)
        workspace.results.changed.connect(self._count_findings)
        self.runs.changed.connect(self._soon.start)
        self.explaining.changed.connect(self._soon.start)
        self.browser.chosen.connect(workspace.open_series)
        self.opening.scan_changed.connect(self._scan_changed)
        self.opening.scan_failed.connect(self.browser.show_error)
        self.opening.opened.connect(lambda *_: self.error_bar.close_bar())
        self.opening.picture_ready.connect(self.browser.set_picture)
        self.opening.load_changed.connect(self._load_changed)
        self.status.jobs_wanted.connect(lambda: self.actions_.run("jobs.show"))
        self.keeper.saved_changed.connect(self.status.show_saved)
        self.actions_.ran.connect(self._ran)
        self.grid.report_wanted.connect(self._show_report)

    # ---- start

    def start(self, sources: Sequence[Path], demo: bool = False) -> None:
        """Open what was asked for; look at the computer once the first image is there or nothing was asked."""
        cut_off = self.keeper.start()
        if cut_off is not None and not sources and not demo:
            again = sessions.opened_paths(cut_off)
            self.offer_bar.offer(RESTORE_WHAT, RESTORE, lambda: self.opening.open_paths(
                again, lambda _: sessions.restore(self.workspace, cut_off)))  # fmt: skip
        if sources:
            self.opening.open_paths(sources)
        elif demo:
            self.tour.start()
        QTimer.singleShot(2500 if sources else 300, self.look_around)

    def look_around(self) -> None:
        """Ask where models run and which there are, in jobs."""

        def done(machine: self_check.Machine) -> None:
            self.status.show_device(machine.device, machine.threads)
            self.empty.show_check(self_check.told(machine, theme.has_chinese()))

        self.jobs.run("check", CHECK, self_check.look, done, quiet=True)
        if not self.runs.searched:
            self.runs.look_for_packages()

    # ---- what others tell

    def _studies_changed(self) -> None:
        self.browser.show_index(self.workspace.studies.index)
        self._show_state()
        self._soon.start()

    def _show_state(self) -> None:
        """Panels and panes where anything is open, else the three ways in."""
        open_ = bool(self.workspace.studies.images() or self.workspace.studies.index.refused)
        opens = open_ and self.stack.currentWidget() is not self.splitter
        self.stack.setCurrentWidget(self.splitter if open_ else self.empty)
        if opens:
            self.grid.active.setFocus()  # letters are for the image, not for the search field
        self.top_bar.show_study(open_)
        if not open_:
            self.empty.refresh()
        self._fit_panels()

    def _refresh(self) -> None:
        self.actions_.changed.emit()
        workspace = self.workspace
        self.browser.show_panes(workspace.open_keys, workspace.active_key)
        self.readout.refresh()

    def _scan_changed(self, progress: Progress | None) -> None:
        self.browser.show_loading(progress.share if progress else None, progress.words if progress else None)

    def _load_changed(self, key: str, share: float | None) -> None:
        self.browser.model.set_loading(key, share)

    def _count_findings(self, key: str) -> None:
        results = self.workspace.results
        above = sum(score.positive for score in results.classes(key))
        self.browser.model.set_findings(key, len(results.findings(key)) + above)

    def _did(self, command: object) -> None:
        name = self.workspace.undo.undo_name
        if name is not None:
            self.toast.tell(Words(name.en[:1].upper() + name.en[1:], name.zh), can_undo=True)

    def _ran(self, action_id: str) -> None:
        if action_id.startswith("layout."):
            self.settings.layout = self.workspace.layout.name

    def _show_report(self, key: str) -> None:
        series = self.workspace.volumes.get(key)
        if series is not None:
            self.report_sheet.open(series.volume.report, self.cursor().pos())

    # ---- panels

    def _fit_panels(self) -> None:
        """Widths as kept; on a narrow window the browser becomes a rail, then Assist goes."""
        width = self.width()
        rail = not self._browser_open or width < RAIL_BELOW
        self.browser.set_rail(rail)
        self.browser.setMinimumWidth(RAIL if rail else 200)
        self.browser.setMaximumWidth(RAIL if rail else 400)
        shown = self._assist_open and (width >= NO_ASSIST_BELOW or self._assist_forced)
        self.assist.setVisible(shown)
        self.assist.setMinimumWidth(320)
        self.assist.setMaximumWidth(480)
        left = RAIL if rail else self.settings.browser_width
        right = self.settings.assist_width if shown else 0
        self.splitter.setSizes([left, max(200, width - left - right), right])

    _assist_forced = False

    def _remember_widths(self, *_: int) -> None:
        left, right = self.splitter.sizes()[0], self.splitter.sizes()[2]
        if not self.browser.is_rail:
            self.settings.browser_width = left
        if self.assist.isVisible():
            self.settings.assist_width = right

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.keys.attach(self.windowHandle())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_panels()

    def browser_is_open(self) -> bool:
        return self._browser_open

    def assist_is_open(self) -> bool:
        return self._assist_open

    def toggle_browser(self) -> None:
        self._browser_open = not self._browser_open
        self.settings.browser_open = self._browser_open
        self._fit_panels()

    def toggle_assist(self) -> None:
        self._assist_open = not self._assist_open
        self._assist_forced = self._assist_open
        self.settings.assist_open = self._assist_open
        self._fit_panels()

    def toggle_panels(self) -> None:
        shown = self._browser_open or self._assist_open
        self._browser_open = self._assist_open = not shown
        self._fit_panels()

    # ---- commands of actions

    def choose_folder(self) -> None:
        told = QFileDialog.getExistingDirectory(self, tr(CHOOSE), self.settings.last_folder)
        if told:
            self.settings.last_folder = told
            self.open_sources([Path(told)])

    def choose_files(self) -> None:
        told, _ = QFileDialog.getOpenFileNames(self, tr(CHOOSE_FILES), self.settings.last_folder)
        if told:
            self.settings.last_folder = str(Path(told[0]).parent)
            self.open_sources([Path(one) for one in told])

    def open_sources(self, sources: Sequence[Path]) -> None:
        """Open files and folders."""
        self.error_bar.close_bar()
        self.opening.open_paths(sources)

    def open_demo(self) -> None:
        self.error_bar.close_bar()
        self.tour.start()

    def open_recent(self, number: int) -> bool:
        listed = recent.listed(self.settings)
        if not 1 <= number <= len(listed):
            return False
        self._open_recent(listed[number - 1])
        return True

    def _open_recent(self, entry: Recent) -> None:
        if entry.connected:
            self.open_sources([Path(source) for source in entry.sources])

    def close_all(self) -> None:
        """Take every study out; marks and reviews stay in the journal."""
        self.jobs.cancel_all()
        workspace = self.workspace
        keys = [series.key for series in workspace.studies.index.series()]
        for key in keys:
            workspace.close_series(key)
        workspace.studies.clear()

    def quit(self) -> None:
        self.close()

    def show_palette(self) -> None:
        self.palette_popup.open()

    def show_shortcuts(self) -> None:
        self.shortcuts.open()

    def show_jobs(self) -> None:
        self.jobs_panel.open()

    def show_check(self) -> None:
        self.check_sheet.open()

    def show_settings(self) -> None:
        button = self.top_bar.buttons["settings.show"]
        menu = settings_menu(self.actions_, self.settings, self)
        menu.exec(button.mapToGlobal(QPoint(button.width() - menu.sizeHint().width(), button.height() + 4)))

    def show_log_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.made(paths.logs_folder()))))

    def focus_search(self) -> None:
        if self.browser.is_rail:
            self._browser_open = True
            self._fit_panels()
        self.browser.focus_search()

    def focus_next_region(self) -> None:
        """Bar, browser, panes, Assist, status line, and round."""
        regions: list[QWidget] = [self.top_bar, self.browser, self.grid, self.assist, self.status]
        firsts: list[QWidget] = [
            self.top_bar.mark, self.browser.tree, self.grid.active, self.assist.findings.list,
            self.status.job_button,
        ]  # fmt: skip
        focus = QApplication.focusWidget()
        at = next((n for n, r in enumerate(regions) if focus is not None and r.isAncestorOf(focus)), -1)
        for step in range(1, len(regions) + 1):
            n = (at + step) % len(regions)
            if firsts[n].isVisible():
                firsts[n].setFocus(Qt.FocusReason.TabFocusReason)
                return

    def edit_finding(self) -> None:
        self.assist.findings.begin_edit()

    def show_why(self) -> None:
        if not self._assist_open:
            self.toggle_assist()
        self.assist.show_why()
        self.explaining.explain()

    def speak(self, told: Language) -> None:
        """Switch the language, where this computer can show it."""
        if told == "zh" and not theme.has_chinese():
            self.toast.tell(NO_CHINESE)
            return
        self.settings.language = told
        app = QApplication.instance()
        language.switch(told)
        if isinstance(app, QApplication):
            theme.apply(app)
        self.actions_.changed.emit()

    def say(self, words: Words) -> None:
        self.toast.tell(words)

    def step_back(self) -> None:
        """One step back: drawing, tool, full pane."""
        workspace = self.workspace
        if self.grid.cancel():
            return
        if workspace.tool != "window":
            workspace.set_tool("window")
        elif workspace.layout.maximised is not None:
            workspace.viewing.maximise(workspace.active_pane)
        elif isinstance(QApplication.focusWidget(), QWidget):
            self.grid.active.setFocus()

    # ---- drops, end

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        sources = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if sources:
            event.acceptProposedAction()
            self.open_sources(sources)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.jobs.shut_down()
        if not self._private:
            self.settings.geometry = self.saveGeometry()
        self.hide()  # at once: a 3D picture that is being drawn is finished first
        self.grid.shut_down()
        if not self._private:
            self.keeper.close()
            self.settings.sync()
        super().closeEvent(event)
