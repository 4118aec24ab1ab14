"""`medviewer run` from outside: files, stdout, exit codes, replay."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from medviewer.cli.main import main
from tests.inference.conftest import PACKAGES, ball
from tests.inference.schema_check import check

SPACING, SHAPE = (0.9, 0.9, 2.0), (16, 90, 80)


def write_ct(path: Path, shift: float = 0.0) -> Path:
    array = np.full(SHAPE, -900, np.int16)
    array[ball(SHAPE, SPACING, (35, 40, 16), 16)] = 60
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    image.SetOrigin((-30 + shift, 12, 100))
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    return write_ct(folder / "chest.nii.gz")


def test_files_stdout_and_replay(study, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(PACKAGES / "tiny_detector"), str(study), "-o", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    check(told, "findings")
    assert told == json.loads((out / "findings.json").read_text(encoding="utf-8"))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    check(manifest, "manifest")
    finding = told["findings"][0]
    np.testing.assert_allclose(finding["center_lps_mm"], [5, 52, 116], atol=1.0)
    mask = sitk.ReadImage(str(out / "mask.nii.gz"))
    assert mask[mask.TransformPhysicalPointToIndex(finding["center_lps_mm"])] == finding["segment"]
    with Image.open(out / "preview.png") as picture:
        assert min(picture.size) >= 256 and np.asarray(picture.convert("RGB"), float).std() > 3
    again = tmp_path / "again"
    assert main(["run", "--replay", str(out / "manifest.json"), "-o", str(again), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == told["findings"]
    moved = study.rename(tmp_path / "moved.nii.gz")
    assert main(["run", "--replay", str(out / "manifest.json"), str(moved), "-o", str(again)]) == 0
    assert "not for diagnosis" in capsys.readouterr().out


def test_another_study_is_no_replay(study, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(PACKAGES / "tiny_detector"), str(study), "-o", str(out)]) == 0
    write_ct(study, shift=5.0)
    assert main(["run", "--replay", str(out / "manifest.json"), "-o", str(tmp_path / "again")]) == 3
    assert "hash" in capsys.readouterr().err and not (tmp_path / "again").exists()


def refused(capsys, code, *args):
    assert main([str(a) for a in args]) == code
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.strip()) < 300 and "Traceback" not in printed.err
    return printed.err


def test_refusals_leave_nothing_behind(study, tmp_path, capsys, package_copy):
    out = tmp_path / "never"
    before = set(tmp_path.rglob("*"))
    refused(capsys, 3, "run", PACKAGES / "tiny_detector", tmp_path / "nowhere", "-o", out)
    refused(capsys, 4, "run", PACKAGES / "tiny_classifier", study, "-o", out)
    refused(capsys, 4, "run", PACKAGES / "tiny_detector", study, "-o", out, "--series", "7")
    refused(capsys, 5, "run", "no_such_model", study, "-o", out)
    refused(capsys, 5, "run", tmp_path / "nothing", tmp_path / "nowhere", "-o", out)
    refused(capsys, 6, "run", PACKAGES / "tiny_detector", study, "-o", study / "out")
    assert set(tmp_path.rglob("*")) == before
    folder = package_copy("tiny_detector")
    (folder / "models" / "model.pt").write_bytes(pickle.dumps(1))
    assert "pickle" in refused(capsys, 5, "run", folder, tmp_path / "nowhere", "-o", out)
    assert not out.exists()


def test_usage(study, tmp_path, capsys):
    assert main(["run", str(PACKAGES / "tiny_detector"), "-o", str(tmp_path / "x")]) == 2
    assert main(["run", str(PACKAGES / "tiny_detector"), str(study)]) == 2
    assert main(["run", "a", str(study), "-o", "x", "--device", "abacus"]) == 2
    assert main(["run", "--help"]) == 0
    assert "Example:" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="folders are locked otherwise there")
def test_an_output_that_cannot_be_written(study, capsys):
    refused(capsys, 6, "run", PACKAGES / "tiny_detector", study, "-o", "/proc/never/out")
