"""The real studies: converted voxels and geometry equal SimpleITK's; kinds, units and parts are as expected."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.io.index import scan
from medviewer.io.load import load
from medviewer.io.statistics import values_of
from medviewer.io.write import write_volume


def folder(shared_data: Path, name: str) -> Path:
    path = shared_data / name
    if not path.exists():
        pytest.skip(f"no {name}")
    return path


@pytest.mark.parametrize(
    "name",
    ["dicom/lidc_idri_0001", "brain_volumes/btp_pgbm003_dicom/T1post", "dicom_variety/mr_wrist_coronal"],
)
def test_converted_equals_simpleitk(shared_data: Path, tmp_path: Path, name: str) -> None:
    path = folder(shared_data, name)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(path)))
    want = reader.Execute()
    assert write_volume(load(scan([path]).find()), tmp_path / "a.nii.gz") == []
    got = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(got), sitk.GetArrayFromImage(want))
    assert got.GetOrigin() == pytest.approx(want.GetOrigin(), abs=2e-3)
    assert got.GetSpacing() == pytest.approx(want.GetSpacing(), abs=1e-3)
    assert got.GetDirection() == pytest.approx(want.GetDirection(), abs=1e-3)


def test_chest_films(shared_data: Path) -> None:
    found = {s.modality: s for s in scan([folder(shared_data, "dicom")]).series() if s.kind == "film"}
    assert set(found) == {"DX", "CR"} and all(s.spacing_mm == (None, None, None) for s in found.values())
    assert load(found["CR"]).invert


def test_tilted_head(shared_data: Path) -> None:
    one = scan([folder(shared_data, "dicom_variety/ct_gantry_tilt_philips")]).find()
    assert one.report.tilt_deg == pytest.approx(18.5, abs=0.05) and one.report.verdict == "amber"
    assert load(one).geometry.slice_distance == pytest.approx(2.3708, abs=1e-3)


@pytest.mark.parametrize("name", ["mr_mosaic_fmri_axial", "mr_dwi_ge_4d"])
def test_parts_equal_the_reference(shared_data: Path, name: str) -> None:
    path = folder(shared_data, f"dicom_variety/{name}")
    reference = nib.load(next(path.glob("reference_*.nii.gz"))).get_fdata()
    parts = [load(s) for s in scan([path]).series() if s.modality == "MR"]
    assert len(parts) == reference.shape[3] and len({str(v.meta["part"]) for v in parts}) == len(parts)
    for n, volume in enumerate(parts):
        want = reference[..., n].T
        got = np.stack([volume.slice_values(k) for k in range(volume.size[2])])
        assert any(np.array_equal(got, w) for w in (want, want[:, ::-1], want[:, :, ::-1], want[:, ::-1, ::-1], want[::-1],
                                                    want[::-1, ::-1], want[::-1, :, ::-1], want[::-1, ::-1, ::-1]))  # fmt: skip


def test_pet_factor(shared_data: Path) -> None:
    one = scan([folder(shared_data, "dicom_variety/pet_suv_bqml_synthetic")]).find()
    assert one.suv is not None and one.suv["bw"] == pytest.approx(2.96075e-4, rel=1e-4)
    assert values_of(load(one))["max"] * one.suv["bw"] == pytest.approx(5.0, rel=0.01)


def test_segments(shared_data: Path) -> None:
    found = scan([folder(shared_data, "dicom_variety/seg_liver_ct")], pixels=True)
    liver = next(s for s in found.series() if s.segments and s.segments[0]["label"] == "Liver")
    assert liver.segments is not None and liver.segments[0]["voxels"] == 107098
    assert liver.references == [next(s.uid for s in found.series() if s.kind == "volume")]


def test_contours(shared_data: Path) -> None:
    found = scan([folder(shared_data, "dicom_variety/rtstruct_spheres_synthetic")])
    spheres = next(s.segments for s in found.series() if s.modality == "RTSTRUCT")
    assert spheres is not None and spheres[0]["volume_ml"] == pytest.approx(14.137, rel=0.02)
    assert spheres[0]["centroid_lps_mm"] == pytest.approx([48, 46.5, 20], abs=0.5)
