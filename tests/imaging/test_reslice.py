"""Planes and slabs against scipy and SimpleITK, on grids that are oblique, tilted, flipped."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import map_coordinates

from medviewer.core.geometry import Geometry
from medviewer.core.plane import PLANES, Slab
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.imaging import sampling
from medviewer.imaging.reslice import (
    reslice,
    reslice_grid,
    reslice_stored,
    stored_plane,
)
from medviewer.imaging.sampling import IndexPlane
from medviewer.imaging.slabs import slab_along_axis
from tests.imaging.phantoms import GRIDS, among_centers, grid, noise, painted, pixel_places

WAYS = [(o, f) for o in itertools.permutations(range(3)) for f in itertools.product((False, True), repeat=3)]


def by_scipy(volume: Volume, lps: np.ndarray, order: int = 1) -> np.ndarray:
    ijk = volume.geometry.to_ijk(lps)
    stored = map_coordinates(
        volume.array.astype(float), np.moveaxis(ijk[..., ::-1], -1, 0), order=order, mode="nearest"
    )
    slope, intercept = volume.values.at(0)
    return stored * slope + intercept


def tilted_planes(geometry: Geometry):
    for name, axis, angle in (
        ("axial", (1, 0, 0), 20),
        ("coronal", (0.3, 1, 0.2), 25),
        ("sagittal", (1, 1, 1), -63),
    ):
        yield geometry.plane(name).rotated(axis, angle, geometry.center_lps).moved(1.3)


@pytest.mark.parametrize("name", GRIDS)
def test_oblique_planes_are_the_linear_interpolant(name):
    volume = noise(grid(name))
    for plane in tilted_planes(volume.geometry):
        cut = reslice(volume, plane, unrounded=True)
        lps = pixel_places(plane)
        inside = among_centers(volume.geometry, lps)
        assert inside.sum() > 100
        assert np.abs(cut.stored - by_scipy(volume, lps))[inside].max() < 0.1
        rounded = reslice(volume, plane)
        assert rounded.stored.dtype == np.int16
        assert np.abs(rounded.stored - cut.stored)[inside].max() <= 0.51


@pytest.mark.parametrize("name", ["aligned", "oblique"])
@pytest.mark.parametrize(
    "interpolation, itk", [("linear", sitk.sitkLinear), ("nearest", sitk.sitkNearestNeighbor)]
)
def test_oblique_planes_as_simpleitk_cuts_them(name, interpolation, itk):
    volume = noise(grid(name), np.float32)
    image = sitk.GetImageFromArray(volume.array)
    image.SetSpacing(volume.geometry.spacing)
    image.SetOrigin(volume.geometry.affine[:3, 3].tolist())
    image.SetDirection(volume.geometry.direction.ravel().tolist())
    for plane in tilted_planes(volume.geometry):
        frame = np.stack([plane.right, plane.down, plane.normal], axis=1)
        expected = sitk.Resample(
            image, (*plane.size, 1), sitk.Transform(), itk, plane.origin_lps.tolist(), (*plane.spacing, 1.0),
            frame.ravel().tolist(), -1e9, sitk.sitkFloat32,
        )  # fmt: skip
        expected = sitk.GetArrayFromImage(expected)[0]
        got = reslice(volume, plane, interpolation=interpolation)
        inside = among_centers(volume.geometry, pixel_places(plane))
        off = np.abs(got.stored - expected)[inside]
        if interpolation == "nearest":  # a place midway between two voxels may go to either
            assert (off > 1e-3).mean() < 0.01
        else:
            assert off.max() < 0.1


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_what_is_linear_in_space_stays_so(name, interpolation):
    volume = painted(grid(name), lambda p: 3 * p[..., 0] - 2 * p[..., 1] + 0.5 * p[..., 2])
    for plane in tilted_planes(volume.geometry):
        cut = reslice(volume, plane, interpolation=interpolation)
        lps = pixel_places(plane)
        inside = among_centers(volume.geometry, lps, margin=1.0)
        expected = 3 * lps[..., 0] - 2 * lps[..., 1] + 0.5 * lps[..., 2]
        assert np.abs(cut.stored - expected)[inside].max() < 2e-3


@pytest.mark.parametrize("order, flips", WAYS)
def test_planes_on_the_grid_are_views_however_it_is_stored(order, flips):
    base = noise(grid("aligned", (7, 6, 5), (1.0, 1.0, 1.0)))
    turned = base.geometry.permuted(order, flips)
    array = base.array.transpose([2 - order[c] for c in (2, 1, 0)])
    array = array[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]
    volume = Volume(np.ascontiguousarray(array), turned, base.values)
    through = base.geometry.to_lps((2, 4, 3))
    expected = {
        "axial": base.array[3],
        "coronal": base.array[::-1, 4],
        "sagittal": base.array[::-1, :, 2],
    }
    for name in PLANES:
        cut = reslice(volume, turned.plane(name, through))
        assert np.array_equal(cut.stored, expected[name])
        assert np.shares_memory(cut.stored, volume.array)
        assert cut.inside is None


def test_a_view_that_reaches_outside_is_framed_in_the_darkest_number():
    volume = noise(grid("aligned", (7, 6, 5), (1.0, 1.0, 1.0)))
    plane = volume.geometry.plane("axial", volume.geometry.to_lps((0, 0, 2)))
    wide = plane.resized((11, 4), plane.spacing, plane.center_lps + plane.right * 1.0)
    cut = reslice(volume, wide)
    assert np.array_equal(cut.stored[:, 1:8], volume.array[2, 1:5])
    assert (cut.stored[:, [0, 8, 9, 10]] == -32768).all()
    assert np.array_equal(cut.inside, np.broadcast_to([False] + [True] * 7 + [False] * 3, (4, 11)))
    assert np.isnan(cut.values()[0, 0]) and cut.values()[0, 1] == volume.array[2, 1, 0]
    far = reslice(volume, plane.moved(400))
    assert (far.stored == -32768).all() and not far.inside.any()
    aside = reslice(volume, plane.resized((3, 3), plane.spacing, plane.center_lps + plane.right * 100))
    assert (aside.stored == -32768).all()


@pytest.mark.parametrize("name", GRIDS)
def test_inside_is_where_voxels_are(name):
    volume = noise(grid(name))
    for plane in tilted_planes(volume.geometry):
        cut = reslice(volume, plane)
        inside = np.ones(cut.stored.shape, bool) if cut.inside is None else cut.inside
        assert np.array_equal(inside, cut.stored != -32768)
        slab = reslice(volume, plane, Slab(6.0, "max"))
        within = np.ones(cut.stored.shape, bool) if slab.inside is None else slab.inside
        assert (within != (slab.stored != -32768)).mean() < 0.01
        assert within.sum() >= inside.sum()


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("mode", ["max", "min", "mean"])
def test_oblique_slabs_against_dense_sampling(name, mode):
    geometry = grid(name)
    volume = painted(geometry, lambda p: 100 * np.sin(p[..., 0] / 7) * np.cos(p[..., 1] / 6 + p[..., 2] / 9))
    for plane in tilted_planes(geometry):
        cut = reslice(volume, plane, Slab(5.0, mode))
        depths = np.linspace(-2.5, 2.5, 101)
        samples = np.stack([by_scipy(volume, pixel_places(plane.moved(d))) for d in depths])
        inside = np.all(
            [among_centers(geometry, pixel_places(plane.moved(d))) for d in (-2.5, 0, 2.5)], axis=0
        )
        if mode == "mean":
            expected = np.trapezoid(samples, depths, axis=0) / 5.0
        else:
            expected = samples.max(0) if mode == "max" else samples.min(0)
        assert inside.sum() > 50
        assert np.abs(cut.stored - expected)[inside].max() < 4.0  # of 200; steps are as wide as a voxel


@pytest.mark.parametrize("plane_name", PLANES)
@pytest.mark.parametrize("mode", ["max", "min", "mean"])
@pytest.mark.parametrize("thickness", [0.5, 1.0, 3.0, 3.7, 8.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 1.7)])
def test_slabs_along_the_axes_are_exact(plane_name, mode, thickness, spacing):
    """The linear interpolant across slices has its extremes at slices or at the slab's ends."""
    geometry = grid("aligned", (12, 14, 13), spacing)
    volume = noise(geometry)
    plane = geometry.plane(plane_name, geometry.to_lps((5, 6, 7)))
    plane = plane.resized((9, 8), plane.spacing, plane.center_lps)
    cut = reslice(volume, plane, Slab(thickness, mode), unrounded=True)
    step = spacing[2] if plane_name == "axial" else 1.0
    depths = np.unique([*np.linspace(-thickness / 2, thickness / 2, 601), *(np.arange(-4, 5) * step)])
    depths = depths[np.abs(depths) <= thickness / 2 + 1e-9]
    samples = np.stack([by_scipy(volume, pixel_places(plane.moved(d))) for d in depths])
    if mode == "mean":
        expected = np.trapezoid(samples, depths, axis=0) / thickness
        assert np.abs(cut.stored - expected).max() < 0.5
    else:
        expected = samples.max(0) if mode == "max" else samples.min(0)
        assert np.abs(cut.stored - expected).max() < 0.1


