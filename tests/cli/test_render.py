"""`medviewer render`, called as a person would, on files made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from medviewer.cli.main import main


def linear(values, center, width):
    """LINEAR of PS3.3 C.11.2.1.2."""
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    return np.random.default_rng(0).integers(-900, 900, (7, 20, 24)).astype(np.int16)


@pytest.fixture
def volume(tmp_path: Path, voxels) -> Path:
    """NIfTI along the patient's axes, 1 x 1 x 2 mm, its first voxel at (-10, -20, 5) LPS."""
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.0, 1.0, 2.0))
    image.SetOrigin((-10.0, -20.0, 5.0))
    folder = tmp_path / "in"
    folder.mkdir()
    sitk.WriteImage(image, str(folder / "v.nii.gz"))
    return folder / "v.nii.gz"


def render(*args: object) -> int:
    return main(["render", *map(str, args)])


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(float)


def test_bare_slices_are_the_stored_numbers_under_the_window(volume, voxels, tmp_path):
    out = tmp_path / "a.png"
    for number in (0, 4):
        assert render(volume, "-o", out, "--bare", "--slice", number, "--window", "-600/1500") == 0
        assert np.abs(pixels(out) - linear(voxels[number].astype(float), -600, 1500)).max() <= 1
    assert render(volume, "-o", out, "--bare", "--at", "9", "--window", "40/400") == 0
    assert np.abs(pixels(out) - linear(voxels[2].astype(float), 40, 400)).max() <= 1


def test_other_planes_face_the_reader(volume, voxels, tmp_path):
    out = tmp_path / "a.png"
    assert render(volume, "-o", out, "--bare", "--plane", "coronal", "--slice", 3, "--window", "40/400") == 0
    got = pixels(out)
    assert got.shape == (14, 24)
    # two pixels a slice, linear: the outermost lie beyond the slice's middle and repeat it
    assert np.abs(got[0] - linear(voxels[6, 3].astype(float), 40, 400)).max() <= 1
    assert np.abs(got[-1] - linear(voxels[0, 3].astype(float), 40, 400)).max() <= 1
    assert render(volume, "-o", out, "--bare", "--plane", "sagittal", "--slice", 5, "--window", "40/400") == 0
    assert np.abs(pixels(out)[0] - linear(voxels[6, :, 5].astype(float), 40, 400)).max() <= 1


def test_values_that_begin_with_a_minus_sign(volume, voxels, tmp_path):
    out = tmp_path / "a.png"
    assert render(volume, "-o", out, "--bare", "--center", "-3e-5", "-4", "7", "--window", "-600/1500") == 0
    assert np.abs(pixels(out) - linear(voxels[1].astype(float), -600, 1500)).max() <= 1
    coronal = ("--plane", "coronal", "--at", "-17", "--window", "-40.5/1e3")
    assert render(volume, "-o", out, "--bare", *coronal) == 0
    assert np.abs(pixels(out)[0] - linear(voxels[6, 3].astype(float), -40.5, 1000)).max() <= 1


def test_a_slab(volume, voxels, tmp_path):
    out = tmp_path / "a.png"
    slab = ("--slab", "4", "--mode", "min")
    assert render(volume, "-o", out, "--bare", "--slice", 3, *slab, "--window", "40/400") == 0
    assert np.abs(pixels(out) - linear(voxels[2:5].min(0).astype(float), 40, 400)).max() <= 1


def test_a_film_and_a_picture_with_all_its_marks(tmp_path, volume):
    grey = np.random.default_rng(0).integers(0, 255, (30, 40)).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "film.png")
    out = tmp_path / "a.png"
    assert render(tmp_path / "film.png", "-o", out, "--bare", "--window", "128/256") == 0
    assert np.array_equal(pixels(out), grey)
    assert render(volume, "-o", out, "--window", "lung", "--lang", "zh") == 0
    assert pixels(out).ndim == 3 and min(pixels(out).shape[:2]) >= 512
    assert render(volume, "-o", out, "--size", "300x200") == 0
    assert pixels(out).shape == (200, 300, 3)
    assert render(volume, "-o", out, "--bare", "--size", "48x40", "--slice", "0") == 0
    assert pixels(out).shape == (40, 48)


