"""The lung mask against a phantom of known lungs and against masks of others."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.core.geometry import Geometry
from medviewer.inference.organs import lung_ct, organ_mask
from tests.inference.conftest import ct_volume

SPACING = (1.5, 1.5, 3.0)


def chest(slices: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(HU [k, j, i], true lungs, a nodule at the pleura): a body with two lungs, a table below, padding outside."""
    shape = (slices, 200, 240)
    j, i = np.mgrid[: shape[1], : shape[2]]
    x, y = (i - 119.5) * 1.5, (j - 99.5) * 1.5

    def ellipse(cx, cy, a, b):
        return ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1

    plane = np.full(shape[1:], -1000.0)
    plane[ellipse(0, 0, 160, 110)] = 40
    left, right = ellipse(70, 0, 55, 80), ellipse(-70, 0, 55, 80)
    plane[left | right] = -850
    plane[ellipse(0, 20, 8, 8)] = -1000  # the trachea
    plane[(y > 118) & (y < 126)] = -100  # the table
    plane[x**2 + y**2 > 175**2] = -2048  # beyond the field of view
    hu = np.stack([plane] * slices)
    k = np.arange(slices)[:, None, None]
    nodule = (x - 117) ** 2 + y**2 + ((k - slices // 2) * 3.0) ** 2 <= 9**2
    vessel = (x + 60) ** 2 + (y - 10) ** 2 <= 5**2
    hu[nodule & left[None]] = 30
    hu[:, vessel] = 40
    return hu.astype(np.int16), np.stack([left | right] * slices), nodule & left[None]


def test_both_lungs_with_vessel_and_pleural_nodule():
    hu, lungs, nodule = chest()
    found = lung_ct(ct_volume(hu, SPACING))
    both = (found & lungs).sum()
    assert 2 * both / (found.sum() + lungs.sum()) > 0.97
    assert found[nodule].mean() > 0.9
    assert not found[:, 99 + 13, 119].any()  # the trachea alone is no lung


@pytest.mark.parametrize("slices", [1, 3])
def test_thin_slabs_work(slices):
    hu, lungs, _ = chest(slices)
    found = lung_ct(ct_volume(hu, SPACING))
    assert 2 * (found & lungs).sum() / (found.sum() + lungs.sum()) > 0.97


def test_orientation_does_not_matter():
    hu, _, _ = chest(6)
    volume = ct_volume(hu, SPACING)
    order, flips = (2, 0, 1), (True, False, True)
    turned = volume.array.transpose([2 - order[c] for c in (2, 1, 0)])
    turned = turned[tuple(slice(None, None, -1 if flips[c] else 1) for c in (2, 1, 0))]
    other = ct_volume(np.ascontiguousarray(turned), affine=volume.geometry.permuted(order, flips).affine)
    assert lung_ct(other).sum() == lung_ct(volume).sum()


def test_no_lungs_no_mask():
    hu, _, _ = chest(4)
    hu[hu < -500] = -1000
    solid = np.where(hu > -500, 40, hu)
    j, i = np.mgrid[: hu.shape[1], : hu.shape[2]]
    solid[:, ((i - 119.5) / 100) ** 2 + ((j - 99.5) / 65) ** 2 < 1] = 40
    volume = ct_volume(solid.astype(np.int16), SPACING)
    assert not lung_ct(volume).any()
    assert organ_mask(None, volume) is None


@pytest.mark.parametrize("name", ["lung_dx_a0001_soft", "lungfcp_01_0001", "lidc_idri_0001_slab"])
def test_real_chests_agree_with_their_masks(shared_data, name):
    image = sitk.ReadImage(str(shared_data / "lung_ct" / f"{name}.nii.gz"))
    truth = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(shared_data / "lung_ct" / f"{name}_lungmask.nii.gz"))) > 0
    )
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    volume = ct_volume(sitk.GetArrayFromImage(image), affine=affine)
    assert isinstance(volume.geometry, Geometry)
    found = lung_ct(volume)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