@pytest.mark.parametrize("mode", ["max", "min", "mean"])
def test_numpy_and_vtk_slabs_agree(mode):
    volume = noise(grid("aligned", (12, 14, 13), (1.0, 1.0, 1.0)))
    plane = volume.geometry.plane("coronal", volume.geometry.to_lps((5, 6, 7)))
    cut, slab = IndexPlane.of(volume.geometry, plane), Slab(4.0, mode)
    whole = slab_along_axis(volume.array, cut, slab, -1, True)
    assert np.abs(whole - sampling.through_vtk(volume.array, cut, "linear", -1, slab, True)).max() < 0.01


def test_a_slab_beside_the_volume_and_one_half_in_it():
    volume = noise(grid("aligned", (7, 6, 5), (1.0, 1.0, 1.0)))
    plane = volume.geometry.plane("axial", volume.geometry.to_lps((0, 0, 0)))
    assert (reslice(volume, plane.moved(-30), Slab(4)).stored == -32768).all()
    half = reslice(volume, plane.moved(-1), Slab(6.0, "max"))
    assert np.array_equal(half.stored, volume.array[:3].max(0))
    assert half.inside is None or half.inside.all()
    assert np.array_equal(reslice(volume, plane, Slab(0.0)).stored, volume.array[0])


def test_a_negative_slope_turns_max_into_min():
    volume = noise(grid("aligned", (7, 6, 5), (1.0, 1.0, 1.0)))
    volume.values = Values(np.array([-2.0]), np.array([5.0]))
    plane = volume.geometry.plane("axial", volume.geometry.to_lps((0, 0, 2)))
    cut = reslice(volume, plane, Slab(2.0, "max"))
    assert np.array_equal(cut.stored * cut.scale[0] + cut.scale[1], (volume.array[1:4] * -2.0 + 5).max(0))
    assert reslice(volume, plane.moved(50)).stored[0, 0] == 32767  # the darkest


