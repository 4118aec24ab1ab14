"""`medviewer convert`, against SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.cli.main import main
from tests.io import phantoms


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two echoes of one series."""
    for echo in (1, 2):

        def set_echo(ds, k: int, echo: int = echo) -> None:  # type: ignore[no-untyped-def]
            ds.EchoNumbers, ds.Modality = echo, "MR"

        phantoms.series(tmp_path / "in" / str(echo), phantoms.blocks(seed=echo), change=set_echo)
    return tmp_path / "in"


def convert(*args: object) -> int:
    return main(["convert", *map(str, args)])


def voxels(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_the_same_as_simpleitk(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.nii.gz"
    assert convert(study / "1", out) == 0
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(study / "1")))
    want, got = reader.Execute(), sitk.ReadImage(str(out))
    assert np.array_equal(sitk.GetArrayFromImage(got), sitk.GetArrayFromImage(want))
    assert got.GetSpacing() == pytest.approx(want.GetSpacing(), abs=1e-4)
    assert got.GetOrigin() == pytest.approx(want.GetOrigin(), abs=1e-4)
    assert got.GetDirection() == pytest.approx(want.GetDirection(), abs=1e-6)
    told = capsys.readouterr()
    assert told.out == "" and told.err == ""


def test_series_by_number_and_uid(study: Path, tmp_path: Path) -> None:
    for selector, seed in (("1", 1), ("2", 2), ("1.2.3.2", 1)):
        out = tmp_path / f"{selector}.mha"
        assert convert(study, out, "--series", selector) == 0
        assert np.array_equal(voxels(out), phantoms.blocks(seed=seed) - 1024)


def test_faults(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert convert(study, tmp_path / "a.nii.gz", "--series", "7") == 4
    assert convert(study, tmp_path / "a.tiff") == 2
    assert convert(tmp_path / "nowhere", tmp_path / "a.nii.gz") == 3
    some = next((study / "1").iterdir())
    assert 2 <= convert(study, some / "below" / "a.nii.gz") <= 7
    assert sorted(tmp_path.rglob("*")) == before
    assert "Traceback" not in capsys.readouterr().err


def test_a_tilted_series_is_resampled_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    turn = (1, 0, 0, 0, np.cos(0.3), -np.sin(0.3))
    phantoms.series(tmp_path / "in", phantoms.blocks(), (0, 0, 2.5), turn=turn)
    assert convert(tmp_path / "in", tmp_path / "a.nrrd") == 0
    direction = np.array(sitk.ReadImage(str(tmp_path / "a.nrrd")).GetDirection()).reshape(3, 3)
    assert direction.T @ direction == pytest.approx(np.eye(3), abs=1e-6)
    assert "resampled" in capsys.readouterr().err
