"""Diameter, volume, mean and box against bodies of known size and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from medviewer.core.geometry import Geometry
from medviewer.core.plane import rotation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.inference.measure import longest_diameter, measure
from tests.inference.conftest import ball, ct_volume


def oblique(spacing, size, degrees=25.0, shear=0.0, flip=False):
    turn = rotation([1, 2, 0.5], degrees)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(spacing)
    affine[:3, 2] += shear * affine[:3, 1]
    if flip:
        affine[:3, 0] *= -1
    affine[:3, 3] = [10, -20, 30]
    return Geometry(affine, size)


def brute_force(mask, geometry):
    """All four corners of all pixels of each axial slice, all pairs."""
    axis, _ = geometry.slice_axis("axial")
    best = 0.0
    for s in range(geometry.size[axis]):
        corners = []
        for k, j, i in np.argwhere(mask):
            ijk = np.array([i, j, k], float)
            if ijk[axis] != s:
                continue
            others = [a for a in range(3) if a != axis]
            for u in (-0.5, 0.5):
                for v in (-0.5, 0.5):
                    corner = ijk.copy()
                    corner[others[0]] += u
                    corner[others[1]] += v
                    corners.append(geometry.to_lps(corner))
        if corners:
            best = max(best, pdist(np.array(corners)).max())
    return best


def test_a_rectangle_of_pixels_is_measured_corner_to_corner():
    mask = np.zeros((5, 20, 20), bool)
    mask[2, 4:7, 5:9] = True  # 3 rows of 0.5 mm, 4 columns of 2 mm
    geometry = Geometry(np.diag([2.0, 0.5, 3.0, 1.0]), (20, 20, 5))
    assert longest_diameter(mask, geometry) == pytest.approx(np.hypot(8.0, 1.5))


def test_one_pixel_and_nothing():
    mask = np.zeros((2, 3, 3), bool)
    geometry = Geometry(np.diag([3.0, 4.0, 9.0, 1.0]), (3, 3, 2))
    assert longest_diameter(mask, geometry) == 0.0
    mask[0, 1, 1] = True
    assert longest_diameter(mask, geometry) == pytest.approx(5.0)


def test_extent_across_slices_does_not_count():
    mask = np.ones((40, 2, 2), bool)
    geometry = Geometry(np.diag([1.0, 1.0, 5.0, 1.0]), (2, 2, 40))
    assert longest_diameter(mask, geometry) == pytest.approx(np.hypot(2, 2))


@given(seed=st.integers(0, 10_000), shear=st.sampled_from([0.0, 0.3]), flip=st.booleans())
@settings(max_examples=15, deadline=None)
def test_any_mask_on_any_grid_equals_brute_force(seed, shear, flip):
    rng = np.random.default_rng(seed)
    size = (9, 8, 5)
    geometry = oblique((0.7, 1.1, 2.5), size, rng.uniform(0, 80), shear, flip)
    mask = rng.random(size[::-1]) < rng.choice([0.05, 0.5, 0.95])
    assert longest_diameter(mask, geometry) == pytest.approx(brute_force(mask, geometry), abs=1e-9)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_axial_slices_are_found_whatever_the_order_of_the_axes(order):
    base = Geometry(np.diag([0.8, 0.8, 4.0, 1.0]), (30, 30, 12))
    mask = ball((12, 30, 30), (0.8, 0.8, 4.0), (12, 12, 22), 14)
    turned = base.permuted(order, (True, False, True))
    array = mask.transpose([2 - order[c] for c in (2, 1, 0)])[::-1, :, ::-1]
    assert longest_diameter(array, turned) == pytest.approx(longest_diameter(mask, base))


@pytest.mark.parametrize("mm", [8.0, 20.0, 33.0])
def test_a_ball_has_its_diameter_volume_centre_and_mean(mm):
    spacing = (0.5, 0.5, 1.0)
    shape = (60, 120, 120)
    center = (30.2, 29.6, 30.0)
    inside = ball(shape, spacing, center, mm)
    array = np.where(inside, 40, -800).astype(np.int16)
    volume = ct_volume(array, spacing)
    box = tuple(slice(a.min(), a.max() + 1) for a in np.nonzero(inside))
    found = measure(inside[box], tuple(b.start for b in box), volume)
    assert found.diameter_mm == pytest.approx(mm, abs=2 * np.hypot(0.5, 0.5))
    assert found.volume_ml == pytest.approx(np.pi * mm**3 / 6000, rel=0.04)
    np.testing.assert_allclose(found.center_lps_mm, center, atol=0.1)
    np.testing.assert_allclose(volume.geometry.to_lps(found.center_ijk), found.center_lps_mm)
    assert found.mean_value == 40
    low, high = found.bbox_lps_mm
    np.testing.assert_allclose(high - low, [mm] * 3, atol=2.0)
    assert (low <= found.center_lps_mm).all() and (found.center_lps_mm <= high).all()


def test_mean_value_uses_each_slices_own_slope():
    array = np.ones((3, 4, 4), np.int16)
    geometry = Geometry(np.eye(4), (4, 4, 3))
    values = Values(np.array([1.0, 2.0, 3.0]), np.array([0.0, 10.0, 0.0]), "BQML")
    found = measure(np.ones((2, 1, 1), bool), (1, 2, 2), Volume(array, geometry, values))
    assert found.mean_value == pytest.approx((12 + 3) / 2)


def test_the_box_of_an_oblique_voxel_reaches_its_outer_edges():
    geometry = oblique((1.0, 2.0, 3.0), (5, 5, 5))
    volume = Volume(np.zeros((5, 5, 5), np.int16), geometry)
    found = measure(np.ones((1, 1, 1), bool), (2, 1, 3), volume)
    corners = [
        geometry.to_lps([3 + a, 1 + b, 2 + c]) for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (-0.5, 0.5)
    ]
    np.testing.assert_allclose(found.bbox_lps_mm, [np.min(corners, 0), np.max(corners, 0)])
    with pytest.raises(ValueError, match="empty"):
        measure(np.zeros((1, 1, 1), bool), (0, 0, 0), volume)
