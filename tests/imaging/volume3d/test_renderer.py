"""Every rung of the ladder shows what is there, where it is: silhouettes of phantoms of known place and
size.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.segmentation import Segment, Segmentation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.imaging.picture import PictureOverlays
from medviewer.imaging.volume3d.camera3d import Camera3D
from medviewer.imaging.volume3d.gl_probe import GlProbe, probe
from medviewer.imaging.volume3d.grid3d import grid_for
from medviewer.imaging.volume3d.picture3d import picture3d
from medviewer.imaging.volume3d.renderer import Renderer3D
from medviewer.imaging.volume3d.surfaces import ShownSegments, segment_surface
from medviewer.imaging.volume3d.transfer_functions import fitting_presets, preset_names, transfer_preset
from tests.imaging.phantoms import GRIDS, grid, painted, places
from tests.imaging.test_overlays import finding

SIZE = (160, 140)
RUNGS = ("gpu", "software", "none")


@pytest.fixture(scope="session")
def answer() -> GlProbe:
    return probe()


@pytest.fixture(params=RUNGS)
def rung(request, answer) -> GlProbe:
    """Each rung; the GPU's mapper also runs on software OpenGL, slowly."""
    if request.param == "none":
        return GlProbe("none", "", answer.reason)
    if answer.rung == "none":
        warnings.warn("no usable OpenGL here: the rungs that need it are not tested", stacklevel=1)
        pytest.skip("no usable OpenGL")
    return GlProbe(request.param, answer.renderer, answer.reason, answer.window)


def bead(geometry: Geometry, center: np.ndarray, radius: float, value: float = 1500.0) -> Volume:
    """A dense ball in air."""
    return painted(
        geometry, lambda p: np.where(((p - center) ** 2).sum(-1) <= radius**2, value, -1000), np.int16
    )


def silhouette(pixels: np.ndarray) -> np.ndarray:
    return pixels.max(axis=2) > 40


def centroid(mask: np.ndarray) -> np.ndarray:
    y, x = np.nonzero(mask)
    return np.array([x.mean(), y.mean()])


BIG = ((44, 40, 26), (1.0, 1.0, 1.6))


@pytest.mark.parametrize("name", GRIDS)
def test_a_ball_is_a_disc_at_its_place(rung, name):
    geometry = grid(name, *BIG)
    center, radius = geometry.to_lps((30, 12, 16)), 6.0
    renderer = Renderer3D(bead(geometry, center, radius), rung)
    try:
        for azimuth, elevation in ((0, 0), (70, 20)):
            renderer.camera(azimuth, elevation)
            mask = silhouette(renderer.render(SIZE))
            pixel = renderer.view.plane(geometry, SIZE).spacing[0]
            assert np.hypot(*(centroid(mask) - renderer.pixel_of(center, SIZE))) < 2.0
            assert np.sqrt(mask.sum() / np.pi) * pixel == pytest.approx(radius, abs=1.0)
    finally:
        renderer.close()


@pytest.mark.parametrize(
    "azimuth, right, up", [(0, "L", "H"), (90, "P", "H"), (180, "R", "H"), (270, "A", "H")]
)
def test_sides_and_letters(rung, azimuth, right, up):
    """A bead at the patient's left shows at the right from the front, and so on."""
    geometry = grid("aligned", *BIG)
    directions = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1)}
    assert Camera3D(azimuth).letters()["right"] == right and Camera3D(azimuth).letters()["top"] == up
    center = geometry.center_lps + 10 * np.array(directions[right]) + 8 * np.array(directions[up])
    renderer = Renderer3D(bead(geometry, center, 5.0), rung)
    try:
        renderer.camera(azimuth, 0.0)
        x, y = centroid(silhouette(renderer.render(SIZE, "coarse")))
        assert x > SIZE[0] / 2 + 5 and y < SIZE[1] / 2 - 5
    finally:
        renderer.close()