def test_slices_with_slopes_of_their_own():
    geometry = grid("oblique", (9, 8, 7), (1.0, 1.0, 1.5))
    slopes, intercepts = np.linspace(0.5, 3, 7), np.linspace(-5, 5, 7)
    volume = noise(geometry)
    volume.values = Values(slopes, intercepts, "BQML")
    meant = Volume(volume.values.apply(volume.array), geometry, Values(unit="BQML"))
    own = reslice(volume, geometry.plane("axial", geometry.to_lps((0, 0, 4))))
    assert own.stored.dtype == np.int16 and own.scale == (slopes[4], intercepts[4])
    assert np.shares_memory(own.stored, volume.array)
    planes = [geometry.plane("coronal", geometry.to_lps((0, 3, 0))), *tilted_planes(geometry)]
    for plane in planes:
        for slab in (None, Slab(3.0, "max"), Slab(2.0, "mean")):
            got, expected = reslice(volume, plane, slab), reslice(meant, plane, slab)
            assert got.scale == (1.0, 0.0) and np.allclose(got.stored, expected.stored, rtol=1e-4, atol=0.02)
    beside = reslice(volume, planes[0].moved(300))
    assert (beside.stored < -1e30).all() and not beside.inside.any()


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.uint16, np.int32, np.uint32, np.float16, np.float32, np.float64, ">i2"]
)
def test_every_type_of_number(dtype):
    geometry = grid("oblique", (9, 8, 7))
    array = np.random.default_rng(0).integers(0, 100, geometry.size[::-1]).astype(dtype)
    volume = Volume(array, geometry)
    plane = next(tilted_planes(geometry))
    cut = reslice(volume, plane, unrounded=True)
    lps = pixel_places(plane)
    inside = among_centers(geometry, lps)
    assert np.abs(cut.stored.astype(float) - by_scipy(volume, lps))[inside].max() < 0.05


