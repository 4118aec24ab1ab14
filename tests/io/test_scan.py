"""Folders, zips, links, pictures, bad company, progress and cancel; what is listed in which order."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Progress
from medviewer.io import index
from medviewer.io.index import scan
from medviewer.io.load import load, open_progressive, thumbnail
from medviewer.io.study import SeriesInfo
from tests.io import phantoms


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two series of one patient and one of another, in nested folders of odd names."""
    folder = tmp_path / "study"
    phantoms.series(folder / "a b" / "ü", phantoms.blocks())

    def other(ds, k: int) -> None:  # type: ignore[no-untyped-def]
        ds.PatientName, ds.PatientID, ds.SeriesInstanceUID, ds.StudyInstanceUID = (
            "Abel^Other",
            "P-0",
            "1.9.1",
            "1.9",
        )

    def second(ds, k: int) -> None:  # type: ignore[no-untyped-def]
        ds.SeriesInstanceUID, ds.SeriesNumber = "1.2.3.0", 1

    phantoms.series(folder / "b", phantoms.blocks((3, 12, 16)), change=other)
    phantoms.series(folder / "c", phantoms.blocks((4, 12, 16)), change=second)
    return folder


def listed(path: Path) -> list[tuple[str | None, int | None, int]]:
    return [(s.patient_name, s.number, s.size[2]) for s in scan([path]).series()]


WANTED = [("Abel^Other", 3, 3), ("Test^Phantom", 1, 4), ("Test^Phantom", 3, 7)]


def test_order_is_by_patient_study_and_number(study: Path) -> None:
    assert listed(study) == WANTED


def test_selectors(study: Path) -> None:
    found = scan([study])
    assert found.find("1").patient_name == "Abel^Other" and found.find("1.2.3.0").size[2] == 4
    assert found.find().size[2] == 7
    for wrong in ("0", "4", "-1", "9.9.9", "x"):
        with pytest.raises(MedViewerError) as fault:
            found.find(wrong)
        assert fault.value.exit_code == 4