def test_a_left_handed_grid_is_not_mirrored(rung):
    base = grid("oblique", *BIG)
    volume = bead(base, base.to_lps((34, 10, 20)), 5.0)
    flipped = Volume(
        volume.array[:, :, ::-1].copy(), base.permuted((0, 1, 2), (True, False, False)), volume.values
    )
    masks = []
    for one in (volume, flipped):
        renderer = Renderer3D(one, rung)
        masks.append(silhouette(renderer.render(SIZE)))
        renderer.close()
    assert (masks[0] != masks[1]).mean() < 0.01


def test_zoom_pan_and_mip(rung):
    geometry = grid("aligned", *BIG)
    renderer = Renderer3D(bead(geometry, geometry.center_lps, 6.0), rung)
    try:
        first = silhouette(renderer.render(SIZE))
        renderer.camera(zoom=2.0)
        assert silhouette(renderer.render(SIZE)).sum() == pytest.approx(first.sum() * 4, rel=0.15)
        renderer.camera(zoom=1.0, pan=(10.0, -5.0))
        pixel = renderer.view.plane(geometry, SIZE).spacing[0]
        moved = centroid(silhouette(renderer.render(SIZE))) - centroid(first)
        assert moved * pixel == pytest.approx([10, -5], abs=0.8)
        renderer.camera(pan=(0.0, 0.0))
        renderer.set_preset("ct_mip")
        assert renderer.preset == "ct_mip"
        mip = renderer.render(SIZE)
        assert mip.shape == (*SIZE[::-1], 3) and mip.dtype == np.uint8
        assert mip[SIZE[1] // 2, SIZE[0] // 2].min() > 240  # 1500 HU lies above the window
    finally:
        renderer.close()


def test_mips_of_all_rungs_agree(answer):
    if answer.rung == "none":
        pytest.skip("no usable OpenGL")
    geometry = grid("oblique", *BIG)
    volume = painted(geometry, lambda p: 400 + 600 * np.cos(p[..., 0] / 5) * np.cos(p[..., 2] / 6), np.int16)
    pictures = []
    for name in RUNGS:
        renderer = Renderer3D(volume, GlProbe(name, "", answer.reason, answer.window))
        renderer.set_preset("ct_mip")
        renderer.camera(30, 20)
        pictures.append(renderer.render(SIZE).astype(int))
        renderer.close()
    both = (pictures[0].max(2) > 0) & (pictures[2].max(2) > 0)
    assert both.mean() > 0.2
    for other in pictures[1:]:
        assert np.abs(other - pictures[0])[both].mean() < 12


def test_picking_gives_the_surface_that_is_seen(rung):
    geometry = grid("oblique", *BIG)
    center, radius = geometry.to_lps((28, 14, 15)), 7.0
    renderer = Renderer3D(bead(geometry, center, radius), rung)
    try:
        for azimuth in (0, 130):
            renderer.camera(azimuth, 15)
            x, y = renderer.pixel_of(center, SIZE)
            point = renderer.pick(x, y, SIZE)
            _, _, into = renderer.view.axes()
            if rung.rung == "none":  # of a MIP: anywhere in the bright ball on the line
                assert np.linalg.norm(point - center) < radius + 1
            else:
                assert np.linalg.norm(point - (center - into * radius)) < 2.0
            assert renderer.pick(3, 3, SIZE) is None
    finally:
        renderer.close()


def test_a_clipping_box_cuts_away(rung):
    geometry = grid("aligned", *BIG)
    renderer = Renderer3D(bead(geometry, geometry.center_lps, 8.0), rung)
    try:
        whole = silhouette(renderer.render(SIZE))
        middle = (np.array(geometry.size) - 1) / 2
        renderer.set_clip_box([[0, 0, 0], [middle[0], geometry.size[1], geometry.size[2]]])
        half = silhouette(renderer.render(SIZE))
        assert half.sum() == pytest.approx(whole.sum() / 2, rel=0.15)
        assert centroid(half)[0] < centroid(whole)[0] - 3  # what is left is the patient's right
        x, y = renderer.pixel_of(geometry.center_lps + (4, 0, 0), SIZE)
        assert renderer.pick(x, y, SIZE) is None
        renderer.set_clip_box(None)
        assert (silhouette(renderer.render(SIZE)) != whole).mean() < 0.01
    finally:
        renderer.close()


def test_a_clipping_plane_cuts_at_any_angle(rung):
    geometry = grid("oblique", *BIG)
    center = geometry.center_lps
    renderer = Renderer3D(bead(geometry, center, 9.0), rung)
    try:
        whole = silhouette(renderer.render(SIZE))
        renderer.set_clip_plane(center, (1, 0, 1))  # the patient's upper left stays
        half = silhouette(renderer.render(SIZE))
        assert half.sum() == pytest.approx(whole.sum() / 2, rel=0.15)
        moved = centroid(half) - centroid(whole)
        assert moved[0] > 2 and moved[1] < -2
        x, y = renderer.pixel_of(center - (4, 0, 4), SIZE)
        assert renderer.pick(x, y, SIZE) is None
        renderer.set_clip_plane(None)
        assert (silhouette(renderer.render(SIZE)) != whole).mean() < 0.01
    finally:
        renderer.close()


def test_segments_and_markers_are_where_they_should_be(rung):
    geometry = grid("tilted", *BIG)
    air = painted(geometry, lambda p: p[..., 0] * 0 - 1000, np.int16)
    center = geometry.to_lps((12, 20, 14))
    mask = (((places(geometry) - center) ** 2).sum(-1) <= 36).astype(np.uint8)
    segmentation = Segmentation(mask * 3, geometry, [Segment(3, "ball", (102, 178, 241))])
    renderer = Renderer3D(air, rung)
    try:
        assert not silhouette(renderer.render(SIZE)).any()
        renderer.set_segments(segmentation)
        pixels = renderer.render(SIZE)
        mask = pixels.max(axis=2) > 40
        assert np.hypot(*(centroid(mask) - renderer.pixel_of(center, SIZE))) < 2.5
        assert pixels[mask].mean(0).argmax() == 2  # blue
        renderer.set_segments(segmentation, hidden=[3])
        assert not silhouette(renderer.render(SIZE)).any()
        renderer.set_segments(None)
        nodule = finding(geometry.to_lps((30, 10, 20)), 9.0)
        renderer.set_markers([nodule])
        pixels = renderer.render(SIZE)
        mask = pixels.max(axis=2) > 60
        assert np.hypot(*(centroid(mask) - renderer.pixel_of(nodule.center_lps_mm, SIZE))) < 2.0
        assert pixels[mask].mean(0).argmax() == 0  # orange
    finally:
        renderer.close()


def test_several_label_maps_with_colours_of_their_own(rung):
    geometry = grid("tilted", *BIG)
    air = painted(geometry, lambda p: p[..., 0] * 0 - 1000, np.int16)
    centers = [geometry.to_lps((8, 20, 14)), geometry.to_lps((32, 12, 14))]
    maps = []
    for center in centers:
        mask = (((places(geometry) - center) ** 2).sum(-1) <= 36).astype(np.uint8)
        maps.append(Segmentation(mask, geometry, [Segment(1, "ball", (102, 178, 241))]))
    renderer = Renderer3D(air, rung)
    try:
        renderer.show_segments([ShownSegments(maps[0]), ShownSegments(maps[1], colors={1: (0, 255, 0)})])
        pixels = renderer.render(SIZE)
        for center, channel in zip(centers, (2, 1), strict=True):
            x, y = renderer.pixel_of(center, SIZE)
            assert pixels[round(y), round(x)].argmax() == channel
        renderer.show_segments([ShownSegments(maps[0], colors={1: (255, 0, 0)})])
        pixels = renderer.render(SIZE)
        mask = silhouette(pixels)
        assert np.hypot(*(centroid(mask) - renderer.pixel_of(centers[0], SIZE))) < 2.5
        assert pixels[mask].mean(0).argmax() == 0
    finally:
        renderer.close()


@pytest.mark.parametrize("name", [*GRIDS, "left-handed"])
def test_a_smoothed_surface_keeps_volume_and_place(name):
    from vtkmodules.vtkFiltersCore import vtkMassProperties

    geometry = grid("oblique and sheared" if name == "left-handed" else name, (60, 60, 40), (0.8, 0.8, 1.2))
    if name == "left-handed":
        geometry = geometry.permuted((1, 0, 2), (False, False, False))
    center = geometry.to_lps((30, 28, 19))
    mask = ((places(geometry) - center) ** 2).sum(-1) <= 12.0**2
    segmentation = Segmentation(mask.astype(np.uint8) * 5, geometry)
    surface = segment_surface(segmentation, 5)
    mass = vtkMassProperties()
    mass.SetInputData(surface)
    assert mass.GetVolume() == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.03)
    assert np.allclose(np.array(surface.GetBounds()).reshape(3, 2).mean(1), center, atol=0.6)
    assert segment_surface(segmentation, 6) is None