def test_color_and_yes_or_no():
    geometry = grid("oblique", (9, 8, 7))
    color = np.random.default_rng(0).integers(0, 255, (7, 8, 9, 3)).astype(np.uint8)
    volume = Volume(color, geometry)
    plane = next(tilted_planes(geometry))
    cut = reslice(volume, plane)
    assert cut.stored.shape == (*plane.size[::-1], 3) and (cut.stored[~cut.inside] == 0).all()
    green = reslice(Volume(np.ascontiguousarray(color[..., 1]), geometry), plane)
    assert np.array_equal(cut.stored[..., 1][cut.inside], green.stored[cut.inside])
    own = reslice(volume, geometry.plane("axial", geometry.to_lps((0, 0, 2))))
    assert np.array_equal(own.stored, color[2])
    mask = color[..., 0] > 128
    yes = reslice_grid(mask, geometry, plane, "nearest")
    assert yes.dtype == bool
    number = reslice_grid(mask.astype(np.uint8), geometry, plane, "nearest")
    assert np.array_equal(yes, number.astype(bool))


def test_voxels_that_lie_apart_in_memory():
    geometry = grid("oblique", (9, 8, 7))
    volume = noise(geometry)
    sparse = np.zeros((7, 16, 27), np.int16)
    sparse[:, ::2, ::3] = volume.array
    plane = next(tilted_planes(geometry))
    apart = Volume(sparse[:, ::2, ::3], geometry, volume.values)
    assert np.array_equal(reslice(apart, plane).stored, reslice(volume, plane).stored)
    assert np.array_equal(reslice(apart, plane, Slab(3)).stored, reslice(volume, plane, Slab(3)).stored)
    assert (reslice(apart, plane.moved(500)).stored == -32768).all()


def test_a_film_with_pixels_that_are_not_square():
    rows = np.arange(60, dtype=np.uint16).reshape(1, 60, 1).repeat(80, axis=2)
    film = Volume(rows, Geometry(np.eye(4), (80, 60, 1)), kind="film", pixel_aspect=4 / 3)
    plane = stored_plane(film)
    assert plane.size == (80, 80) and plane.spacing[0] == 1
    cut = reslice_stored(film, unrounded=True)
    y = np.clip((np.arange(80) + 0.5) * 60 / 80 - 0.5, 0, 59)
    assert np.abs(cut.stored - y[:, None]).max() < 1e-3
    film.pixel_spacing = (0.2, 0.1)
    assert stored_plane(film).size == (160, 60)
    square = Volume(rows, Geometry(np.eye(4), (80, 60, 1)), kind="film")
    assert np.shares_memory(reslice_stored(square).stored, rows)


def test_frames_of_a_cine():
    frames = np.random.default_rng(0).integers(0, 255, (4, 6, 5, 3)).astype(np.uint8)
    cine = Volume(frames, Geometry(np.eye(4), (5, 6, 4)), kind="cine")
    assert np.array_equal(reslice_stored(cine, 3).stored, frames[3])
    own = Volume(
        frames[..., 0], Geometry(np.eye(4), (5, 6, 4)), Values(np.arange(1, 5.0), np.zeros(4)), kind="stack"
    )
    assert reslice_stored(own, 2).scale == (3.0, 0.0)
