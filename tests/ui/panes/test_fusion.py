"""A second series over the first: the right colour at the right place, by actions, menu and session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from medviewer.core.geometry import Geometry
from medviewer.core.plane import rotation
from medviewer.core.report import GeometryReport
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.imaging.overlays import colormap
from medviewer.ui import theme
from medviewer.ui.panes.grid import PaneGrid
from medviewer.ui.panes.pane_menu import pane_menu
from medviewer.ui.panes.render_thread import RenderThread
from medviewer.workspace import Workspace, fusion, session
from tests.window_fixtures import Opened, open_window
from tests.window_kit import phantom_ct
from tests.workspace import phantoms

__all__ = ["open_window"]
SLOPES = np.array([4.0, -3.0, 2.0])
"""Of the second volume's values per mm: linear interpolation gives them back exactly on any grid."""


def pet(frame: str | None = "1.2.3", patient: str = "") -> Volume:
    """500 + SLOPES @ LPS on a coarser grid, turned against the first by 20 degrees."""
    size = (20, 18, 16)
    axes = rotation((1, 1, 2), 20) @ np.diag((2.5, 2.5, 4.0))
    origin = -axes @ (np.array(size) - 1) / 2
    geometry = Geometry.from_axes(origin, axes[:, 0], axes[:, 1], axes[:, 2], size)
    k, j, i = np.mgrid[: size[2], : size[1], : size[0]]
    lps = geometry.to_lps(np.stack([i, j, k], axis=-1))
    return Volume(
        (500 + lps @ SLOPES).astype(np.float32), geometry, Values(unit="a.u."), windows=[Window(500, 1000)],
        meta={"modality": "PT", "description": "PET", "frame_of_reference_uid": frame},
    )  # fmt: skip


@pytest.fixture
def opened(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Workspace, PaneGrid]]:
    monkeypatch.setattr(RenderThread, "ask", lambda self, wish: None)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app)
    ws = phantoms.workspace(ct=phantoms.ct(), pet=pet(), elsewhere=pet("9.9"), unsure=pet(None))
    grid = PaneGrid(ws)
    qtbot.addWidget(grid)
    grid.resize(800, 900)
    grid.show()
    qtbot.waitExposed(grid)
    ws.overlays.set(corners="none", crosshair=False)
    yield ws, grid
    grid.shut_down()


def pixels(grid: PaneGrid, pane: int) -> np.ndarray:
    image = grid.images[pane].grab().toImage()
    return np.array(
        [
            [image.pixelColor(x, y).getRgb()[:3] for x in range(0, image.width(), 13)]
            for y in range(0, image.height(), 13)
        ],
        float,
    )


@pytest.mark.parametrize("pane", [0, 1, 2])
@pytest.mark.parametrize("opacity", [0.5, 1.0])
def test_each_pixel_is_the_first_series_mixed_with_the_colour_of_the_second(
    opened: tuple[Workspace, PaneGrid], pane: int, opacity: float
) -> None:
    ws, grid = opened
    alone = pixels(grid, pane)
    assert fusion.show(ws, 0, "pet")
    fusion.set_opacity(ws, 0, opacity)
    mixed = pixels(grid, pane)
    view, over = ws.viewing.view(pane), ws.volumes["pet"].volume
    assert view is not None
    colors, seen, beside = colormap("hot_metal").astype(float), 0, 0
    for row, y in enumerate(range(0, int(view.size[1]), 13)):
        for column, x in enumerate(range(0, int(view.size[0]), 13)):
            lps = view.to_lps((x + 0.5, y + 0.5))
            at_edge = min(x, y, view.size[0] - x, view.size[1] - y) < 48  # letters of orientation
            if at_edge or not ws.volumes["ct"].volume.geometry.contains(lps, -1):
                continue
            if over.geometry.contains(lps, -1):
                # The picture below has the pixels of the first grid: half a voxel either way.
                share = np.clip((500 + lps @ SLOPES) / 1000, 0, 1)
                slack = 2 + 255 * 0.5 * (0.8 * 4 + 2.0 * 3) / 1000 * opacity * 3
                expected = (1 - opacity) * alone[row, column] + opacity * colors[round(share * 255)]
                assert np.abs(mixed[row, column] - expected).max() <= slack, (x, y)
                seen += 1
            elif not over.geometry.contains(lps, 2):
                assert (mixed[row, column] == alone[row, column]).all()
                beside += 1
    assert seen > 30 and beside > 10
    fusion.take_away(ws, pane)
    assert (pixels(grid, pane) == alone).all()


