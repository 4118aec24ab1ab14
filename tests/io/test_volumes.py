"""NIfTI, NRRD and MetaImage in every orientation, against nibabel and SimpleITK."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.plane import rotation
from medviewer.io.index import scan
from medviewer.io.load import load, open_progressive
from medviewer.io.study import SeriesInfo
from tests.io import phantoms

WAYS = [(p, s) for p in itertools.permutations(range(3)) for s in itertools.product((1, -1), repeat=3)]
ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd")


def only(path: Path) -> SeriesInfo:
    found = list(scan([path]).series())
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("number", range(48))
def test_48_orientations_equal_simpleitk(tmp_path: Path, number: int) -> None:
    order, signs = WAYS[number]
    turn = np.eye(3)[:, order] * signs
    if number % 2:
        turn = rotation((0.6, 0.8, 0), 25.0) @ turn
    image = sitk.GetImageFromArray(phantoms.blocks())
    image.SetSpacing((0.75, 0.5, 2.5))
    image.SetOrigin((10.0, -20.0, 30.0))
    image.SetDirection([float(v) for v in turn.ravel()])
    path = tmp_path / f"a{ENDINGS[number % 5]}"
    sitk.WriteImage(image, str(path), useCompression=number % 4 > 1)
    one = only(path)
    volume = load(one)
    assert one.kind == "volume" and one.report.verdict == "green" and one.spacing_source == "file"
    assert np.array_equal(volume.array, phantoms.blocks())
    want = sitk.ReadImage(str(path))
    for index in itertools.product(*((0, n - 1) for n in volume.size)):
        assert volume.geometry.to_lps(index) == pytest.approx(
            want.TransformIndexToPhysicalPoint(index), abs=1e-3
        )


@pytest.mark.parametrize("kind", ["q", "s", "both", "nifti2"])
def test_nifti_place_equals_nibabel(tmp_path: Path, kind: str) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation((0, 0.6, 0.8), 33.0) * [0.75, 0.5, -2.5]
    affine[:3, 3] = 4, 5, 6
    image = (nib.Nifti2Image if kind == "nifti2" else nib.Nifti1Image)(phantoms.blocks().T, None)
    image.set_qform(affine, 1 if kind in ("q", "both") else 0)
    image.set_sform(affine, 1 if kind in ("s", "both", "nifti2") else 0)
    nib.save(image, tmp_path / "a.nii")
    want = np.diag([-1, -1, 1, 1]) @ nib.load(tmp_path / "a.nii").affine
    one = only(tmp_path / "a.nii")
    assert one.affine_lps == pytest.approx(want, abs=1e-4)
    assert np.array_equal(load(one).array, phantoms.blocks())


def test_nifti_forms_that_differ_are_told(tmp_path: Path) -> None:
    image = nib.Nifti1Image(phantoms.blocks().T, np.diag([2.0, 2, 2, 1]))
    image.set_qform(np.diag([-2.0, -2, 2, 1]), 1)
    image.set_sform(np.diag([2.0, 2, 2, 1]), 1)
    nib.save(image, tmp_path / "a.nii.gz")
    one = only(tmp_path / "a.nii.gz")
    assert one.report.verdict == "amber" and one.report.items[0].code == "geometry.conflict"
    assert one.affine_lps == pytest.approx(np.diag([-2, -2, 2, 1]))


def test_nifti_without_a_place_is_a_stack(tmp_path: Path) -> None:
    image = nib.Nifti1Image(phantoms.blocks().T, None)
    image.set_qform(None, 0)
    image.set_sform(None, 0)
    nib.save(image, tmp_path / "a.nii")
    one = only(tmp_path / "a.nii")
    assert one.kind == "stack" and one.report.verdict == "red" and one.affine_lps is None


def test_nifti_scale_and_types(tmp_path: Path) -> None:
    for n, dtype in enumerate(("u1", "i1", "i2", "u2", "i4", "f4", "f8", ">i2", ">f4")):
        data = (phantoms.blocks() % 100).astype(dtype).T
        header = nib.Nifti1Header(endianness=">" if ">" in dtype else "<")
        header.set_data_dtype(np.dtype(dtype))
        image = nib.Nifti1Image(data, np.eye(4), header)
        path = tmp_path / f"a{n}.nii"
        nib.save(image, path)
        raw = bytearray(path.read_bytes())
        order = ">f4" if ">" in dtype else "<f4"
        raw[112:120] = np.array([0.5, -3], order).tobytes()
        path.write_bytes(raw)
        volume = load(only(path))
        want = nib.load(path).get_fdata().T
        got = np.stack([volume.slice_values(k) for k in range(volume.size[2])])
        assert volume.array.dtype.isnative and np.allclose(got, want)


def test_four_axes_give_several_volumes(tmp_path: Path) -> None:
    data = np.stack([phantoms.blocks(seed=n) for n in range(3)])
    nib.save(nib.Nifti1Image(data.T, np.eye(4)), tmp_path / "a.nii.gz")
    sitk.WriteImage(sitk.GetImageFromArray(data, isVector=False), str(tmp_path / "b.nrrd"))
    found = list(scan([tmp_path]).series())
    assert [s.part for s in found] == 2 * [{"Volume": 1}, {"Volume": 2}, {"Volume": 3}]
    for n, one in enumerate(found):
        assert np.array_equal(load(one).array, phantoms.blocks(seed=n % 3))


def test_colour(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3)).astype(np.uint8)
    for ending in (".nii.gz", ".nrrd", ".mha"):
        path = tmp_path / f"a{ending}"
        sitk.WriteImage(sitk.GetImageFromArray(data, isVector=True), str(path))
        volume = load(only(path))
        assert volume.is_color and np.array_equal(volume.array, data)


def test_a_single_slice_is_a_film(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(phantoms.blocks()[:1])
    image.SetSpacing((0.5, 0.7, 1))
    sitk.WriteImage(image, str(tmp_path / "a.mha"))
    one = only(tmp_path / "a.mha")
    assert one.kind == "film" and one.spacing_mm == pytest.approx((0.5, 0.7, None), nan_ok=True)


def test_nrrd_by_hand(tmp_path: Path) -> None:
    """RAS space, ascii samples, a detached file with a byte skip, and what leads outside."""
    head = "NRRD0004\ntype: short\ndimension: 3\nspace: right-anterior-superior\nsizes: 2 2 2\n"
    head += "space directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)\nendian: little\n"
    (tmp_path / "a.nrrd").write_text(head + "encoding: ascii\n\n0 1 2 3 4 5 6 7\n")
    (tmp_path / "b.nhdr").write_text(head + "encoding: raw\nbyte skip: 5\ndata file: b.bin\n")
    (tmp_path / "b.bin").write_bytes(b"12345" + np.arange(8, dtype="<i2").tobytes())
    for one in scan([tmp_path]).series():
        assert one.affine_lps == pytest.approx(
            np.array([[-2, 0, 0, -1], [0, -3, 0, -2], [0, 0, 4, 3], [0, 0, 0, 1]])
        )
        assert load(one).array.ravel().tolist() == list(range(8))
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "c.nhdr").write_text(head + "encoding: raw\ndata file: ../b.bin\n")
    (inner / "d.mhd").write_text(
        "NDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\nElementDataFile = ../b.bin\n"
    )
    for name in ("c.nhdr", "d.mhd"):
        with pytest.raises(MedViewerError) as fault:
            scan([inner / name])
        assert fault.value.code == "input.missing"


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_slices_are_told_as_they_come_and_cancel_stops(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    sitk.WriteImage(sitk.GetImageFromArray(phantoms.blocks()), str(path), useCompression=ending == ".mha")
    loading, told = open_progressive(only(path)), []
    loading.run(Progress(), told.append)
    assert told == list(range(7)) and loading.loaded.all()
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        open_progressive(only(path)).run(progress)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_cut_off(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    sitk.WriteImage(sitk.GetImageFromArray(phantoms.blocks()), str(path))
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(MedViewerError) as fault:
        load(only(path))
    assert fault.value.exit_code == 3


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.png"])
def test_random_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(MedViewerError) as fault:
        scan([tmp_path / name])
    assert fault.value.exit_code == 3
