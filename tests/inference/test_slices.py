"""Slices for the reader from any grid, and the way back, against SimpleITK."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.core.geometry import Geometry
from medviewer.core.plane import rotation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.inference.planes import PlaneReader
from medviewer.inference.prepare import resample_in_plane, resize
from medviewer.inference.recipe import Recipe
from medviewer.inference.slices import LinearMap, SliceStack, best_plane

SIZE = (7, 6, 5)
RECIPE = {
    "channels": 1, "plane": "axial", "pixel_mm": 1.0, "size": [32, 32], "fit": "tiles", "overlap": 0.25, "batch": 1,
    "normalise": {"kind": "window", "low": -1000.0, "high": 400.0},
}  # fmt: skip


def base_geometry() -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = rotation([0.3, 1, 0.2], 7) @ np.diag([0.8, 0.9, 2.5])
    affine[:3, 3] = [-30, 12, 55]
    return Geometry(affine, SIZE)


ALL_WAYS = [
    (o, f) for o in itertools.permutations(range(3)) for f in itertools.product((False, True), repeat=3)
]


def turned_volume(order, flips):
    base = base_geometry()
    array = np.arange(np.prod(SIZE), dtype=np.int16).reshape(SIZE[::-1])
    geometry = base.permuted(order, flips)
    turned = array.transpose([2 - order[c] for c in (2, 1, 0)])
    turned = turned[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]
    return Volume(np.ascontiguousarray(turned), geometry), array


def itk_image(array, geometry):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.affine[:3, 3].tolist())
    image.SetDirection(geometry.direction.ravel().tolist())
    return image


@pytest.mark.parametrize(("order", "flips"), ALL_WAYS)
def test_axial_slices_equal_simpleitks_lps_orientation(order, flips):
    volume, _ = turned_volume(order, flips)
    stack = SliceStack.of(volume, "axial")
    oriented = sitk.DICOMOrient(itk_image(volume.array, volume.geometry), "LPS")
    np.testing.assert_array_equal(stack.view, sitk.GetArrayFromImage(oriented))
    np.testing.assert_allclose(stack.geometry.affine[:3, 3], oriented.GetOrigin(), atol=1e-9)
    assert np.shares_memory(stack.view, volume.array)


@pytest.mark.parametrize(("plane", "letters"), [("coronal", "LIP"), ("sagittal", "PIL")])
@pytest.mark.parametrize("way", ALL_WAYS[::7])
def test_coronal_and_sagittal_face_the_reader(plane, letters, way):
    volume, _ = turned_volume(*way)
    oriented = sitk.DICOMOrient(itk_image(volume.array, volume.geometry), letters)
    np.testing.assert_array_equal(SliceStack.of(volume, plane).view, sitk.GetArrayFromImage(oriented))


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("way", ALL_WAYS[::5])
def test_the_way_back_is_exact(plane, way):
    volume, _ = turned_volume(*way)
    stack = SliceStack.of(volume, plane)
    np.testing.assert_array_equal(stack.to_own(stack.view), volume.array)
    shape = tuple(n - 2 for n in stack.view.shape)
    box = stack.view[1 : 1 + shape[0], 0 : shape[1], 2 : 2 + shape[2]]
    k, j, i = stack.own_box((1, 0, 2), shape)
    own = stack.to_own(box)
    np.testing.assert_array_equal(
        own, volume.array[k : k + own.shape[0], j : j + own.shape[1], i : i + own.shape[2]]
    )


def test_slopes_by_slice_follow_the_volumes_own_slices():
    for order, flips in ALL_WAYS[::3]:
        volume, _ = turned_volume(order, flips)
        n = volume.size[2]
        volume.values = Values(np.linspace(1, 2, n), np.linspace(-5, 5, n))
        whole = np.stack([volume.slice_values(k) for k in range(n)])
        stack = SliceStack.of(volume, "axial")
        expected = stack.oriented(whole)
        for s in range(stack.count):
            np.testing.assert_allclose(stack.values(s), expected[s], rtol=1e-6)


@pytest.mark.parametrize(
    ("spacing", "plane"),
    [
        ((1, 1, 6), "axial"),
        ((1, 6, 1), "coronal"),
        ((6, 1, 1), "sagittal"),
        ((1, 1, 1), "axial"),
        ((1.0, 1.02, 1.0), "axial"),
    ],
)
def test_best_plane_is_across_the_coarsest_axis(spacing, plane):
    assert best_plane(Geometry(np.diag([*spacing, 1.0]), SIZE)) == plane


@pytest.mark.parametrize(
    ("source", "target"),
    [((40, 30), (56, 42)), ((64, 64), (51, 40)), ((20, 20), (20, 20)), ((9, 7), (30, 64))],
)
def test_linear_map_equals_simpleitk(source, target):
    rng = np.random.default_rng(1)
    array = rng.random(source).astype(np.float32)
    image = sitk.GetImageFromArray(array)
    step = [source[1] / target[1], source[0] / target[0]]
    wanted = sitk.Resample(
        image, [target[1], target[0]], sitk.Transform(), sitk.sitkLinear,
        [step[0] / 2 - 0.5, step[1] / 2 - 0.5], step, [1, 0, 0, 1], -1.0,
    )  # fmt: skip
    wanted = sitk.GetArrayFromImage(wanted)
    found = LinearMap(source, target)(array)
    assert found.shape == target
    inner = wanted != -1.0
    assert inner.mean() > 0.5
    np.testing.assert_allclose(found[inner], wanted[inner], atol=2e-6)


def test_a_crop_is_mapped_to_its_place():
    rng = np.random.default_rng(2)
    array = rng.random((50, 40)).astype(np.float32)
    to = LinearMap((50, 40), (71, 66))
    whole = to(array)
    part, r, c = to.crop(array[10:30, 5:25], 10, 5)
    inner = whole[r + 2 : r + part.shape[0] - 2, c + 2 : c + part.shape[1] - 2]
    np.testing.assert_allclose(part[2:-2, 2:-2], inner, atol=1e-6)
    rows = [y for y in range(71) if 9.5 <= (y + 0.5) * 50 / 71 - 0.5 < 29.5]
    assert (r, part.shape[0]) == (rows[0], len(rows))


def test_mapping_there_and_back_keeps_positions():
    to = LinearMap((33, 20), (77, 91))
    there = to.point(10.0, 4.0)
    np.testing.assert_allclose(to.back.point(*there), (10.0, 4.0))
    blob = np.zeros((33, 20), np.float32)
    blob[10, 4] = 1
    y, x = np.unravel_index(to(blob).argmax(), (77, 91))
    np.testing.assert_allclose((y, x), there, atol=1.5)


def test_a_prepared_plane_and_its_shape_agree():
    volume, _ = turned_volume((0, 1, 2), (False, False, False))
    reader = PlaneReader(SliceStack.of(volume, "axial"), Recipe.from_json(RECIPE))
    plane = reader.prepare(2)
    assert plane.shape == (1, *reader.shape)
    values = volume.slice_values(2)
    expected = resample_in_plane(np.clip((values + 1000) / 1400, 0, 1).astype(np.float32), (0.8, 0.9), 1.0)
    np.testing.assert_allclose(plane[0], expected, atol=1e-6)
    back = reader.to_own(resize(values, reader.shape))
    assert np.abs(back - values)[1:-1, 1:-1].max() < 3


def test_neighbours_repeat_the_ends_and_keep_few_planes():
    array = np.stack([np.full((8, 8), 10 * k, np.int16) for k in range(6)])
    volume = Volume(array, Geometry(np.diag([1.0, 1.0, 2.0, 1.0]), (8, 8, 6)))
    rule = {"kind": "window", "low": 0.0, "high": 100.0}
    recipe = Recipe.from_json(RECIPE | {"channels": 3, "neighbours": 1, "normalise": rule})
    reader = PlaneReader(SliceStack.of(volume, "axial"), recipe)
    seen = [reader.prepare(s)[:, 0, 0] * 10 for s in range(6)]
    np.testing.assert_allclose(seen[0], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(seen[3], [2, 3, 4], atol=1e-6)
    np.testing.assert_allclose(seen[5], [4, 5, 5], atol=1e-6)
    apart = Recipe.from_json(
        RECIPE | {"channels": 3, "neighbours": 1, "neighbour_mm": 4.0, "normalise": rule}
    )
    wide = PlaneReader(SliceStack.of(volume, "axial"), apart)
    np.testing.assert_allclose(wide.prepare(3)[:, 0, 0] * 10, [1, 3, 5], atol=1e-6)
    assert len(reader._kept) <= 6