def test_3d_without_any_opengl(volume, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDVIEWER_3D", "none")
    out = tmp_path / "a.png"
    assert render(volume, "-o", out, "--plane", "3d", "--size", "200x150", "--preset", "ct_mip") == 0
    assert pixels(out).shape == (150, 200, 3) and pixels(out).max() > 100


def run_result(folder: Path, study: str = "") -> Path:
    """As `run` writes it: one finding at (0, -10, 11) LPS, which lies in slice 3."""
    center = {"center_lps_mm": [0.0, -10.0, 11.0], "center_ijk": [10, 10, 3]}
    found = {
        "id": "f1", "kind": "lesion", "label": "Nodule", "code": None, "probability": 0.9, "calibrated": False,
        "diameter_mm": 8.0, "volume_ml": None, "mean_value": None, "unit": "a.u.", "bbox_lps_mm": None, **center,
    }  # fmt: skip
    told = {
        "schema": "medviewer/findings/1", "series": {"study_uid": study or None}, "device": "CPU", "notes": [],
        "model": {"name": "m", "version": "1", "sha256": "0" * 64}, "findings": [found], "classes": [],
    }  # fmt: skip
    folder.mkdir()
    (folder / "findings.json").write_text(json.dumps(told))
    return folder


def orange(picture: np.ndarray) -> int:
    return int((np.abs(picture - (255, 162, 77)).max(axis=2) < 40).sum())


def test_results_are_drawn_where_they_lie(volume, tmp_path, capsys):
    result, out = run_result(tmp_path / "run"), tmp_path / "a.png"
    assert render(volume, "-o", out, "--result", result) == 0
    assert orange(pixels(out)) > 100
    assert render(volume, "-o", out, "--result", result, "--plane", "coronal", "--at", "-10") == 0
    assert orange(pixels(out)) > 100
    assert render(volume, "-o", out, "--result", result, "--slice", "6") == 0  # 6 mm above: past the ball
    assert orange(pixels(out)) < 20
    assert render(volume, "-o", out, "--result", result, "--bare") == 0
    assert pixels(out).ndim == 2
    assert render(volume, "-o", out, "--result", tmp_path / "in") == 3
    assert "no results" in capsys.readouterr().err


def test_results_of_another_study_are_refused(tmp_path, voxels):
    from medviewer.cli.render import _overlays
    from medviewer.core.errors import MedViewerError
    from medviewer.core.geometry import Geometry
    from medviewer.core.volume import Volume

    one = Volume(voxels, Geometry(np.eye(4), (24, 20, 7)), meta={"study_uid": "1.2.3"})
    assert _overlays(run_result(tmp_path / "same", "1.2.3"), one).findings[0].label == "Nodule"
    with pytest.raises(MedViewerError) as fault:
        _overlays(run_result(tmp_path / "other", "1.2.4"), one)
    assert fault.value.exit_code == 4


@pytest.mark.parametrize(
    "args",
    [
        ("--window", "40"), ("--window", "x/y"), ("--at", "1", "--slice", "2"), ("--slice", "1.5"), ("--at", "x"),
        ("--at", "nan"), ("--center", "1", "2"), ("--slab", "-3"), ("--slab", "0"), ("--size", "0x5"), ("--size", "9"),
        ("--plane", "diagonal"), ("--plane", "film", "--at", "3"), ("--plane", "3d", "--slice", "1"),
        ("--preset", "ct_bone"), ("--plane", "3d", "--preset", "ct_wood"), ("--mode", "median"), ("--lang", "de"),
    ],
)  # fmt: skip
def test_usage_faults(volume, tmp_path, args, capsys):
    assert render(volume, "-o", tmp_path / "a.png", *args) == 2
    assert not (tmp_path / "a.png").exists()
    said = capsys.readouterr().err
    assert said.strip() and "Traceback" not in said


def test_usage_comes_before_input(tmp_path):
    assert render(tmp_path / "nowhere", "-o", tmp_path / "a.png", "--window", "40") == 2
    assert render(tmp_path / "nowhere", "-o", tmp_path / "a.jpg") == 2
    assert render(tmp_path / "nowhere") == 2
    assert render(tmp_path / "nowhere", "-o", tmp_path / "a.png", "--slice", "-1") == 3


@pytest.mark.parametrize(
    "args",
    [("--slice", "7"), ("--slice", "-1"), ("--at", "400"), ("--center", "0", "0", "-90"), ("--series", "2")],
)
def test_what_does_not_fit(volume, tmp_path, args, capsys):
    before = set(tmp_path.rglob("*"))
    assert render(volume, "-o", tmp_path / "a.png", *args) == 4
    assert set(tmp_path.rglob("*")) == before
    assert len(capsys.readouterr().err) < 320


def test_a_film_has_no_planes(tmp_path):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "film.png")
    for args in (("--plane", "coronal"), ("--at", "1"), ("--slab", "3"), ("--plane", "3d"), ("--slice", "1")):
        assert render(tmp_path / "film.png", "-o", tmp_path / "a.png", *args) == 4
    assert not (tmp_path / "a.png").exists()


def test_nothing_is_left_where_the_picture_can_not_be_written(volume, tmp_path, monkeypatch, capsys):
    (tmp_path / "plain.txt").write_text("x")
    before = set(tmp_path.rglob("*"))
    code = render(volume, "-o", tmp_path / "plain.txt" / "sub" / "a.png")
    assert 2 <= code <= 7 and set(tmp_path.rglob("*")) == before

    def full(self, place, *args, **kwargs):
        Path(place).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    assert render(volume, "-o", tmp_path / "new" / "a.png") == 6
    assert set(tmp_path.rglob("*")) == before
    assert "disk" in capsys.readouterr().err


def test_an_older_picture_is_replaced_as_a_whole(volume, tmp_path):
    out = tmp_path / "a.png"
    out.write_bytes(b"older")
    assert render(volume, "-o", out) == 0
    assert out.read_bytes()[:4] == b"\x89PNG"
    assert {p.name for p in tmp_path.iterdir()} == {"in", "a.png"}
