"""Opening, layouts, slices, crosshair, turning, links."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.core.window import Window
from medviewer.workspace import Workspace, crosshair
from medviewer.workspace.pane_view import PaneView, Slices, grid_plane
from tests.workspace import phantoms


def test_a_volume_opens_in_three_planes_and_3d() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    assert ws.layout.name == "3+1"
    assert [p.view for p in ws.panes] == ["axial", "coronal", "sagittal", "3d"]
    assert ws.crosshair_key == "ct"


def test_a_film_opens_alone() -> None:
    ws = phantoms.workspace(film=phantoms.film())
    assert ws.layout.name == "1x1" and ws.panes[0].view == "film"


def test_opening_asks_for_voxels_once_they_are_missing() -> None:
    ws = Workspace()
    wanted: list[str] = []
    ws.series_wanted.connect(lambda key, first: wanted.append(key))
    volume = phantoms.ct()
    ws.studies.add(phantoms.info("ct", volume))
    ws.open_series("ct")
    assert wanted == ["ct"]
    ws.add_volume("ct", volume)
    np.testing.assert_allclose(ws.panes[0].center[2], volume.geometry.to_lps((0, 0, 29))[2])


@pytest.mark.parametrize("turned", [0.0, 25.0])
@pytest.mark.parametrize("view", ["axial", "coronal", "sagittal"])
def test_pane_pixels_and_patient_space_agree(turned: float, view: str) -> None:
    volume = phantoms.ct(turned=turned)
    ws = phantoms.workspace(ct=volume)
    ws.show("ct", 0, view)  # type: ignore[arg-type]
    pane_view = ws.viewing.view(0)
    assert pane_view is not None
    xy = np.array([[3.0, 7.0], [400, 0], [200, 200]])
    np.testing.assert_allclose(pane_view.to_xy(pane_view.to_lps(xy)), xy, atol=1e-9)
    # The plane of the whole pane says the same, with pixel centres at integers.
    np.testing.assert_allclose(pane_view.plane().to_lps(xy - 0.5), pane_view.to_lps(xy), atol=1e-9)
    plane = volume.geometry.plane(view)  # type: ignore[arg-type]
    np.testing.assert_allclose(pane_view.right, plane.right, atol=1e-12)


def test_scrolling_goes_from_stored_slice_to_stored_slice() -> None:
    volume = phantoms.ct()
    ws = phantoms.workspace(ct=volume)
    assert ws.viewing.slice_index(0) == 29
    ws.viewing.scroll(0, 5)
    assert ws.viewing.slice_index(0) == 34
    assert volume.geometry.to_ijk(ws.panes[0].center)[2] == pytest.approx(34)
    ws.viewing.scroll(0, 500)
    assert ws.viewing.slice_index(0) == 59
    ws.viewing.scroll_to(0, 0)
    assert ws.viewing.slice_index(0) == 0
    assert ws.crosshair_lps is not None
    assert volume.geometry.to_ijk(ws.crosshair_lps)[2] == pytest.approx(0)


def test_planes_on_the_grid_are_the_voxels() -> None:
    volume = phantoms.ct(turned=30)
    for name, sizes in (("axial", (100, 90)), ("coronal", (100, 60)), ("sagittal", (90, 60))):
        pane = volume.geometry.plane(name)  # type: ignore[arg-type]
        plane = grid_plane(volume.geometry, pane.right, pane.down, volume.geometry.to_lps((10, 20, 30)))
        assert plane is not None and plane.size == sizes
        ijk = volume.geometry.to_ijk(plane.to_lps((5, 6)))
        np.testing.assert_allclose(ijk, np.rint(ijk), atol=1e-9)


def test_a_sheared_grid_has_no_coronal_plane_of_voxels() -> None:
    from medviewer.core.geometry import Geometry

    tilted = Geometry.from_axes((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0.4, 2), (50, 50, 30))
    axial, coronal = tilted.plane("axial"), tilted.plane("coronal")
    assert grid_plane(tilted, axial.right, axial.down, (0, 0, 10)) is not None
    assert grid_plane(tilted, coronal.right, coronal.down, (0, 20, 0)) is None
    slices = Slices.across(tilted, axial.right, axial.down)
    assert slices.on_grid and slices.index(tilted.to_lps((3, 4, 7))) == pytest.approx(7)
    assert not Slices.across(tilted, coronal.right, coronal.down).on_grid


def test_the_crosshair_takes_every_pane_through_its_point() -> None:
    volume = phantoms.ct()
    ws = phantoms.workspace(ct=volume)
    point = volume.geometry.to_lps((33, 44, 15))
    ws.move_crosshair(point, "ct")
    for index in range(3):
        view = ws.viewing.view(index)
        assert view is not None
        assert view.distance(point) == pytest.approx(0, abs=1e-9)


def test_crosshair_lines_lie_in_both_planes_and_cross_at_the_point() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    point = ws.volumes["ct"].geometry.to_lps((33, 44, 15))
    ws.move_crosshair(point, "ct")
    found = crosshair.lines(ws, 0)
    assert {name for name, _, _ in found} == {"coronal", "sagittal"}
    for name, on, way in found:
        other = next(p for p in ws.panes if p.view == name)
        for end in (on, on + 50 * way):
            assert (end - ws.panes[0].center) @ ws.panes[0].normal == pytest.approx(0, abs=1e-9)
            assert (end - other.center) @ other.normal == pytest.approx(0, abs=1e-9)
        assert np.linalg.norm(np.cross(point - on, way)) == pytest.approx(0, abs=1e-9)


def test_turning_makes_the_other_planes_oblique_and_reset_straightens_them() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    point = ws.crosshair_lps
    crosshair.turn(ws, 0, 20)
    axial, coronal, sagittal = ws.panes[:3]
    assert np.degrees(np.arccos(coronal.normal @ np.array([0, 1, 0]))) == pytest.approx(20)
    assert coronal.normal @ sagittal.normal == pytest.approx(0, abs=1e-9)
    assert point is not None
    assert (point - coronal.center) @ coronal.normal == pytest.approx(0, abs=1e-6)
    slices = ws.viewing.slices(1)
    assert slices is not None and not slices.on_grid
    # Positive turns clockwise on the screen: the coronal plane's line, along x before, falls to the right.
    (way,) = [way for name, _, way in crosshair.lines(ws, 0) if name == "coronal"]
    way = way * np.sign(way @ axial.right)
    assert np.degrees(np.arctan2(way @ axial.down, way @ axial.right)) == pytest.approx(20)
    ws.viewing.reset_all()
    assert ws.viewing.slices(1).on_grid  # type: ignore[union-attr]


def test_zoom_keeps_the_point_under_the_pointer_and_fit_shows_all() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    before = ws.viewing.view(0).to_lps((100, 50))  # type: ignore[union-attr]
    ws.viewing.zoom(0, 3.0, (100, 50))
    np.testing.assert_allclose(ws.viewing.view(0).to_xy(before), (100, 50), atol=1e-9)  # type: ignore[union-attr]
    ws.viewing.pan(0, 10, -20)
    np.testing.assert_allclose(ws.viewing.view(0).to_xy(before), (110, 30), atol=1e-9)  # type: ignore[union-attr]
    ws.viewing.fit(0)
    corners = ws.viewing.view(0).to_xy(ws.volumes["ct"].geometry.corners_lps(edges=True))  # type: ignore[union-attr]
    assert corners.min() >= -1e-6 and corners.max() <= 400 + 1e-6
    assert ws.viewing.slice_index(0) == 29


def test_windows_follow_in_all_panes_of_a_series_and_presets_by_number() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    assert ws.viewing.window(0) == Window(40, 400)
    ws.viewing.apply_preset(0, 1)
    lung = ws.viewing.window(2)
    assert lung is not None and (lung.center, lung.width) == (-600, 1500)
    ws.viewing.apply_preset(0, 0)
    assert ws.viewing.window(1) == Window(40, 400)


def test_linked_panes_of_another_series_scroll_the_same_way_in_mm() -> None:
    ws = phantoms.workspace(a=phantoms.ct(), b=phantoms.ct(2))
    ws.set_layout("1x2")
    ws.show("a", 0, "axial")
    ws.show("b", 1, "axial")
    ws.viewing.scroll(0, 4)
    assert (ws.viewing.slice_index(0), ws.viewing.slice_index(1)) == (33, 33)
    ws.viewing.toggle_link(1)
    ws.viewing.scroll(0, 4)
    assert (ws.viewing.slice_index(0), ws.viewing.slice_index(1)) == (37, 33)


def test_full_pane_and_back() -> None:
    ws = phantoms.workspace(ct=phantoms.ct())
    ws.viewing.maximise(2)
    assert [c is not None for c in ws.layout.cells()] == [False, False, True, False]
    ws.viewing.maximise(2)
    assert all(c is not None for c in ws.layout.cells())


def test_a_film_keeps_its_own_plane_and_says_pixels() -> None:
    ws = phantoms.workspace(film=phantoms.film())
    ws.viewing.set_view(0, "coronal")
    assert ws.panes[0].view == "film"
    assert not ws.volumes["film"].mm_known
    view = PaneView.of(ws.panes[0], ws.volumes["film"].geometry)
    assert view.scale == pytest.approx(1.0)


def test_the_window_of_a_series_that_is_loading_comes_from_what_is_there() -> None:
    volume = phantoms.ct()
    volume.windows.clear()
    volume.values = type(volume.values)(unit="a.u.")
    full = volume.array.copy()
    volume.array[:] = 0
    ws = Workspace()
    ws.studies.add(phantoms.info("mr", volume))
    ws.open_series("mr")
    loaded = np.zeros(60, bool)
    ws.add_volume("mr", volume, loaded)
    volume.array[30], loaded[30] = full[30], True
    window = ws.viewing.window(0)
    assert window is not None and window.width > 500


def test_series_out_of_sight_are_forgotten_where_memory_is_short() -> None:
    a, b, c = (phantoms.ct(n) for n in range(3))
    ws = phantoms.workspace(a=a, b=b)
    ws.voxel_limit = int(a.array.nbytes * 2.5)
    ws.studies.add(phantoms.info("c", c))
    ws.add_volume("c", c)
    assert sorted(ws.volumes) == ["a", "c"]
    ws.open_series("b")
    assert "b" not in ws.volumes


def test_statistics_drawn_while_slices_were_missing_are_renewed() -> None:
    volume = phantoms.ct()
    ws = Workspace()
    ws.studies.add(phantoms.info("ct", volume))
    ws.open_series("ct")
    loaded = np.zeros(60, bool)
    loaded[29] = True
    ws.add_volume("ct", volume, loaded)
    for index in range(3):
        ws.viewing.resize(index, 400, 400)
    from medviewer.workspace.tools import Pointer, make

    tool = make("ellipse", ws, 1)
    for call, at in ((tool.press, (150, 150)), (tool.move, (250, 250)), (tool.release, (250, 250))):
        call(Pointer(*at))
    before = ws.marks.of("ct")[0].statistics["n"]
    loaded[:] = True
    ws.finish_volume("ct")
    assert ws.marks.of("ct")[0].statistics["n"] > 10 * before > 0
