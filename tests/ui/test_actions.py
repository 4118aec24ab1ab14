"""One registry: what it holds can be drawn, found and pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from medviewer import paths
from medviewer.core.words import Words
from medviewer.ui import faults
from medviewer.ui.actions import Action, Actions
from tests.window_fixtures import Opened
from tests.window_kit import live, phantom_ct, press, wait

GROUP = Words("Group", "组")


def _action(name: str, *keys: str, **more: object) -> Action:
    return Action(name, Words(name, f"{name}动作"), lambda: None, GROUP, keys=keys, **more)  # type: ignore[arg-type]


def test_an_id_or_a_key_twice_is_a_mistake(qapp: QApplication) -> None:
    actions = Actions()
    actions.add(_action("one", "Ctrl+1"))
    with pytest.raises(ValueError, match="twice"):
        actions.add(_action("one"))
    with pytest.raises(ValueError, match="taken"):
        actions.add(_action("two", "Ctrl+1"))


def test_what_cannot_be_done_is_not_done(qapp: QApplication) -> None:
    ran: list[int] = []
    actions = Actions()
    actions.add(Action("no", Words("No", "不"), lambda: ran.append(1), GROUP, enabled=lambda: False))
    assert not actions.run("no") and not ran


def test_a_fault_in_an_action_is_told_and_goes_no_further(qapp: QApplication) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    told: list[object] = []
    faults.desk().told.connect(told.append)
    actions = Actions()
    actions.add(Action("bad", Words("Bad", "坏"), broken, GROUP))
    assert actions.run("bad")
    wait(lambda: told, 5)
    faults.desk().told.disconnect(told.append)
    assert told[0].code == "unexpected"  # type: ignore[attr-defined]


def test_search_finds_by_both_languages_and_puts_the_possible_first(open_window: Opened) -> None:
    actions = open_window().actions_
    assert actions.search("full pane")[0].id == "pane.full"
    assert "finding.next" in [a.id for a in actions.search("下一所见")]
    listed = actions.search("")
    possible = [a.enabled() for a in listed]
    assert possible == sorted(possible, reverse=True)


def test_every_icon_is_there(open_window: Opened) -> None:
    folder = paths.resources_folder() / "icons"
    missing = [a.icon for a in open_window().actions_ if a.icon and not (folder / f"{a.icon}.svg").is_file()]
    assert not missing


def test_the_sheet_and_the_menu_are_made_from_the_registry(open_window: Opened) -> None:
    window = open_window()
    window.shortcuts.open()
    shown = {label.text() for label in window.shortcuts.findChildren(QLabel)}
    window.shortcuts.close()
    for action in window.actions_:
        if action.keys:
            assert action.words.en in shown, action.id
    menu = window.actions_.menu(("open.folder", None, "window.quit"), QMenu())
    assert [a.text() for a in menu.actions()] == ["Open folder…\tCtrl+O", "", "Quit\tCtrl+Q"]


def test_palette_runs_what_is_typed(open_window: Opened, tmp_path: Path) -> None:
    window = open_window(phantom_ct(tmp_path))
    press(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    field = window.palette_popup.field
    assert window.palette_popup.isVisible()
    QTest.keyClicks(field, "invert")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.workspace.active.invert
    assert not window.palette_popup.isVisible()


def test_a_tapped_letter_keeps_the_tool_a_held_one_springs_back(
    open_window: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(phantom_ct(tmp_path))
    window.grid.active.setFocus()
    press(window, Qt.Key.Key_L)
    assert window.workspace.tool == "length"
    monkeypatch.setattr("medviewer.ui.keys.TAP_MS", 350)
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_P)
    assert window.workspace.tool == "pan"
    live(0.45)
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_P)
    assert window.workspace.tool == "length"
    press(window, Qt.Key.Key_Escape)
    assert window.workspace.tool == "window"


def test_h_held_is_a_peek_tapped_a_switch(
    open_window: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(phantom_ct(tmp_path))
    overlays = window.workspace.overlays
    monkeypatch.setattr("medviewer.ui.keys.TAP_MS", 350)
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_H)
    assert not overlays.visible
    live(0.45)
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_H)
    assert overlays.visible
    monkeypatch.setattr("medviewer.ui.keys.TAP_MS", 20_000)
    press(window, Qt.Key.Key_H)
    assert not overlays.visible


def test_letters_in_a_text_field_are_text(open_window: Opened, tmp_path: Path) -> None:
    window = open_window(phantom_ct(tmp_path))
    window.activateWindow()
    press(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: window.browser.search.hasFocus(), 5)
    for key in (Qt.Key.Key_L, Qt.Key.Key_I, Qt.Key.Key_P):
        press(window, key)
    assert window.browser.search.text() == "lip"
    assert window.workspace.tool == "window" and not window.workspace.active.invert
