"""Planes, and the letters that say which way they face."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from medviewer.core.plane import Plane, Slab, direction_letters, rotation

finite = st.floats(-1e3, 1e3)
points = st.tuples(finite, finite, finite)
unit = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
OPPOSITE = str.maketrans("RLAPHF", "LRPAFH")


@st.composite
def planes(draw) -> Plane:
    turn = rotation(draw(unit), draw(st.floats(-180, 180)))
    spacing = draw(st.tuples(st.floats(0.05, 5), st.floats(0.05, 5)))
    size = draw(st.tuples(st.integers(1, 900), st.integers(1, 900)))
    return Plane(np.array(draw(points)), turn[:, 0], turn[:, 1], spacing, size)


@given(planes(), st.tuples(finite, finite))
def test_pixel_to_place_and_back(plane, xy):
    lps = plane.to_lps(xy)
    assert np.allclose(plane.to_pixel(lps), xy, atol=1e-6)
    assert plane.distance(lps) == pytest.approx(0, abs=1e-8)
    assert np.allclose(plane.to_pixel(lps + plane.normal * 17), xy, atol=1e-6)
    assert plane.distance(lps + plane.normal * 17) == pytest.approx(17)


@given(planes(), points)
def test_through_a_point_and_moved(plane, lps):
    there = plane.through(lps)
    assert there.distance(lps) == pytest.approx(0, abs=1e-7)
    assert np.allclose(there.normal, plane.normal)
    assert np.allclose(plane.to_pixel(there.center_lps), plane.to_pixel(plane.center_lps), atol=1e-6)
    assert plane.moved(3.5).distance(plane.center_lps) == pytest.approx(-3.5)
    assert plane.distance(np.array([lps, lps])).shape == (2,)


@given(planes(), unit, st.floats(-180, 180), points)
def test_turning_keeps_shape_and_the_axis_in_place(plane, axis, degrees, about):
    turned = plane.rotated(axis, degrees, about)
    assert np.allclose([turned.right @ turned.right, turned.down @ turned.down], 1)
    assert turned.right @ turned.down == pytest.approx(0, abs=1e-9)
    back = turned.rotated(axis, -degrees, about)
    assert np.allclose(back.center_lps, plane.center_lps, atol=1e-6)
    assert np.allclose(back.right, plane.right, atol=1e-9)
    itk = sitk.VersorTransform(tuple(float(v) for v in axis), np.radians(degrees))
    assert np.allclose(rotation(axis, degrees).ravel(), itk.GetMatrix(), atol=1e-9)


@given(unit)
def test_letters(direction):
    letters = direction_letters(direction)
    d = np.array(direction) / np.linalg.norm(direction)
    assert 1 <= len(letters) <= 2
    assert direction_letters(-d) == letters.translate(OPPOSITE)
    pairs = ("RL", "AP", "FH")
    axis = next(a for a in range(3) if letters[0] in pairs[a])
    assert abs(d[axis]) >= np.abs(d).max() - 1e-8
    assert letters[0] == pairs[axis][int(d[axis] > 0)]
    rest = [abs(d[a]) for a in range(3) if a != axis]
    assert (len(letters) == 2) == (max(rest) > np.sin(np.radians(5)))


@pytest.mark.parametrize(
    "direction, letters",
    [
        ((1, 0, 0), "L"), ((-1, 0, 0), "R"), ((0, 1, 0), "P"), ((0, -1, 0), "A"), ((0, 0, 1), "H"), ((0, 0, -1), "F"),
        ((-3, -1, 0), "RA"), ((0, 2, 1), "PH"), ((1, 0.05, 0), "L"), ((1, 1, 0), "LP"), ((1, 0, 0.2), "LH"),
        ((-1, -0.9, -0.8), "RA"),
    ],
)  # fmt: skip
def test_letters_of_known_directions(direction, letters):
    assert direction_letters(direction) == letters


def test_letters_of_an_oblique_plane():
    plane = Plane(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (1, 1), (10, 10))
    assert plane.letters() == {"right": "L", "left": "R", "bottom": "P", "top": "A"}
    turned = plane.rotated((1, 0, 0), 30, (0, 0, 0))
    assert turned.letters() == {"right": "L", "left": "R", "bottom": "PH", "top": "AF"}


def test_resized_and_origin():
    plane = Plane(np.array([1.0, 2, 3]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (2.0, 2.0), (5, 3))
    assert plane.origin_lps.tolist() == [-3, 0, 3]
    small = plane.resized((1, 1), (0.5, 0.5), (9, 9, 9))
    assert small.origin_lps.tolist() == [9, 9, 9] and small.size == (1, 1)
    assert Slab(5.0).mode == "max"
    with pytest.raises(ValueError, match="read-only"):
        plane.center_lps[0] = 5