def test_zip_is_read_without_unpacking(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for one in sorted(study.rglob("*")):
            if one.is_file():
                file.write(one, "../../" + one.name + one.parent.name)
    before = set(tmp_path.rglob("*"))
    monkeypatch.setattr("tempfile.mkdtemp", lambda *a, **k: pytest.fail("a temporary folder was asked for"))
    found = scan([path])
    assert [(s.patient_name, s.number, s.size[2]) for s in found.series()] == WANTED
    assert np.array_equal(load(found.find()).array, phantoms.blocks())
    assert set(tmp_path.rglob("*")) == before


def test_zip_within_a_folder_and_a_bomb(study: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(study / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.nii.gz", bytes(10 << 20))
    (study / "broken.zip").write_bytes(b"PK\3\4nothing")
    found = scan([study])
    assert [s.size[2] for s in found.series()] == [3, 4, 7]
    assert {r.code for r in found.refused} >= {"input.zip"}


def test_links_in_a_circle(study: Path) -> None:
    try:
        (study / "b" / "again").symlink_to(study, target_is_directory=True)
        (study / "dangling.dcm").symlink_to(study / "nowhere")
    except OSError:
        pytest.skip("no symbolic links")
    assert listed(study) == WANTED


def test_bad_company(study: Path) -> None:
    (study / "notes.txt").write_text("not an image")
    (study / "broken.dcm").write_bytes(np.random.default_rng(0).bytes(500))
    (study / "empty.dcm").write_bytes(b"")
    found = scan([study])
    assert [s.size[2] for s in found.series()] == [3, 4, 7]
    assert [r.path for r in found.refused] == ["broken.dcm", "empty.dcm"]
    assert all(3 <= len(r.sentence.en) <= 300 and r.sentence.zh for r in found.refused)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission(study: Path) -> None:
    locked = next((study / "b").iterdir())
    locked.chmod(0)
    assert [r.code for r in scan([study]).refused] == ["input.permission"]


def test_nothing_to_see(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "input.empty"), (tmp_path / "nowhere", "input.missing")):
        with pytest.raises(MedViewerError) as fault:
            scan([path])
        assert fault.value.code == code and fault.value.exit_code == 3


def test_series_appear_while_the_scan_goes_on(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(index, "TELL_SHARE", 0.0)
    told: list[tuple[str, int]] = []
    found = scan([study], on_series=lambda s: told.append((s.key, s.size[2])))
    keys = [s.key for s in found.series()]
    assert set(keys) == {key for key, _ in told} and len(set(keys)) == 3
    growing = [n for key, n in told if key == keys[2]]
    assert growing[0] < growing[-1] == 7 and growing == sorted(growing)


def test_cancel(study: Path) -> None:
    progress = Progress()
    progress.listen(lambda p: p.cancel())
    with pytest.raises(Cancelled):
        scan([study, study], progress)


def test_pictures_are_films_without_calibration(tmp_path: Path) -> None:
    grey = phantoms.blocks()[0].astype(np.uint8)
    deep = phantoms.blocks()[0].astype(np.uint16) * 30
    color = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(deep).save(tmp_path / "b.png")
    Image.fromarray(color).save(tmp_path / "c.png")
    Image.fromarray(grey).save(tmp_path / "d.jpg", quality=95)
    Image.fromarray(deep).save(tmp_path / "e.tif")
    found = list(scan([tmp_path]).series())
    assert [s.kind for s in found] == ["film"] * 5 and {s.report.items[0].code for s in found} == {
        "geometry.spacing"
    }
    assert all(s.spacing_mm == (None, None, None) and s.modality is None for s in found)
    for one, want in zip(found, (grey, deep, color, None, deep), strict=True):
        volume = load(one)
        assert volume.pixel_spacing is None
        if want is not None:
            assert volume.array.dtype == want.dtype and np.array_equal(volume.array[0], want)


def test_a_cut_picture(tmp_path: Path) -> None:
    Image.fromarray(phantoms.blocks()[0].astype(np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:-60])
    with pytest.raises(MedViewerError) as fault:
        load(scan([tmp_path]).find())
    assert fault.value.code == "input.damaged"


def largest(path: Path) -> SeriesInfo:
    return scan([path]).find()


def test_the_slice_on_screen_comes_first(study: Path) -> None:
    loading = open_progressive(largest(study), 5)
    assert not loading.volume.array.any() and not loading.loaded.any()
    order: list[int] = []
    loading.run(Progress(), order.append)
    assert order == [5, 4, 6, 3, 2, 1, 0] and loading.loaded.all()
    assert np.array_equal(loading.volume.array, phantoms.blocks())


def test_loading_can_be_cancelled(study: Path) -> None:
    progress = Progress()
    seen: list[int] = []

    def stop(k: int) -> None:
        seen.append(k)
        progress.cancel()

    with pytest.raises(Cancelled):
        open_progressive(largest(study)).run(progress, stop)
    assert len(seen) < 7


def test_files_that_vanish(study: Path) -> None:
    one = largest(study)
    for path in sorted((study / "a b" / "ü").iterdir())[:2]:
        path.unlink()
    volume = load(one)
    assert "2 of 7" in str(volume.meta["notes"][0])
    for path in (study / "a b" / "ü").iterdir():
        path.unlink()
    with pytest.raises(MedViewerError) as fault:
        load(one)
    assert fault.value.exit_code == 3


def test_more_than_memory_holds(tmp_path: Path) -> None:
    ds = phantoms.instance(phantoms.blocks()[0])
    ds.Rows, ds.Columns, ds.NumberOfFrames = 65535, 65535, 1_000_000
    phantoms.save(ds, tmp_path / "a.dcm")
    with pytest.raises(MedViewerError) as fault:
        load(scan([tmp_path]).find())
    assert fault.value.exit_code in (3, 6)


def test_thumbnails(study: Path, tmp_path: Path) -> None:
    small = thumbnail(largest(study), 8)
    assert small.dtype == np.uint8 and max(small.shape) <= 8 and np.ptp(small) > 50


def test_no_patient_in_keys_or_refusals(study: Path) -> None:
    found = scan([study])
    told = " ".join([s.key for s in found.series()] + [r.sentence.en for r in found.refused])
    assert "Phantom" not in told and "P-1" not in told
