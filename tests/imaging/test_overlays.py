"""Shapes over a plane: spheres cut by it, segments, maps, fused volumes, scale bars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.core.finding import Finding, Source
from medviewer.core.plane import Plane
from medviewer.core.segmentation import SaliencyMap, Segment, Segmentation
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.imaging.lut import colormap
from medviewer.imaging.outlines import signed_area
from medviewer.imaging.overlays import (
    finding_circles,
    fused_image,
    round_length,
    saliency_image,
    saliency_outlines,
    scale_bar,
    scale_bar_text,
    segment_shapes,
)
from tests.imaging.phantoms import GRIDS, grid, painted, pixel_places, places


def finding(center, diameter: float | None, name: str = "f") -> Finding:
    at = None if center is None else np.asarray(center, float)
    return Finding(
        name,
        "lesion",
        "Nodule",
        None,
        0.8,
        False,
        at,
        None,
        diameter,
        None,
        None,
        "HU",
        None,
        Source("model", "m"),
    )


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("distance", [0.0, 3.0, -4.9, 5.1])
def test_a_circle_is_the_cut_of_its_sphere(name, distance):
    geometry = grid(name)
    plane = geometry.plane("coronal").rotated((1, 1, 0.2), 33, geometry.center_lps)
    center = plane.to_lps((14.5, 9.25)) + plane.normal * distance
    circles = finding_circles([finding(center, 10.0)], plane)
    if abs(distance) >= 5:
        assert circles == []
        return
    (circle,) = circles
    assert circle.xy == pytest.approx((14.5, 9.25))
    assert circle.radius_px * plane.spacing[0] == pytest.approx(np.sqrt(25 - distance**2))
    # every place on the drawn circle lies on the sphere
    angle = np.linspace(0, 6.28, 12)
    rim = np.stack([np.cos(angle), np.sin(angle)], 1) * circle.radius_px + circle.xy
    assert np.allclose(np.linalg.norm(plane.to_lps(rim) - center, axis=1), 5.0)


def test_circles_in_slabs_and_findings_without_a_place():
    plane = grid().plane("axial")
    away = finding(plane.center_lps + plane.normal * 8, 10.0)
    assert finding_circles([away], plane) == []
    (circle,) = finding_circles([away], plane, thickness_mm=10)
    assert circle.radius_px * plane.spacing[0] == pytest.approx(4.0)
    assert finding_circles([finding(None, 5), finding((0, 0, 0), None)], plane) == []


@pytest.mark.parametrize("name", GRIDS)
def test_segments_on_a_grid_of_their_own(name):
    geometry = grid(name, (80, 72, 40), (0.5, 0.5, 0.9))
    away = places(geometry) - geometry.center_lps
    labels = ((away**2).sum(-1) <= 10.0**2).astype(np.uint16) * 300
    labels[(away**2).sum(-1) <= 4.0**2] = 2
    segmentation = Segmentation(labels, geometry, [Segment(2, "core", (9, 8, 7))])
    plane = Plane(
        geometry.center_lps, np.array([1.0, 0, 0]), np.array([0, 0, -1.0]), (0.25, 0.25), (100, 100)
    )
    core, shell = segment_shapes(segmentation, plane.rotated((1, 2, 0), 40, geometry.center_lps))
    assert (core.number, core.label, core.color) == (2, "core", (9, 8, 7)) and shell.number == 300
    assert core.fill.sum() / 16 == pytest.approx(np.pi * 16, rel=0.08)
    assert shell.fill.sum() / 16 == pytest.approx(np.pi * (100 - 16), rel=0.05)
    assert sum(signed_area(c) for c in shell.contours) == shell.fill.sum()
    assert [s.number for s in segment_shapes(segmentation, plane, numbers=[2])] == [2]
    assert segment_shapes(segmentation, plane, with_contours=False)[0].contours == []
    assert segment_shapes(segmentation, plane.moved(400)) == []


def test_maps():
    geometry = grid("oblique")
    away = ((places(geometry) - geometry.center_lps) ** 2).sum(-1)
    saliency = SaliencyMap(np.exp(-away / 50).astype(np.float32) * 7, geometry, "l", "GradCAM", "x", 4, "mm")
    plane = geometry.plane("axial")
    rgba = saliency_image(saliency, plane, threshold=0.4, opacity=0.6)
    shares = np.exp(-((pixel_places(plane) - geometry.center_lps) ** 2).sum(-1) / 50)
    assert (rgba[shares > 0.45][:, 3] == 153).all() and (rgba[shares < 0.3][:, 3] == 0).all()
    (low, outer), (high, inner) = saliency_outlines(saliency, plane, 0.4)
    assert (low, high) == (0.4, 0.7)
    radius = np.sqrt(-50 * np.log(0.4)) / plane.spacing[0]
    assert sum(map(signed_area, outer)) == pytest.approx(np.pi * radius**2, rel=0.1)
    assert sum(map(signed_area, inner)) < sum(map(signed_area, outer))
    assert [level for level, _ in saliency_outlines(saliency, plane, 0.9)] == [0.9]
    assert saliency_image(saliency, plane.moved(200)) is None
    nothing = SaliencyMap(np.zeros((3, 3, 3), np.float32), grid(size=(3, 3, 3)), "l", "m", "x", 4, "mm")
    assert saliency_image(nothing, plane) is None and saliency_outlines(nothing, plane) == []


def test_a_second_volume_on_a_grid_of_its_own_lies_where_it_should():
    base, other = grid("aligned"), grid("oblique", (30, 30, 30), (1.5, 1.5, 1.5))
    pet = painted(other, lambda p: 10 * np.exp(-((p - base.center_lps) ** 2).sum(-1) / 40))
    plane = base.plane("coronal")
    rgba = fused_image(pet, plane, Window.of_range(0, 10), opacity=0.5, threshold=0.3)
    shares = np.exp(-((pixel_places(plane) - base.center_lps) ** 2).sum(-1) / 40)
    assert (rgba[shares > 0.4][:, 3] == 128).all() and (rgba[shares < 0.2][:, 3] == 0).all()
    y, x = np.unravel_index(rgba[..., :3].sum(-1, dtype=int).argmax(), rgba.shape[:2])
    assert np.abs(np.array([x, y]) - plane.to_pixel(base.center_lps)).max() < 3
    assert rgba[y, x, 0] == colormap("hot_metal")[250:, 0].max()
    color = Volume(np.full((*other.size[::-1], 3), 200, np.uint8), other)
    assert (fused_image(color, plane, Window(0, 1))[..., :3].max(axis=(0, 1)) == 200).all()


@given(st.floats(0.01, 5000))
def test_scale_bars_are_round(longest):
    mm = round_length(longest)
    assert mm <= longest * (1 + 1e-9) and mm > longest / 2.51
    assert f"{mm:e}"[0] in "125"


def test_scale_bar_in_pixels():
    plane = Plane(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (0.7, 0.7), (512, 512))
    mm, px = scale_bar(plane)
    assert (mm, px) == (100, pytest.approx(100 / 0.7))
    assert scale_bar(plane, px_per_mm=2.0) == (100, 200)
    assert [scale_bar_text(v) for v in (0.5, 5, 10, 50)] == ["0.5 mm", "5 mm", "1 cm", "5 cm"]
