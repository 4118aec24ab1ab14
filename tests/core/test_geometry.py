"""Index space to patient space and back, against SimpleITK and VTK, for every way a grid can lie."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from medviewer.core.geometry import Geometry
from medviewer.core.plane import PLANES, Plane, rotation

SIZE = (6, 5, 4)
WAYS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]
"""The 48 flips and permutations."""


def make(turn: np.ndarray, spacing=(0.7, 0.9, 2.5), shear: float = 0.0, size=SIZE) -> Geometry:
    linear = turn * spacing
    linear[:, 2] += turn[:, 1] * shear
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = linear, (-31.5, 12.25, 140.0)
    return Geometry(affine, size)


BASES = {
    "aligned": make(np.eye(3)),
    "oblique": make(rotation((1, 2, 3), 24)),
    "steep": make(rotation((-2, 1, 1), 71)),
    "sheared": make(np.eye(3), shear=0.8),
    "oblique and sheared": make(rotation((3, -1, 2), 17), shear=-1.1),
}
RIGHT_ANGLED = [name for name in BASES if "sheared" not in name]


def permuted(array: np.ndarray, order, flips) -> np.ndarray:
    """As `Geometry.permuted` says it for arrays [k, j, i]."""
    turned = array.transpose([2 - order[c] for c in (2, 1, 0)])
    return turned[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]


def every_index(size) -> np.ndarray:
    return np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), axis=-1).reshape(-1, 3)


def as_sitk(array: np.ndarray, geometry: Geometry) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.affine[:3, 3].tolist())
    image.SetDirection(geometry.direction.ravel().tolist())
    return image


def as_vtk_matrix(affine: np.ndarray) -> vtkMatrix4x4:
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(affine.ravel().tolist())
    return matrix


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    return np.random.default_rng(3).permutation(np.prod(SIZE)).astype(np.int16).reshape(SIZE[::-1])


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("order, flips", WAYS)
def test_every_voxel_keeps_its_place_however_the_grid_is_turned(name, order, flips, voxels):
    base = BASES[name]
    turned = base.permuted(order, flips)
    assert turned.size == tuple(SIZE[a] for a in order)
    array, ijk = permuted(voxels, order, flips), every_index(turned.size)
    back = base.to_ijk(turned.to_lps(ijk))
    nearest = np.rint(back).astype(int)
    assert np.abs(back - nearest).max() < 1e-9
    assert np.array_equal(array[tuple(ijk.T[::-1])], voxels[tuple(nearest.T[::-1])])
    assert np.allclose(turned.to_ijk(turned.to_lps(ijk)), ijk, atol=1e-9)
    assert turned.voxel_volume_mm3 == pytest.approx(base.voxel_volume_mm3)
    assert np.allclose(np.sort(turned.spacing), np.sort(base.spacing))
    assert np.allclose(turned.bounds_lps(), base.bounds_lps(), atol=1e-9)
    even = sum(flips) + (0 if order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else 1)
    assert (turned.handedness == "left") == (even % 2 == 1)


@pytest.mark.parametrize("name", RIGHT_ANGLED)
@pytest.mark.parametrize("order, flips", WAYS)
def test_places_and_voxels_as_simpleitk_sees_them(name, order, flips, voxels):
    base = BASES[name]
    turned = base.permuted(order, flips)
    if turned.handedness == "left":  # SimpleITK takes reflections too
        assert np.linalg.det(turned.direction) < 0
    image = as_sitk(permuted(voxels, order, flips), turned)
    for ijk in np.random.default_rng(1).uniform(-2, 7, (6, 3)):
        lps = image.TransformContinuousIndexToPhysicalPoint(ijk.tolist())
        assert np.allclose(turned.to_lps(ijk), lps, atol=1e-9)
        assert np.allclose(turned.to_ijk(lps), image.TransformPhysicalPointToContinuousIndex(lps), atol=1e-9)
    onto = sitk.Resample(image, as_sitk(voxels, base), sitk.Transform(), sitk.sitkNearestNeighbor, -1)
    assert np.array_equal(sitk.GetArrayFromImage(onto), voxels)
    told = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(turned.direction.ravel().tolist())
    axes, signs = turned.closest_axes
    letters = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
    for voxel_axis, letter in enumerate(told):
        lps, sign = letters[letter]
        assert (axes[lps], signs[lps]) == (voxel_axis, sign)


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("order, flips", WAYS)
def test_places_and_voxels_as_vtk_sees_them(name, order, flips, voxels):
    base = BASES[name]
    turned = base.permuted(order, flips)
    there, back = as_vtk_matrix(turned.affine), as_vtk_matrix(turned.affine)
    back.Invert()
    for ijk in np.random.default_rng(2).uniform(-2, 7, (4, 3)):
        lps = np.array(there.MultiplyPoint((*ijk, 1.0))[:3])
        assert np.allclose(turned.to_lps(ijk), lps, atol=1e-9)
        assert np.allclose(turned.to_ijk(lps), back.MultiplyPoint((*lps, 1.0))[:3], atol=1e-9)
    image = vtkImageData()
    image.SetDimensions(*turned.size)
    flat = np.ascontiguousarray(permuted(voxels, order, flips)).reshape(-1)
    image.GetPointData().SetScalars(numpy_to_vtk(flat))
    onto = vtkImageReslice()  # from the turned grid's index space into the base's, by the two affines alone
    onto.SetInputData(image)
    vtkMatrix4x4.Multiply4x4(back, as_vtk_matrix(base.affine), mix := vtkMatrix4x4())
    onto.SetResliceAxes(mix)
    onto.SetOutputExtent(0, SIZE[0] - 1, 0, SIZE[1] - 1, 0, SIZE[2] - 1)
    onto.SetOutputSpacing(1, 1, 1)
    onto.SetOutputOrigin(0, 0, 0)
    onto.SetInterpolationModeToNearestNeighbor()
    onto.SetBackgroundLevel(-1)
    onto.Update()
    out = vtk_to_numpy(onto.GetOutput().GetPointData().GetScalars()).reshape(SIZE[::-1])
    assert np.array_equal(out, voxels)


def alike(a: Plane, b: Plane) -> bool:
    near = [
        np.allclose(getattr(a, n), getattr(b, n), atol=1e-9)
        for n in ("center_lps", "right", "down", "spacing")
    ]
    return all(near) and a.size == b.size


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("plane_name", PLANES)
def test_a_plane_is_the_same_whichever_way_the_grid_is_stored(name, plane_name):
    base = BASES[name]
    through = base.to_lps((2, 3, 1.5))
    for order, flips in WAYS:
        turned = base.permuted(order, flips)
        assert alike(turned.patient_plane(plane_name, through), base.patient_plane(plane_name, through))
        if name in RIGHT_ANGLED:
            assert alike(turned.plane(plane_name, through), base.plane(plane_name, through))


@pytest.mark.parametrize("order, flips", WAYS)
def test_reading_directions_of_a_grid_along_the_patients_axes(order, flips):
    turned = BASES["aligned"].permuted(order, flips)
    assert turned.is_aligned() and turned.is_orthogonal()
    expected = {
        "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
        "coronal": {"left": "R", "right": "L", "top": "H", "bottom": "F"},
        "sagittal": {"left": "A", "right": "P", "top": "H", "bottom": "F"},
    }
    for name in PLANES:
        assert turned.plane(name).letters() == expected[name]
        axis, sign = turned.slice_axis(name)
        step = np.zeros(3)
        step[axis] = sign
        rises = turned.to_lps(step) - turned.to_lps((0, 0, 0))
        assert rises[{"axial": 2, "coronal": 1, "sagittal": 0}[name]] > 0


def test_own_planes_of_an_oblique_grid_are_its_slices():
    base = BASES["oblique"]
    plane = base.plane("axial", base.to_lps((0, 0, 3)))
    corners = plane.to_lps([(0, 0), (plane.size[0] - 1, plane.size[1] - 1)])
    assert np.allclose(base.to_ijk(corners)[:, 2], 3, atol=1e-9)
    assert plane.spacing == pytest.approx((0.7, 0.7))
    assert plane.size == (6, round(5 * 0.9 / 0.7))
    assert not base.is_aligned()


def test_a_gantry_tilt_is_a_shear():
    tilt = np.radians(15)
    geometry = Geometry.from_axes(
        (0, 0, 0), (0.5, 0, 0), (0, 0.5, 0), (0, 5 * np.sin(tilt), 5 * np.cos(tilt)), (8, 8, 4)
    )
    assert geometry.shear_deg == pytest.approx(15)
    assert not geometry.is_orthogonal()
    assert geometry.spacing == pytest.approx((0.5, 0.5, 5.0))
    assert geometry.slice_distance == pytest.approx(5 * np.cos(tilt))
    assert geometry.slice_normal == pytest.approx([0, 0, 1])
    assert geometry.voxel_volume_mm3 == pytest.approx(0.25 * 5 * np.cos(tilt))
    frame = geometry.frame()
    assert np.allclose(frame.T @ frame, np.eye(3))


def test_slice_normal_points_to_rising_slices():
    turned = BASES["aligned"].permuted((0, 1, 2), (False, False, True))
    assert turned.slice_normal == pytest.approx([0, 0, -1])
    assert turned.slice_distance == pytest.approx(2.5)
    assert turned.handedness == "left"


def test_contains_close_and_equal():
    base = BASES["oblique"]
    assert base.contains(base.to_lps((5.4, 4.4, 3.4))) and not base.contains(base.to_lps((5.6, 0, 0)))
    assert base.contains(base.to_lps((6.4, 0, 0)), margin=1.5)
    assert base.contains(base.center_lps)
    moved = base.affine.copy()
    moved[0, 3] += 5e-4
    assert base.is_close(Geometry(moved, SIZE)) and base != Geometry(moved, SIZE)
    moved[0, 3] += 1
    assert not base.is_close(Geometry(moved, SIZE))
    assert not base.is_close(Geometry(base.affine, (6, 5, 5)))
    assert base == Geometry(base.affine, SIZE)
    assert base != "a grid"
    low, high = base.bounds_lps()
    corners = base.corners_lps(edges=True)
    assert np.allclose(corners.min(0), low) and np.allclose(corners.max(0), high)


@pytest.mark.parametrize(
    "affine, size",
    [
        (np.eye(3), SIZE),
        (np.diag([1, 1, 0, 1]), SIZE),
        (np.full((4, 4), np.nan), SIZE),
        (np.diag([1, 1, 1, 2]), SIZE),
        (np.eye(4), (1, 0, 1)),
        (np.eye(4), (1, 1)),
    ],
)
def test_what_is_no_grid_is_refused(affine, size):
    with pytest.raises(ValueError, match=r"not an affine|no volume|not a size"):
        Geometry(affine, size)


def test_affine_and_inverse_can_not_be_changed_behind_the_back():
    base = BASES["aligned"]
    for matrix in (base.affine, base.inverse):
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 3


def test_single_voxel_grid():
    one = Geometry(np.diag([2.0, 3.0, 4.0, 1.0]), (1, 1, 1))
    for name in PLANES:
        plane = one.plane(name)
        assert min(plane.size) >= 1
        assert np.allclose(plane.center_lps, 0)
