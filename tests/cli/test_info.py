"""`medviewer info`, called as a person or a program would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medviewer.cli.main import main
from tests.inference.schema_check import check
from tests.io import phantoms


@pytest.fixture
def study(tmp_path: Path) -> Path:
    phantoms.series(tmp_path / "in", phantoms.blocks())
    (tmp_path / "in" / "broken.dcm").write_bytes(bytes(128) + b"DICM" + np.random.default_rng(0).bytes(900))
    return tmp_path / "in"


def answer(capsys: pytest.CaptureFixture[str], *args: object) -> dict[str, Any]:
    assert main(["info", *map(str, args), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    check(told, "info")
    return told


def test_headers_alone(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(capsys, study)
    assert told["patients"][0]["name"] == "Test^Phantom" and told["patients"][0]["id"] == "P-1"
    (series,) = told["patients"][0]["studies"][0]["series"]
    assert series["size"] == [16, 12, 7] and series["spacing_mm"] == pytest.approx([0.75, 0.5, 2.5])
    assert (
        series["uid"] == "1.2.3.2"
        and series["number"] == 3
        and series["unit"] == "HU"
        and "values" not in series
    )
    assert [r["path"] for r in told["refused"]] == ["broken.dcm"]


def test_pixels(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series = answer(capsys, study, "--pixels")["patients"][0]["studies"][0]["series"][0]
    values = phantoms.blocks().astype(float) - 1024
    assert series["values"]["mean"] == pytest.approx(values.mean())
    assert series["values"]["min"] == values.min() and series["values"]["max"] == values.max()
    weight = values - values.min()
    k, j, i = np.mgrid[:7, :12, :16]
    affine = np.array(series["affine_lps"])
    center = affine[:3, :3] @ [(w * weight).sum() / weight.sum() for w in (i, j, k)] + affine[:3, 3]
    assert series["values"]["centroid_lps_mm"] == pytest.approx(center)


def test_a_series_whose_pixels_are_cut_off_is_refused_when_they_are_asked_for(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = phantoms.save(phantoms.instance(phantoms.blocks()[0], SeriesInstanceUID="9.9"), study / "cut.dcm")
    path.write_bytes(path.read_bytes()[:-100])
    assert len(answer(capsys, study)["patients"][0]["studies"][0]["series"]) == 2
    told = answer(capsys, study, "--pixels")
    assert len(told["patients"][0]["studies"][0]["series"]) == 1
    assert "input.truncated" in [r["code"] for r in told["refused"]]


def test_table_for_people(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(study), "--pixels"]) == 0
    out = capsys.readouterr().out
    assert "1.  CT  volume  16 x 12 x 7  0.75 x 0.5 x 2.5 mm" in out and "broken.dcm" in out and "HU" in out


@pytest.mark.parametrize(("name", "code"), [("nowhere", 3), ("empty", 3), ("text.dcm", 3)])
def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, code: int) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.dcm").write_text("This is no image.\n" * 40)
    assert main(["info", str(tmp_path / name), "--json"]) == code
    told = capsys.readouterr()
    assert told.out == "" and 3 < len(told.err.strip()) <= 300 and len(told.err.strip().splitlines()) == 1


def test_usage() -> None:
    assert main(["info"]) == 2
    assert main(["info", "--nonsense", "x"]) == 2


def test_light(study: Path) -> None:
    """A plain DICOM series needs neither pydicom nor any heavier library."""
    code = (
        "import sys; from medviewer.cli.main import main; main(['info', sys.argv[1], '--json']);"
        "print([m for m in ('torch','PySide6','vtkmodules','SimpleITK','scipy','pydicom','onnxruntime') if m in sys.modules],"
        "file=sys.stderr)"
    )
    good = sorted(p for p in study.iterdir() if p.name != "broken.dcm")[0]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(good)], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stderr.strip() == "[]"


def test_nothing_of_the_patient_on_stderr(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in study.iterdir():
        path.write_bytes(path.read_bytes()[:-40])
    assert main(["info", str(study), "--pixels", "--json"]) == 3
    told = capsys.readouterr()
    assert "Phantom" not in told.err and "P-1" not in told.err
