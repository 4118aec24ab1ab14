"""Tools as a pointer drives them; lengths against truth, statistics against numpy, undo."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.workspace import Workspace
from medviewer.workspace.marks import mark_lines
from medviewer.workspace.tools import GrabTool, Pointer, Tool, hit, make
from tests.workspace import phantoms


def drag(tool: Tool, *places: tuple[float, float], shift: bool = False) -> None:
    pointers = [Pointer(float(x), float(y), shift) for x, y in places]
    tool.press(pointers[0])
    for at in pointers[1:]:
        tool.move(at)
    tool.release(pointers[-1])


def xy(ws: Workspace, pane: int, ijk: tuple[float, float, float]) -> tuple[float, float]:
    series, view = ws.viewing.loaded(pane), ws.viewing.view(pane)
    assert series is not None and view is not None
    x, y = view.to_xy(series.geometry.to_lps(ijk))
    return float(x), float(y)


@pytest.mark.parametrize("turned", [0.0, 33.0])
def test_a_drawn_length_is_the_true_one(turned: float) -> None:
    ws = phantoms.workspace(ct=phantoms.ct(turned=turned))
    drag(make("length", ws, 0), xy(ws, 0, (20, 40, 29)), xy(ws, 0, (50, 50, 29)), xy(ws, 0, (80, 40, 29)))
    (mark,) = ws.marks.of("ct")
    assert mark.length == pytest.approx(60 * 0.8) and mark.unit == "mm"
    drag(make("length", ws, 2), xy(ws, 2, (49, 20, 5)), xy(ws, 2, (49, 20, 45)))
    assert ws.marks.of("ct")[1].length == pytest.approx(80)
    assert mark_lines(mark) == ["48.0 mm"]


def test_a_length_by_two_clicks() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    tool = make("length", ws, 0)
    a, b = xy(ws, 0, (20, 40, 29)), xy(ws, 0, (30, 40, 29))
    drag(tool, a)
    assert tool.busy and not ws.marks.of("ct")
    tool.hover(Pointer(*b))
    assert ws.draft is not None and ws.draft.mark.length == pytest.approx(8)
    drag(tool, b)
    assert not tool.busy and ws.draft is None
    assert ws.marks.of("ct")[0].length == pytest.approx(8)


def test_an_angle_by_drag_and_click_and_by_three_clicks() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    tool = make("angle", ws, 0)
    arm, vertex, other = (xy(ws, 0, p) for p in ((20, 40, 29), (50, 40, 29), (50, 70, 29)))
    drag(tool, arm, vertex)
    tool.hover(Pointer(*other))
    assert ws.draft is not None and ws.draft.mark.angle_deg == pytest.approx(90)
    drag(tool, other)
    for place in (arm, vertex, xy(ws, 0, (80, 40, 29))):
        drag(tool, place)
    assert [m.angle_deg for m in ws.marks.of("ct")] == pytest.approx([90, 180])


def test_ellipse_statistics_equal_numpy() -> None:
    volume = phantoms.ct()
    ws = phantoms.workspace(ct=volume)
    a, b = xy(ws, 0, (29.6, 29.7, 29)), xy(ws, 0, (60.3, 50.2, 29))
    drag(make("ellipse", ws, 0), a, b)
    (mark,) = ws.marks.of("ct")
    j, i = np.mgrid[:90, :100]
    inside = ((i - 44.95) / 15.35) ** 2 + ((j - 39.95) / 10.25) ** 2 <= 1
    values = volume.array[29][inside] - 1024.0
    told = mark.statistics
    assert told["n"] == inside.sum()
    assert told["mean"] == pytest.approx(values.mean()) and told["sd"] == pytest.approx(values.std())
    assert (told["min"], told["max"], told["unit"]) == (values.min(), values.max(), "HU")
    assert mark.area == pytest.approx(np.pi * 15.35 * 10.25 * 0.64)


@pytest.mark.parametrize("view,pane", [("coronal", 1), ("sagittal", 2)])
def test_ellipses_in_other_planes_take_their_own_voxels(view: str, pane: int) -> None:
    volume = phantoms.ct(turned=20)
    ws = phantoms.workspace(ct=volume)
    ends = ((25, 44, 15), (70, 44, 40)) if view == "coronal" else ((49, 25, 15), (49, 65, 40))
    drag(make("ellipse", ws, pane), xy(ws, pane, ends[0]), xy(ws, pane, ends[1]))
    (mark,) = ws.marks.of("ct")
    k, j, i = np.mgrid[:60, :90, :100]
    if view == "coronal":
        inside = (j == 44) & (((i - 47.5) / 22.5) ** 2 + ((k - 27.5) / 12.5) ** 2 <= 1 + 1e-9)
    else:
        inside = (i == 49) & (((j - 45) / 20) ** 2 + ((k - 27.5) / 12.5) ** 2 <= 1 + 1e-9)
    assert mark.statistics["n"] == pytest.approx(inside.sum(), abs=4)  # ends of the axes lie on voxel centres
    assert mark.statistics["mean"] == pytest.approx((volume.array[inside] - 1024.0).mean(), abs=1)


def test_slopes_by_slice_reach_the_statistics() -> None:
    volume = phantoms.ct()
    volume.values = type(volume.values)(np.arange(1, 61.0), np.zeros(60), "Bq/ml")
    ws = phantoms.workspace(pet=volume)
    drag(make("ellipse", ws, 0), xy(ws, 0, (30, 30, 29)), xy(ws, 0, (60, 60, 29)))
    assert ws.marks.of("pet")[0].statistics["mean"] == pytest.approx(1064 * 30, rel=0.01)


def test_films_are_measured_in_pixels_or_at_the_detector() -> None:
    for spacing, unit, length in ((None, "px", 100.0), ((0.2, 0.2), "mm", 20.0)):
        ws = phantoms.workspace(film=phantoms.film(spacing))
        drag(make("length", ws, 0), xy(ws, 0, (50, 50, 0)), xy(ws, 0, (150, 50, 0)))
        (mark,) = ws.marks.of("film")
        assert mark.unit == unit and mark.length == pytest.approx(length)


def test_a_probe_says_the_voxels_value() -> None:
    volume = phantoms.ct()
    ws = phantoms.workspace(ct=volume)
    drag(make("probe", ws, 0), xy(ws, 0, (30, 31, 29)))
    assert ws.marks.of("ct")[0].statistics["value"] == volume.array[29, 31, 30] - 1024


def test_marks_are_moved_by_handle_or_whole_and_every_step_is_undone() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    a, b = xy(ws, 0, (20, 40, 29)), xy(ws, 0, (60, 40, 29))
    drag(make("length", ws, 0), a, b)
    grabbed = hit(ws, 0, Pointer(*b))
    assert grabbed is not None and grabbed.handle == 1
    drag(GrabTool(ws, 0, grabbed), b, (b[0] + 1, b[1] + 9), xy(ws, 0, (80, 40, 29)))
    assert ws.marks.of("ct")[0].length == pytest.approx(48)
    middle = xy(ws, 0, (40, 40, 29))
    grabbed = hit(ws, 0, Pointer(*middle))
    assert grabbed is not None and grabbed.handle is None
    drag(GrabTool(ws, 0, grabbed), middle, (middle[0], middle[1] + 50))
    assert ws.marks.of("ct")[0].length == pytest.approx(48)
    assert hit(ws, 0, Pointer(*middle)) is None
    assert ws.delete_selected() and not ws.marks.of("ct")
    names = [ws.undo.undo() for _ in range(4)]
    assert [n.en for n in names if n] == ["delete length", "move length", "move length", "length"]
    assert not ws.marks.of("ct")
    assert ws.undo.undo() is None
    ws.undo.redo()
    assert ws.marks.of("ct")[0].length == pytest.approx(32)


def test_two_hundred_steps_are_kept() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    for n in range(205):
        drag(make("length", ws, 0), (10, 10 + n), (60, 10 + n))
    assert len(ws.undo) == 200


def test_a_mark_shows_only_in_its_slice() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    a, b = xy(ws, 0, (20, 40, 29)), xy(ws, 0, (60, 40, 29))
    drag(make("length", ws, 0), a, b)
    ws.viewing.scroll(0, 1)
    assert hit(ws, 0, Pointer(*b)) is None


def test_arrows_move_the_selected_mark() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    drag(make("length", ws, 0), (100, 100), (200, 100))
    before = ws.marks.of("ct")[0].points
    assert ws.nudge_selected(0, 10)
    view = ws.viewing.view(0)
    assert view is not None
    np.testing.assert_allclose(
        view.to_xy(ws.marks.of("ct")[0].points) - view.to_xy(before), [[0, 10]] * 2, atol=1e-9
    )


def test_drags_change_window_zoom_shift_and_slice() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    drag(make("window", ws, 0), (100, 100), (150, 100))
    window = ws.viewing.window(0)
    assert window is not None and window.width == pytest.approx(450) and window.center == pytest.approx(40)
    drag(make("window", ws, 0), (100, 100), (100, 140))
    assert ws.viewing.window(0).center < 40  # type: ignore[union-attr]
    scale = ws.viewing.view(0).scale  # type: ignore[union-attr]
    drag(make("zoom", ws, 0), (100, 100), (100, 0))
    assert ws.viewing.view(0).scale == pytest.approx(scale * np.exp(0.5))  # type: ignore[union-attr]
    drag(make("scroll", ws, 0), (100, 100), (100, 120), (100, 135))
    assert ws.viewing.slice_index(0) == 29 + 5


def test_the_crosshair_tool_moves_and_turns() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    drag(make("crosshair", ws, 0), xy(ws, 0, (70, 60, 29)))
    assert ws.crosshair_lps is not None
    np.testing.assert_allclose(ws.volumes["ct"].geometry.to_ijk(ws.crosshair_lps), (70, 60, 29), atol=1e-6)
    assert ws.viewing.slice_index(2) == 70
    x, y = xy(ws, 0, (70, 60, 29))
    # By the outer part of the horizontal line, a quarter of a right angle.
    r = 100
    drag(make("crosshair", ws, 0), (x - r, y), (x - r * np.cos(np.pi / 8), y - r * np.sin(np.pi / 8)))
    assert np.degrees(np.arccos(ws.panes[1].normal @ (0, 1, 0))) == pytest.approx(22.5)
    np.testing.assert_allclose(ws.volumes["ct"].geometry.to_ijk(ws.crosshair_lps), (70, 60, 29), atol=1e-6)


def test_nothing_happens_on_an_empty_pane() -> None:
    ws = Workspace()
    for name in ("window", "pan", "zoom", "scroll", "crosshair", "length", "angle", "ellipse", "probe"):
        drag(make(name, ws, 0), (10, 10), (50, 60))
    assert not ws.marks.series_keys()


def test_a_tool_of_a_third_party_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from medviewer.workspace import tools
    from medviewer.workspace.tools.drawing import ProbeTool

    point = EntryPoint("my_probe", "medviewer.workspace.tools.drawing:ProbeTool", "medviewer.pane_tools")
    monkeypatch.setattr(tools, "entry_points", lambda group: [point])
    ws = phantoms.workspace(ct=phantoms.ct())
    assert isinstance(make("my_probe", ws, 0), ProbeTool)
    with pytest.raises(KeyError):
        make("no such tool", ws, 0)