def test_only_what_lies_in_the_same_space_is_offered(opened: tuple[Workspace, PaneGrid]) -> None:
    ws, _ = opened
    offered = {c.key: c for c in fusion.choices(ws, 0)}
    assert set(offered) == {"pet", "elsewhere", "unsure"}
    assert offered["pet"].refusal is None and offered["pet"].doubt is None
    assert offered["elsewhere"].refusal is fusion.OTHER_SPACE
    assert offered["unsure"].refusal is None and offered["unsure"].doubt is fusion.UNSURE
    assert not fusion.show(ws, 0, "elsewhere") and ws.panes[0].fusion is None
    info = ws.studies.get("pet")
    assert info is not None
    info.patient_id = "other"
    assert {c.key: c.refusal for c in fusion.choices(ws, 0)}["pet"] is fusion.OTHER_PATIENT
    info.patient_id, info.report = None, GeometryReport("red")
    assert {c.key: c.refusal for c in fusion.choices(ws, 0)}["pet"] is fusion.NO_PLACE


def entries(menu: QMenu) -> dict[str, QAction]:
    found = {}
    for action in menu.actions():
        found[action.text()] = action
        inner = action.menu()
        if isinstance(inner, QMenu):
            found.update(entries(inner))
    return found


def test_the_panes_menu_shows_it_and_greys_the_others(opened: tuple[Workspace, PaneGrid]) -> None:
    ws, grid = opened
    menu = pane_menu(ws, 0, grid)
    listed = entries(menu)
    assert not listed["PET (another frame of reference)"].isEnabled()
    assert "Take the second series away" not in listed
    listed["PET"].trigger()
    assert [p.fusion is not None for p in ws.panes] == [True] * 4
    again = pane_menu(ws, 1, grid)
    listed = entries(again)
    listed["75%"].trigger()
    assert ws.panes[0].fusion is not None and ws.panes[0].fusion.opacity == 0.75
    listed["Take the second series away"].trigger()
    assert all(p.fusion is None for p in ws.panes)


def test_a_series_that_is_not_in_memory_is_asked_for_and_appears_slice_by_slice(
    opened: tuple[Workspace, PaneGrid],
) -> None:
    ws, grid = opened
    alone = pixels(grid, 0)
    over = ws.volumes.pop("pet").volume
    wanted: list[str] = []
    ws.series_wanted.connect(lambda key, first: wanted.append(key))
    fusion.show(ws, 0, "pet")
    assert wanted == ["pet"]
    loaded = np.zeros(over.size[2], bool)
    ws.add_volume("pet", over, loaded)
    assert (pixels(grid, 0) == alone).all()
    loaded[:] = True
    ws.finish_volume("pet")
    assert (pixels(grid, 0) != alone).any()
    ws.close_series("pet")
    assert ws.panes[0].fusion is None and (pixels(grid, 0) == alone).all()


def test_it_comes_back_with_the_session_and_goes_with_another_series(
    opened: tuple[Workspace, PaneGrid],
) -> None:
    ws, _ = opened
    fusion.show(ws, 0, "pet")
    fusion.change_opacity(ws, 0, 1)
    kept = session.session_of(ws)
    other = phantoms.workspace(ct=phantoms.ct(), pet=pet())
    session.restore(other, kept)
    assert other.panes[0].fusion is not None and other.panes[0].fusion.opacity == 0.6
    ws.show("pet", 0)
    assert ws.panes[0].fusion is None and ws.panes[1].fusion is not None
    without = phantoms.workspace(ct=phantoms.ct())
    session.restore(without, kept)
    assert without.panes[0].fusion is None


def test_actions_start_change_and_end_it(open_window: Opened, tmp_path: Path) -> None:
    window = open_window(phantom_ct(tmp_path))
    ws, actions = window.workspace, window.actions_
    assert not actions["fusion.show"].enabled() and not actions["fusion.off"].enabled()
    key = ws.active_key
    assert key is not None
    below = ws.studies.get(key)
    assert below is not None
    info = phantoms.info("pet", pet(None))
    info.patient_name, info.patient_id = below.patient_name, below.patient_id
    ws.studies.add(info)
    ws.add_volume("pet", pet(None))
    assert actions.run("fusion.show") and ws.active.fusion is not None and ws.active.fusion.key == "pet"
    actions.run("fusion.more")
    assert ws.active.fusion.opacity == 0.6
    actions.run("fusion.less")
    actions.run("fusion.less")
    assert ws.active.fusion.opacity == 0.4
    assert actions.run("fusion.off") and ws.active.fusion is None
