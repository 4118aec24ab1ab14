"""Runs: manifest, files on disk, replay, order of faults."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Job, JobState, Progress
from medviewer.core.words import Words
from medviewer.inference import memory
from medviewer.inference.manifest import check_same, input_sha256, read_manifest
from medviewer.inference.package import find_package
from medviewer.inference.results import findings_json, read_results, whole_folder, write_results
from medviewer.inference.run import RunRequest, run, session_for, warm
from tests.inference.conftest import PACKAGES, ball, ct_volume
from tests.inference.schema_check import check

SPACING = (0.9, 0.9, 2.0)
SHAPE = (24, 90, 100)


@pytest.fixture(scope="module")
def package():
    return find_package(PACKAGES / "tiny_detector")


@pytest.fixture
def volume():
    array = np.full(SHAPE, -900, np.int16)
    array[ball(SHAPE, SPACING, (45, 40, 24), 16)] = 60
    affine = np.array([[-0.9, 0, 0, 40], [0, 0.9, 0, -10], [0, 0, 2.0, 5], [0, 0, 0, 1]], float)
    made = ct_volume(array, affine=affine)
    made.meta |= {
        "study_uid": "1.2",
        "description": "Thorax",
        "patient_name": "Secret^Person",
        "patient_id": "S-1",
    }
    return made


def test_manifest_and_findings_follow_their_schemas(package, volume):
    result = run(RunRequest(package, volume, "cpu", 1, load_s=0.25, replay={"path": "x"}))
    check(result.manifest, "manifest")
    told = findings_json(result)
    check(told, "findings")
    assert told["model"] == {"name": package.name, "version": package.version, "sha256": package.sha256}
    assert result.manifest["times_s"]["load"] >= 0.25 and result.manifest["times_s"]["infer"] > 0
    assert result.manifest["input_sha256"] == input_sha256(volume)
    assert "Secret" not in json.dumps([told, result.manifest])
    assert len(told["findings"]) == 1 and told["series"]["series_uid"] == "1.2.3"


def test_the_same_run_gives_the_same_findings(package, volume):
    a, b = (findings_json(run(RunRequest(package, volume, "cpu", 1)))["findings"] for _ in range(2))
    assert a == b


def test_input_hash_tells_voxels_values_and_geometry_apart(volume):
    first = input_sha256(volume)
    assert first == input_sha256(volume) and len(first) == 64
    other = ct_volume(volume.array.copy(), affine=volume.geometry.affine)
    assert input_sha256(other) == first
    other.array[3, 4, 5] += 1
    assert input_sha256(other) != first
    moved = volume.geometry.affine.copy()
    moved[0, 3] += 0.1
    assert input_sha256(ct_volume(volume.array, affine=moved)) != first


def test_files_are_read_back_and_the_mask_lies_on_the_series(package, volume, tmp_path):
    result = run(RunRequest(package, volume, "cpu", 1))
    out = tmp_path / "deep" / "out"
    write_results(result, out, {"preview.png": lambda p: Path(p).write_bytes(b"png")})
    assert {p.name for p in out.iterdir()} == {"findings.json", "manifest.json", "mask.nii.gz", "preview.png"}
    image = sitk.ReadImage(str(out / "mask.nii.gz"))
    finding = result.findings[0]
    index = image.TransformPhysicalPointToIndex(finding.center_lps_mm.tolist())
    assert image[index] == finding.segment
    assert int((sitk.GetArrayFromImage(image) > 0).sum()) == int((result.segmentation.labels > 0).sum())
    again = read_results(out)
    assert findings_json(again) == json.loads((out / "findings.json").read_text())
    np.testing.assert_array_equal(again.segmentation.labels, result.segmentation.labels)
    assert again.segmentation.geometry.is_close(volume.geometry)
    with pytest.raises(MedViewerError) as fault:
        read_results(tmp_path)
    assert fault.value.exit_code == 3


def test_nothing_half_written(tmp_path):
    out = tmp_path / "new" / "out"

    def fail(path):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError), whole_folder(out) as waiting:
        (waiting / "a.json").write_text("{}")
        fail(waiting)
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(MedViewerError) as fault, whole_folder(file):
        pass
    assert fault.value.exit_code == 6 and file.read_text() == "x"
    with pytest.raises(MedViewerError) as fault, whole_folder(file / "below" / "it"):
        pass
    assert fault.value.exit_code == 6
    assert list(tmp_path.iterdir()) == [file]


def test_an_existing_folder_keeps_other_files(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    (tmp_path / "a.json").write_text("old")
    with whole_folder(tmp_path) as waiting:
        (waiting / "a.json").write_text("new")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"kept.txt": "mine", "a.json": "new"}


def test_misfit_and_memory_are_told_before_anything_runs(package, volume, monkeypatch):
    volume.meta["modality"] = "MR"
    with pytest.raises(MedViewerError) as fault:
        run(RunRequest(package, volume))
    assert fault.value.exit_code == 4
    volume.meta["modality"] = "CT"
    monkeypatch.setattr(memory, "available_bytes", lambda: 1 << 20)
    with pytest.raises(MedViewerError) as fault:
        run(RunRequest(package, volume))
    assert fault.value.code == "resource.memory"


def test_a_cancelled_job_ends_as_cancelled(package, volume):
    job = Job(Words("run", "运行"), lambda progress: run(RunRequest(package, volume, "cpu", 1), progress))
    job.progress.listen(lambda progress: progress.cancel() if progress.done > 2 else None)
    job.start()
    assert job.wait(20)
    assert job.state is JobState.CANCELLED and job.result is None
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        run(RunRequest(package, volume, "cpu", 1), progress)


def test_sessions_are_kept_warm(package):
    assert warm(package, "cpu", 1) is session_for(package, "cpu", 1)
    assert session_for(package, "cpu", 2) is not session_for(package, "cpu", 1)


def test_manifests_are_checked(package, volume, tmp_path):
    result = run(RunRequest(package, volume, "cpu", 1))
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(result.manifest))
    manifest = read_manifest(path)
    check_same(manifest, package.sha256, volume)
    with pytest.raises(MedViewerError) as fault:
        check_same(manifest, "0" * 64, volume)
    assert fault.value.exit_code == 5
    volume.array[0, 0, 0] += 1
    with pytest.raises(MedViewerError) as fault:
        check_same(manifest, package.sha256, volume)
    assert fault.value.exit_code == 3
    for text in ("[]", "{", '{"schema": "medviewer/manifest/1"}'):
        path.write_text(text)
        with pytest.raises(MedViewerError) as fault:
            read_manifest(path)
        assert fault.value.exit_code == 3
