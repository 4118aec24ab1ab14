"""Opening, closing, panels, language: actions of the program itself."""

from __future__ import annotations

from medviewer.core.words import Words, same
from medviewer.ui import language
from medviewer.ui.actions.context import Context
from medviewer.ui.actions.registry import Action, Actions

FILE = Words("File", "文件")
PANELS = Words("Panels", "面板")
HELP = Words("Help", "帮助")
EDIT = Words("Edit", "编辑")


def add(actions: Actions, c: Context) -> None:
    """Register them."""
    window, workspace = c.window, c.workspace

    def toggle_names() -> None:
        c.settings.names_hidden = not c.settings.names_hidden
        workspace.overlays.set(patient=not c.settings.names_hidden)

    def undo() -> None:
        name = workspace.undo.undo()
        if name is not None:
            window.say(Words("Undid: {what}", "已撤销：{what}").format(what=name))

    def redo() -> None:
        name = workspace.undo.redo()
        if name is not None:
            window.say(Words("Did again: {what}", "已重做：{what}").format(what=name))

    actions.add(
        Action("open.folder", Words("Open folder…", "打开文件夹…"), window.choose_folder, FILE, "folder-open", ("Ctrl+O",)),
        Action("open.files", Words("Open files…", "打开文件…"), window.choose_files, FILE, "file", ("Ctrl+Shift+O",)),
        Action("demo.open", Words("Open the demo", "打开演示"), window.open_demo, FILE, "circle-play", ("Ctrl+D",)),
        Action("study.close", Words("Close all studies", "关闭所有检查"), window.close_all, FILE, "circle-x",
               ("Ctrl+W",), enabled=lambda: c.something_open),
        Action("window.quit", Words("Quit", "退出"), window.quit, FILE, "log-out", ("Ctrl+Q",)),
        Action("edit.undo", Words("Undo", "撤销"), undo, EDIT, "undo-2", ("Ctrl+Z",),
               enabled=lambda: workspace.undo.undo_name is not None),
        Action("edit.redo", Words("Redo", "重做"), redo, EDIT, "redo-2", ("Ctrl+Shift+Z", "Ctrl+Y"),
               enabled=lambda: workspace.undo.redo_name is not None),
        Action("panel.browser", Words("Study browser", "检查浏览器"), window.toggle_browser, PANELS, "panel-left",
               ("Ctrl+B",), enabled=lambda: c.something_open, checked=window.browser_is_open),
        Action("panel.assist", Words("Assist panel", "辅助面板"), window.toggle_assist, PANELS, "panel-right",
               ("Ctrl+J",), enabled=lambda: c.something_open, checked=window.assist_is_open),
        Action("panel.both", Words("Hide both panels", "隐藏两侧面板"), window.toggle_panels, PANELS, "maximize",
               ("Shift+F",), enabled=lambda: c.something_open),
        Action("palette.show", Words("Search or run", "搜索或执行"), window.show_palette, PANELS, "search", ("Ctrl+K",),
               listed=True),
        Action("browser.search", Words("Search studies", "搜索检查"), window.focus_search, PANELS, "search", ("Ctrl+F",),
               enabled=lambda: c.something_open),
        Action("region.next", Words("Next part of the window", "窗口的下一区域"), window.focus_next_region, PANELS,
               "arrow-right", ("F6",)),
        Action("step.back", Words("One step back", "后退一步"), window.step_back, PANELS, "arrow-left", ("Esc",)),
        Action("jobs.show", Words("Jobs", "任务"), window.show_jobs, PANELS, "activity"),
        Action("settings.show", Words("Settings", "设置"), window.show_settings, PANELS, "settings", ("Ctrl+,",)),
        Action("names.toggle", Words("Hide patients' names", "隐藏患者姓名"), toggle_names, PANELS, "eye-off",
               checked=lambda: c.settings.names_hidden),
        Action("language.en", same("English"), lambda: window.speak("en"), PANELS, "languages",
               checked=lambda: language.current() == "en"),
        Action("language.zh", same("中文"), lambda: window.speak("zh"), PANELS, "languages",
               checked=lambda: language.current() == "zh"),
        Action("help.shortcuts", Words("Mouse and keys", "鼠标与按键"), window.show_shortcuts, HELP, "keyboard", ("F1",)),
        Action("check.show", Words("Check this computer", "检查本机"), window.show_check, HELP, "list-checks"),
        Action("log.folder", Words("Open the folder of the log", "打开日志文件夹"), window.show_log_folder, HELP, "file"),
    )  # fmt: skip
