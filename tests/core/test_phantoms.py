"""Lengths, angles, areas and volumes of phantoms whose size is known, on grids that lie in every way."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.core.geometry import Geometry
from medviewer.core.measurement import Measurement, angle_deg, length_mm
from medviewer.core.plane import rotation
from medviewer.core.segmentation import Segment, Segmentation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from tests.core.test_geometry import BASES, WAYS, make, permuted

GRIDS = {
    "aligned": make(np.eye(3), (0.8, 0.8, 1.6), size=(64, 60, 34)),
    "oblique": make(rotation((1, 2, 3), 24), (0.8, 0.8, 1.6), size=(64, 60, 34)),
    "sheared": make(np.eye(3), (0.8, 0.8, 1.6), shear=0.5, size=(64, 60, 34)),
}


def ball(geometry: Geometry, center: np.ndarray, radius: float) -> np.ndarray:
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.size[::-1]), indexing="ij")
    away = geometry.to_lps(np.stack([i, j, k], axis=-1)) - center
    return (away**2).sum(-1) <= radius**2


@pytest.mark.parametrize("name", GRIDS)
def test_volume_of_a_ball(name):
    geometry = GRIDS[name]
    mask = ball(geometry, geometry.center_lps, 15.0)
    segmentation = Segmentation(mask.astype(np.uint8), geometry, [Segment(1, "ball", (1, 2, 3))])
    assert segmentation.volume_ml(1) == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.01)
    assert segmentation.volume_ml(2) == 0
    assert segmentation.segment(1).label == "ball" and segmentation.segment(7) is None
    k, j, i = np.nonzero(mask)
    center = geometry.to_lps(np.stack([i, j, k], axis=-1)).mean(0)
    assert np.allclose(center, geometry.center_lps, atol=0.05)


@pytest.mark.parametrize("order, flips", WAYS[::5])
def test_volume_and_place_do_not_depend_on_how_it_is_stored(order, flips):
    base = GRIDS["sheared"]
    mask = ball(base, base.center_lps + (4, -3, 2), 9.0)
    turned = base.permuted(order, flips)
    again = ball(turned, base.center_lps + (4, -3, 2), 9.0)
    assert np.array_equal(permuted(mask, order, flips), again)
    volume = Segmentation(again.astype(np.uint8), turned).volume_ml(1)
    assert volume == pytest.approx(Segmentation(mask.astype(np.uint8), base).volume_ml(1))


@pytest.mark.parametrize("name", BASES)
def test_known_lengths_and_angles_through_pixels_of_a_plane(name):
    geometry = BASES[name]
    plane = geometry.plane("coronal").rotated((0.3, 0.2, 1), 33, geometry.center_lps)
    sx, sy = plane.spacing
    a, b, c = plane.to_lps([(1, 1), (1 + 30 / sx, 1 + 40 / sy), (1 + 30 / sx, 1)])
    assert length_mm(a, b) == pytest.approx(50)
    assert angle_deg(a, c, b) == pytest.approx(90)
    assert angle_deg(c, a, b) == pytest.approx(np.degrees(np.arctan2(4, 3)))


def test_angles_at_both_ends_of_their_range():
    assert angle_deg((1, 0, 0), (0, 0, 0), (2, 0, 0)) == 0
    assert angle_deg((1, 0, 0), (0, 0, 0), (-3, 0, 0)) == 180
    assert angle_deg((1, 0, 0), (0, 0, 0), (1, 1e-9, 0)) == pytest.approx(np.degrees(1e-9), rel=1e-6)


def test_measurements():
    length = Measurement("length", np.array([[0.0, 0, 0], [3, 4, 12]]), "s")
    assert length.length == 13
    angle = Measurement("angle", np.array([[5.0, 0, 0], [0, 0, 0], [0, 0, 2]]), "s")
    assert angle.angle_deg == 90
    ellipse = Measurement("ellipse", np.array([[1.0, 1, 1], [4, 1, 1], [1, 3, 1]]), "s")
    assert ellipse.half_axes == (3, 2) and ellipse.area == pytest.approx(6 * np.pi)
    moved = ellipse.with_points([[0, 0, 0], [1, 0, 0], [0, 1, 0]], {"mean": 3})
    assert moved.area == pytest.approx(np.pi) and moved.id == ellipse.id and moved.statistics == {"mean": 3}
    assert moved.with_points(moved.points).statistics == {"mean": 3}
    assert length.id != angle.id


def test_values_of_slices_with_slopes_of_their_own():
    values = Values(np.array([1.0, 2.0]), np.array([0.0, -5.0]), "BQML")
    stored = np.array([[[1, 2]], [[3, 4]]], np.int16)
    assert not values.is_uniform and not values.is_identity
    assert values.at(1) == (2.0, -5.0)
    assert values.apply(stored).tolist() == [[[1, 2]], [[1, 3]]]
    assert values.apply(stored[1], 1).tolist() == [[1, 3]]
    assert Values().is_identity and Values().at(7) == (1.0, 0.0)
    assert Values(np.array([2.0]), np.array([1.0])).apply(stored).tolist() == [[[3, 5]], [[7, 9]]]
    varied = Values(np.array([2.0]), np.array([0.0, 10.0]))
    assert varied.at(1) == (2.0, 10.0) and varied.apply(stored)[1].tolist() == [[16, 18]]


def test_value_at_a_place():
    geometry = GRIDS["oblique"]
    array = np.arange(np.prod(geometry.size), dtype=np.int32).reshape(geometry.size[::-1])
    volume = Volume(array, geometry, Values(np.array([2.0]), np.array([-10.0]), "HU"))
    assert volume.value_at(geometry.to_lps((3.4, 4.4, 5.4))) == array[5, 4, 3] * 2 - 10
    assert volume.value_at(geometry.to_lps((-0.6, 0, 0))) is None
    assert volume.value_at(geometry.to_lps((0, 0, 33.6))) is None
    assert volume.size == geometry.size and volume.has_place and not volume.is_color
    assert volume.slice_values(2).dtype == np.float32
    color = Volume(np.zeros((2, 3, 4, 3), np.uint8), Geometry(np.eye(4), (4, 3, 2)), kind="film")
    assert color.value_at((0, 0, 0)) is None and color.is_color and not color.has_place