def test_a_segment_at_the_volumes_edge_is_closed():
    from vtkmodules.vtkFiltersCore import vtkFeatureEdges

    geometry = grid("aligned", (10, 10, 10), (1, 1, 1))
    surface = segment_surface(Segmentation(np.ones((10, 10, 10), np.uint8), geometry), 1)
    edges = vtkFeatureEdges()
    edges.SetInputData(surface)
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.BoundaryEdgesOn()
    edges.Update()
    assert edges.GetOutput().GetNumberOfCells() == 0


def test_what_is_no_volume_is_refused():
    film = Volume(np.zeros((1, 9, 9), np.uint8), Geometry(np.eye(4), (9, 9, 1)), kind="film")
    with pytest.raises(MedViewerError) as fault:
        Renderer3D(film, "none")
    assert fault.value.code == "fit.3d" and fault.value.sentence.zh


def test_presets_fit_and_speak_both_languages():
    volume = bead(grid("aligned", *BIG), np.zeros(3), 1)
    assert fitting_presets(volume)[0].id == "ct_bone"
    volume.values = Values(unit="a.u.")
    assert fitting_presets(volume)[0].id == "mr_soft"
    volume.meta["modality"] = "PT"
    assert fitting_presets(volume)[0].id == "pet_mip"
    for name in preset_names():
        preset = transfer_preset(name)
        assert preset.name.zh and preset.mode in ("composite", "mip")
        assert [v for v, _ in preset.opacity] == sorted(v for v, _ in preset.opacity)
        assert all(0 <= o <= 1 for _, o in preset.opacity)


