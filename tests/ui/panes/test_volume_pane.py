"""The 3D pane on the rung that every machine has."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medviewer.ui.panes.grid import PaneGrid
from medviewer.ui.panes.volume_pane import VolumePane
from medviewer.workspace import Workspace, clipping
from tests.workspace import phantoms


@pytest.fixture
def opened(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Workspace, PaneGrid, VolumePane]]:
    monkeypatch.setenv("MEDVIEWER_3D", "none")
    ws = phantoms.workspace(ct=phantoms.ct())
    grid = PaneGrid(ws)
    qtbot.addWidget(grid)
    grid.resize(800, 900)
    grid.show()
    pane = grid.pane(3)
    assert isinstance(pane, VolumePane)
    yield ws, grid, pane
    grid.shut_down()


Opened = tuple[Workspace, PaneGrid, VolumePane]


def test_the_volume_appears_coarse_then_fine(opened: Opened, qtbot: QtBot) -> None:
    _, _, pane = opened
    qtbot.waitUntil(lambda: pane.shown is not None, timeout=20000)
    qtbot.waitUntil(lambda: pane.shown is not None and pane.shown.wish.quality == "fine", timeout=20000)
    assert pane.shown is not None and pane.shown.rung == "none"
    image = pane.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2).lightness() > 30
    assert image.pixelColor(20, image.height() // 2 + 30).lightness() < 20


def test_a_drag_turns_it_and_the_latest_wish_wins(opened: Opened, qtbot: QtBot) -> None:
    ws, _, pane = opened
    qtbot.waitUntil(lambda: pane.shown is not None, timeout=20000)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    for n in range(1, 21):
        QTest.mouseMove(pane, QPoint(100 + 4 * n, 100 + n))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=QPoint(180, 120))
    camera = ws.panes[3].camera
    assert camera.azimuth == pytest.approx(360 - 40) and camera.elevation == pytest.approx(10)
    qtbot.waitUntil(
        lambda: (
            pane.shown is not None
            and pane.shown.wish.azimuth == camera.azimuth
            and pane.shown.wish.quality == "fine"
        ),
        timeout=20000,
    )
    ws.viewing.reset(3)
    assert ws.panes[3].camera.azimuth == 0


def test_a_click_moves_the_crosshair_to_what_is_seen(opened: Opened, qtbot: QtBot) -> None:
    ws, _, pane = opened
    qtbot.waitUntil(lambda: pane.shown is not None, timeout=20000)
    plane = pane.plane()
    assert plane is not None
    geometry = ws.volumes["ct"].geometry
    x, y = plane.to_pixel(geometry.to_lps((60, 45, 30)))
    ws.move_crosshair(geometry.to_lps((0, 0, 0)), "ct")
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    qtbot.waitUntil(lambda: geometry.to_ijk(ws.crosshair_lps)[0] > 10, timeout=20000)
    assert ws.crosshair_lps is not None
    i, j, k = geometry.to_ijk(ws.crosshair_lps)
    assert i == pytest.approx(60, abs=2) and k == pytest.approx(30, abs=1.5) and 18 <= j <= 72


def test_the_window_goes_on_while_3d_is_drawn(opened: Opened, qtbot: QtBot) -> None:
    ws, _, pane = opened
    qtbot.waitUntil(lambda: pane.shown is not None, timeout=20000)
    for n in range(5):
        ws.panes[3].camera.azimuth = 30.0 * n
        start = time.perf_counter()
        ws.pane_changed.emit(3)
        assert time.perf_counter() - start < 0.05
    QApplication.processEvents()


def test_3d_waits_for_all_slices_and_films_have_none(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVIEWER_3D", "none")
    volume = phantoms.ct()
    ws = Workspace()
    ws.studies.add(phantoms.info("ct", volume))
    ws.open_series("ct")
    loaded = np.zeros(60, bool)
    ws.add_volume("ct", volume, loaded)
    grid = PaneGrid(ws)
    qtbot.addWidget(grid)
    grid.resize(600, 600)
    grid.show()
    pane = grid.pane(3)
    assert isinstance(pane, VolumePane)
    QTest.qWait(100)
    assert pane.shown is None and not pane.grab().isNull()
    loaded[:] = True
    ws.finish_volume("ct")
    qtbot.waitUntil(lambda: pane.shown is not None, timeout=20000)
    ws.overlays.set(findings=False)
    grid.shut_down()


def test_moving_the_crosshair_asks_for_no_new_picture(opened: Opened, qtbot: QtBot) -> None:
    ws, _, pane = opened
    qtbot.waitUntil(lambda: pane.shown is not None and pane.shown.wish.quality == "fine", timeout=20000)
    asked = []
    pane._thread.ask = asked.append  # type: ignore[method-assign]
    ws.move_crosshair(ws.volumes["ct"].geometry.to_lps((30, 30, 30)), "ct")
    ws.viewing.apply_preset(0, 1)
    QApplication.processEvents()
    assert not asked
    volume = ws.volumes["ct"].volume
    ws.results.add("ct", phantoms.result(segmentation=phantoms.segmentation(volume)))
    assert len(asked) == 1


def test_every_label_map_is_shown_in_the_readers_colours(opened: Opened, qtbot: QtBot) -> None:
    ws, _, pane = opened
    volume = ws.volumes["ct"].volume
    both = [phantoms.segmentation(volume), phantoms.segmentation(volume)]
    for name, segmentation in zip(("one", "two"), both, strict=True):
        result = phantoms.result(segmentation=segmentation)
        result.model["name"] = name
        ws.results.add("ct", result)
    wish = pane._wish()
    assert wish is not None and [s.segmentation for s in wish.segments] == both
    ws.overlays.color_segment("ct", 1, (255, 0, 0))
    ws.overlays.show_segment("ct", 2, False)
    changed = pane._wish()
    assert changed is not None and changed.key != wish.key
    assert all(s.color(1) == (255, 0, 0) and s.color(3) == (19, 148, 106) for s in changed.segments)
    assert all(s.hidden == {2} for s in changed.segments)
    ws.overlays.set(segments=False)
    without = pane._wish()
    assert without is not None and without.segments == ()


def test_the_cut_goes_through_the_crosshair_and_keeps_either_half(opened: Opened, qtbot: QtBot) -> None:
    ws, _, pane = opened
    geometry = ws.volumes["ct"].geometry
    at = geometry.to_lps((50, 30, 30))
    ws.move_crosshair(at, "ct")
    clipping.clip_next(ws, 3)
    assert clipping.kept(ws, 3) == "behind"  # from the front: the patient's back stays, LPS +y
    wish = pane._wish()
    assert wish is not None and wish.clip is not None
    assert np.allclose(wish.clip[1], (0, 1, 0)) and np.allclose(wish.clip[0], at)
    ws.move_crosshair(geometry.to_lps((50, 40, 30)), "ct")
    moved = pane._wish()
    assert moved is not None and moved.clip is not None and moved.key != wish.key
    assert moved.clip[0][1] == pytest.approx(at[1] + 8)
    plane = pane.plane()
    assert plane is not None
    x, y = plane.to_pixel(geometry.to_lps((60, 45, 30)))
    qtbot.waitUntil(lambda: pane.shown is not None, timeout=20000)
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    qtbot.waitUntil(lambda: abs(geometry.to_ijk(ws.crosshair_lps)[0] - 60) < 2, timeout=20000)
    assert ws.crosshair_lps is not None and geometry.to_ijk(ws.crosshair_lps)[1] >= 39  # what is cut isn't hit
    ws.panes[3].camera.azimuth = 180.0
    assert clipping.kept(ws, 3) == "front"
    ws.panes[3].camera.azimuth = 0.0
    clipping.clip_next(ws, 3)
    turned = pane._wish()
    assert clipping.kept(ws, 3) == "front"
    assert turned is not None and turned.clip is not None and np.allclose(turned.clip[1], (0, -1, 0))
    clipping.clip_next(ws, 3)
    assert clipping.plane_of(ws, 3) is None
