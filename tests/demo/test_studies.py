"""The synthetic studies: the same on every run, true DICOM, with what they promise at the place they promise it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from scipy import ndimage

from medviewer.core.errors import Cancelled
from medviewer.core.jobs import Progress
from medviewer.demo import brain_mr, chest_ct, chest_film, studies
from medviewer.demo.lettering import LEFT, word_mask
from medviewer.demo.nodules import NODULES
from medviewer.demo.truth import DemoTruth


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoTruth]:
    yield studies.make_demo(tmp_path_factory.mktemp("demo") / "studies")


@pytest.fixture(scope="module")
def ct(demo: DemoTruth) -> SimpleITK.Image:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(demo.chest_ct)))
    return reader.Execute()


def _pixels(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*.dcm")):
        total.update(file.read_bytes())
    return total.hexdigest()


def test_two_makings_are_equal_to_the_byte(demo: DemoTruth, tmp_path: Path) -> None:
    again = studies.make_demo(tmp_path / "again")
    assert _pixels(again.folder) == _pixels(demo.folder)
    assert (again.nodules, again.tumour, again.opacity) == (demo.nodules, demo.tumour, demo.opacity)


def test_a_second_call_reuses_what_is_there(demo: DemoTruth) -> None:
    before = {f: f.stat().st_mtime_ns for f in demo.folder.rglob("*.dcm")}
    assert studies.make_demo(demo.folder) == demo
    assert before == {f: f.stat().st_mtime_ns for f in demo.folder.rglob("*.dcm")}


def test_another_version_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def quick(folder: Path, progress: Progress) -> None:
        made.append(folder)
        for place in studies.folders(folder).values():
            place.mkdir(parents=True)
            (place / "0001.dcm").touch()
        tumour = studies.brain_mr.Tumour((0, 0, 0), (1, 1, 1), 1.0)
        truth = DemoTruth(folder, **studies.folders(folder), nodules=(), tumour=tumour, opacity=chest_film.Opacity((0, 0), 1))
        truth.save(folder / "truth.json", studies.VERSION)

    monkeypatch.setattr(studies, "_make", quick)
    studies.make_demo(tmp_path / "demo")
    studies.make_demo(tmp_path / "demo")
    assert len(made) == 1
    monkeypatch.setattr(studies, "VERSION", "next")
    studies.make_demo(tmp_path / "demo")
    assert len(made) == 2


def test_cancelled_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    progress = Progress()
    progress.listen(lambda p: p.cancel())
    with pytest.raises(Cancelled):
        studies.make_demo(tmp_path / "demo", progress)
    assert list(tmp_path.iterdir()) == []


def test_the_ct_has_the_geometry_that_it_says(ct: SimpleITK.Image) -> None:
    assert ct.GetSize() == chest_ct.SIZE
    assert ct.GetSpacing() == pytest.approx(chest_ct.SPACING)
    assert ct.GetOrigin() == pytest.approx(chest_ct.empty_grid().origin)
    assert ct.GetDirection() == pytest.approx(np.eye(3).ravel())


def test_the_values_are_those_of_a_chest(ct: SimpleITK.Image) -> None:
    hu = SimpleITK.GetArrayViewFromImage(ct)

    def around(x: float, y: float, z: float) -> np.ndarray:
        i, j, k = ct.TransformPhysicalPointToIndex((x, y, z))
        return hu[k - 2 : k + 3, j - 3 : j + 4, i - 3 : i + 4].astype(float)

    heart, liver = around(20, -30, 95), around(-60, 0, 40)
    assert 35 < heart.mean() < 55 and 15 < heart.std() < 25
    assert 50 < liver.mean() < 70
    assert around(0, 9, 270).mean() < -950  # windpipe
    assert -910 < np.median(hu[100:130, 150:260, 60:100]) < -800  # lung


@pytest.mark.parametrize("nodule", [n for n in NODULES if n.kind != "ground-glass"], ids=lambda n: n.place)
def test_a_nodule_measures_what_it_promises(ct: SimpleITK.Image, nodule: object) -> None:
    """Volume by counting voxels above the middle between lung and nodule, within a box that holds nothing else of size."""
    hu = SimpleITK.GetArrayViewFromImage(ct)
    i, j, k = ct.TransformPhysicalPointToIndex(nodule.centre_lps_mm)
    reach = nodule.diameter_mm / 2 + 3
    di, dj, dk = (int(reach / s) for s in ct.GetSpacing())
    part = hu[k - dk : k + dk + 1, j - dj : j + dj + 1, i - di : i + di + 1].astype(np.float32)
    inside = ndimage.binary_opening(ndimage.gaussian_filter(part, 0.5) > (nodule.hu - 870) / 2)
    labels, _ = ndimage.label(inside)
    own = labels == labels[dk, dj, di]
    volume = own.sum() * np.prod(ct.GetSpacing())
    assert labels[dk, dj, di] > 0
    assert (6 * volume / np.pi) ** (1 / 3) == pytest.approx(nodule.diameter_mm, rel=0.12, abs=0.6)
    middle = np.array(ndimage.center_of_mass(own))[::-1] - (di, dj, dk)
    place = np.array(ct.TransformIndexToPhysicalPoint((i, j, k))) + middle * ct.GetSpacing()
    assert place == pytest.approx(nodule.centre_lps_mm, abs=1.2)


def test_the_ground_glass_nodule_is_fainter_than_vessels(ct: SimpleITK.Image) -> None:
    (nodule,) = (n for n in NODULES if n.kind == "ground-glass")
    hu = SimpleITK.GetArrayViewFromImage(ct)
    i, j, k = ct.TransformPhysicalPointToIndex(nodule.centre_lps_mm)
    assert hu[k - 1 : k + 2, j - 2 : j + 3, i - 2 : i + 3].mean() == pytest.approx(nodule.hu, abs=40)


def test_the_tumour_measures_what_it_promises(demo: DemoTruth) -> None:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(demo.brain_mr)))
    image = reader.Execute()
    assert image.GetSize() == brain_mr.SIZE
    assert image.GetSpacing() == pytest.approx(brain_mr.SPACING)
    values = SimpleITK.GetArrayViewFromImage(image).astype(np.float32)
    i, j, k = image.TransformPhysicalPointToIndex(demo.tumour.centre_lps_mm)
    half = [int(0.75 * d / s) for d, s in zip(demo.tumour.diameters_mm, image.GetSpacing(), strict=True)]
    part = values[k - half[2] : k + half[2] + 1, j - half[1] : j + half[1] + 1, i - half[0] : i + half[0] + 1]
    labels, _ = ndimage.label(part > 620)
    rim = labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in rim])
    volume = filled.sum() * np.prod(image.GetSpacing()) / 1000
    assert volume == pytest.approx(demo.tumour.volume_ml, rel=0.15)
    dark = values[k, j - 2 : j + 3, i - 2 : i + 3].mean()
    assert dark < 320 < 620  # the middle takes up no contrast


def test_the_film_is_upright_and_denser_where_the_opacity_is(demo: DemoTruth) -> None:
    (file,) = demo.chest_film.glob("*.dcm")
    film = pydicom.dcmread(file)
    assert (film.Modality, film.PhotometricInterpretation, list(film.PatientOrientation)) == ("DX", "MONOCHROME2", ["L", "F"])
    pixels = film.pixel_array.astype(float)
    column, row = (int(v) for v in demo.opacity.pixel)
    mirrored = pixels.shape[1] - column
    here, there = (pixels[row - 30 : row + 30, c - 30 : c + 30].mean() for c in (column, mirrored + 40))
    assert here > there + 0.04 * chest_film.WHITE
    # Head up: lungs (dark) above, abdomen (bright) below; heart on the patient's left, at the right of the picture.
    assert pixels[200:300, column].mean() < pixels[-60:, column].mean()
    assert pixels[500, 560] > pixels[500, pixels.shape[1] - 560]


def test_every_file_says_synthetic_in_name_and_pixels(demo: DemoTruth) -> None:
    for folder, scale, above in ((demo.chest_ct, 2, 40), (demo.brain_mr, 1, 24), (demo.chest_film, 3, 40)):
        for file in sorted(folder.glob("*.dcm")):
            dataset = pydicom.dcmread(file)
            assert str(dataset.PatientName).startswith("SYNTHETIC")
            assert dataset.BurnedInAnnotation == "YES"
            word = word_mask(scale)
            rows, columns = word.shape
            corner = dataset.pixel_array[-above - rows : -above, LEFT : LEFT + columns]
            assert len(np.unique(corner[word])) == 1
            assert not np.any(corner[~word] == corner[word][0]) or folder != demo.chest_ct