def test_grids_for_3d_keep_the_place_of_things():
    for name in GRIDS:
        geometry = grid(name, (61, 53, 31), (0.8, 0.8, 1.9))
        center = geometry.to_lps((40, 20, 15))
        volume = bead(geometry, center, 7.0)
        small = grid_for(volume, 20_000)
        assert small.array.size <= 20_000 * (1.4 if name in ("tilted", "oblique and sheared") else 1)
        assert small.geometry.is_orthogonal() and small.geometry.handedness == "right"
        k, j, i = np.nonzero(small.array > 0)
        middle = small.geometry.to_lps(np.stack([i, j, k], -1)).mean(0)
        assert np.linalg.norm(middle - center) < 1.0
    varied = bead(grid("aligned", *BIG), np.zeros(3), 1)
    varied.values = Values(np.linspace(1, 2, 26), np.zeros(26))
    assert grid_for(varied, 10**9).array.dtype == np.float32
    varied.values = Values(np.array([-1.0]), np.zeros(1))
    assert grid_for(varied, 10**9).scale == (1.0, 0.0)
    colour = Volume(np.full((4, 5, 6, 3), 90, np.uint8), Geometry(np.eye(4), (6, 5, 4)))
    assert (grid_for(colour, 10**9).array == 90).all()


def test_a_picture_that_leaves_says_what_it_is(answer):
    geometry = grid("aligned", *BIG)
    volume = bead(geometry, geometry.center_lps, 8.0)
    nodule = finding(geometry.center_lps, 9.0)
    low = GlProbe("none", "", answer.reason)
    told = picture3d(volume, (400, 300), overlays=PictureOverlays(findings=[nodule]), rung=low, language="zh")
    alone = picture3d(volume, (400, 300), preset="ct_mip", bare=True, rung=low)
    assert told.shape == alone.shape == (300, 400, 3)
    corner = (slice(0, 40), slice(0, 120))
    assert alone[corner].max() == 0 and told[corner].max() > 150
