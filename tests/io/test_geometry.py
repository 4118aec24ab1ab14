"""Series of known geometry: order, tilt, gaps, uneven steps, duplicates, parts."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from medviewer.core.plane import rotation
from medviewer.io.index import scan
from medviewer.io.load import load
from medviewer.io.study import SeriesInfo
from tests.io import phantoms

TURNS = [
    turn
    for a, b in itertools.permutations(np.eye(3), 2)
    for s, t in itertools.product((1, -1), repeat=2)
    if (turn := np.concatenate([s * a, t * b])) is not None
]
"""The 24 axis-aligned orientations; with both directions of stepping they are the 48 of a grid."""


def only(folder: Path) -> SeriesInfo:
    found = list(scan([folder]).series())
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("number", range(48))
def test_every_orientation_equals_simpleitk(tmp_path: Path, number: int) -> None:
    turn = TURNS[number % 24]
    normal = np.cross(turn[:3], turn[3:])
    step = normal * (2.5 if number < 24 else -2.5)
    if number % 3 == 0:  # some of them oblique
        r = rotation((0.6, 0, 0.8), 17.0)
        turn, step = np.concatenate([r @ turn[:3], r @ turn[3:]]), r @ step
    voxels = phantoms.blocks()
    phantoms.series(tmp_path / "s", voxels, step, turn=turn)
    one = only(tmp_path / "s")
    volume = load(one)
    assert one.kind == "volume" and one.report.verdict == "green"
    assert one.spacing_mm == pytest.approx((0.75, 0.5, 2.5), abs=1e-4)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "s")))
    image = reader.Execute()
    assert np.array_equal(volume.array.astype(int) - 1024, sitk.GetArrayFromImage(image))
    for index in itertools.product(*((0, n - 1) for n in volume.size)):
        assert volume.geometry.to_lps(index) == pytest.approx(
            image.TransformIndexToPhysicalPoint(index), abs=1e-3
        )


@pytest.mark.parametrize("degrees", [18.5, -16.5])
def test_tilt_is_a_sheared_affine(tmp_path: Path, degrees: float) -> None:
    angle = np.radians(degrees)
    turn = (1, 0, 0, 0, np.cos(angle), -np.sin(angle))
    affine = phantoms.series(tmp_path / "s", phantoms.blocks(), (0, 0, 2.5), turn=turn)
    one = only(tmp_path / "s")
    assert one.report.verdict == "amber" and one.report.tilt_deg == pytest.approx(abs(degrees), abs=0.01)
    assert [i.code for i in one.report.items] == ["geometry.tilt"]
    assert one.affine_lps == pytest.approx(affine, abs=1e-4)


def test_missing_slices_keep_their_room(tmp_path: Path) -> None:
    voxels = phantoms.blocks((12, 12, 16))
    affine = phantoms.series(tmp_path / "s", voxels, keep=[0, 1, 2, 3, 6, 7, 8, 10, 11])
    one = only(tmp_path / "s")
    volume = load(one)
    assert one.files == 9 and one.size[2] == 12 and one.report.missing_slices == 3
    assert one.report.verdict == "amber" and one.report.items[0].slices == (4, 5, 9)
    assert one.affine_lps == pytest.approx(affine)
    kept = [0, 1, 2, 3, 6, 7, 8, 10, 11]
    assert np.array_equal(volume.array[kept], voxels[kept])
    mixed = voxels[3] * (2 / 3) + voxels[6] / 3
    assert np.abs(volume.array[4] - mixed).max() <= 0.5


def test_far_gaps_are_a_stack(tmp_path: Path) -> None:
    phantoms.series(tmp_path / "s", phantoms.blocks((30, 12, 16)), keep=[0, 1, 2, 20, 21])
    one = only(tmp_path / "s")
    assert one.kind == "stack" and one.report.verdict == "red" and one.affine_lps is None
    assert one.spacing_mm[2] is None


def test_uneven_spacing_is_resampled(tmp_path: Path) -> None:
    """A ramp along z stays a ramp in millimetres."""
    places = [0, 1, 2, 3.4, 4.8, 6.2, 7.2, 8.2]
    voxels = np.stack([np.full((12, 16), round(100 * p), np.int16) for p in places])
    phantoms.series(tmp_path / "s", voxels, places=places)
    one = only(tmp_path / "s")
    volume = load(one)
    assert one.kind == "volume" and one.report.verdict == "amber"
    z = volume.geometry.affine[2, 3] + volume.geometry.affine[2, 2] * np.arange(volume.size[2])
    assert z[-1] - z[0] == pytest.approx(8.2 * 2.5, abs=1e-3)
    assert volume.array[:, 5, 5] == pytest.approx((z - z[0]) / 2.5 * 100, abs=0.6)


def test_thickness_is_never_the_spacing_and_numbers_are_not_the_order(tmp_path: Path) -> None:
    phantoms.series(tmp_path / "s", phantoms.blocks())
    one = only(tmp_path / "s")
    assert one.spacing_mm[2] == pytest.approx(2.5)
    assert np.array_equal(load(one).array, phantoms.blocks())


def test_duplicates_are_kept_once(tmp_path: Path) -> None:
    phantoms.series(tmp_path / "s", phantoms.blocks())
    first = next((tmp_path / "s").iterdir())
    (tmp_path / "s" / "copy").write_bytes(first.read_bytes())
    one = only(tmp_path / "s")
    assert (
        one.report.duplicates == 1 and one.size[2] == 7 and one.files == 8 and one.report.verdict == "amber"
    )


def test_the_same_place_again_under_another_uid(tmp_path: Path) -> None:
    phantoms.series(tmp_path / "s", phantoms.blocks())
    ds = pydicom.dcmread(next((tmp_path / "s").iterdir()))
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.99"
    ds.save_as(tmp_path / "s" / "again")
    one = only(tmp_path / "s")
    assert one.report.duplicates == 1 and one.size[2] == 7


@pytest.mark.parametrize(
    ("keyword", "values"),
    [("EchoNumbers", [1, 2]), ("TemporalPositionIdentifier", [1, 2, 3]), ("DiffusionBValue", [0.0, 1000.0]),
     ("AcquisitionNumber", [4, 9])],
)  # fmt: skip
def test_parts(tmp_path: Path, keyword: str, values: list[float]) -> None:
    for value in values:

        def set_value(ds: Dataset, k: int, value: float = value) -> None:
            setattr(ds, keyword, value)
            ds.ContentTime = f"1000{10 * values.index(value) + k:02d}"

        phantoms.series(tmp_path / "s" / str(value), phantoms.blocks(seed=int(value)), change=set_value)
    found = list(scan([tmp_path]).series())
    assert [s.part for s in found] == [{keyword: v} for v in values]
    for one, value in zip(found, values, strict=True):
        assert np.array_equal(load(one).array, phantoms.blocks(seed=int(value)))
    assert len({s.key for s in found}) == len(values)


def test_echo_and_time_together(tmp_path: Path) -> None:
    for echo, time in itertools.product((1, 2), (1, 2)):

        def set_both(ds: Dataset, k: int, echo: int = echo, time: int = time) -> None:
            ds.EchoNumbers, ds.TemporalPositionIdentifier = echo, time

        phantoms.series(tmp_path / f"{echo}{time}", phantoms.blocks(seed=10 * echo + time), change=set_both)
    found = list(scan([tmp_path]).series())
    assert [s.part for s in found] == [
        {"EchoNumbers": e, "TemporalPositionIdentifier": t} for e, t in itertools.product((1, 2), (1, 2))
    ]


def test_volumes_that_only_their_order_tells_apart(tmp_path: Path) -> None:
    for n in range(3):

        def number(ds: Dataset, k: int, n: int = n) -> None:
            ds.InstanceNumber = 100 * n + k

        phantoms.series(tmp_path / str(n), phantoms.blocks(seed=n), change=number)
    found = list(scan([tmp_path]).series())
    assert [s.part for s in found] == [{"Order": 1}, {"Order": 2}, {"Order": 3}]
    assert all(np.array_equal(load(s).array, phantoms.blocks(seed=n)) for n, s in enumerate(found))


def test_orientations_apart(tmp_path: Path) -> None:
    for n, turn in enumerate([(1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)]):
        phantoms.series(tmp_path / str(n), phantoms.blocks(), np.cross(turn[:3], turn[3:]) * 3.0, turn=turn)
    found = list(scan([tmp_path]).series())
    assert [s.kind for s in found] == ["volume"] * 3 and all(s.part for s in found)


def test_slices_off_the_line_are_a_stack(tmp_path: Path) -> None:
    def shift(ds: Dataset, k: int) -> None:
        ds.ImagePositionPatient = [10 + 5 * (k % 2), -20, 30 + 2.5 * k]

    phantoms.series(tmp_path / "s", phantoms.blocks(), change=shift)
    one = only(tmp_path / "s")
    assert one.kind == "stack" and one.report.items[0].code == "geometry.line"


def test_no_positions(tmp_path: Path) -> None:
    def drop(ds: Dataset, k: int) -> None:
        del ds.ImagePositionPatient
        ds.InstanceNumber = k

    phantoms.series(tmp_path / "s", phantoms.blocks(), change=drop)
    one = only(tmp_path / "s")
    assert one.kind == "stack" and one.report.verdict == "red" and one.affine_lps is None
    assert one.spacing_mm == (0.75, 0.5, None)
    assert np.array_equal(load(one).array, phantoms.blocks())


def test_no_pixel_spacing(tmp_path: Path) -> None:
    def drop(ds: Dataset, k: int) -> None:
        ds.PixelSpacing = [0, 0]

    phantoms.series(tmp_path / "s", phantoms.blocks(), change=drop)
    one = only(tmp_path / "s")
    assert one.kind == "stack" and one.spacing_mm == (None, None, None)


def test_localizers_stay_single_images(tmp_path: Path) -> None:
    def localizer(ds: Dataset, k: int) -> None:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    phantoms.series(tmp_path / "a", phantoms.blocks((2, 12, 16)), change=localizer)
    phantoms.series(tmp_path / "b", phantoms.blocks())
    assert sorted(s.kind for s in scan([tmp_path]).series()) == ["film", "film", "volume"]


@pytest.mark.parametrize(
    ("elements", "spacing", "source"),
    [
        ({"PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.1]}, (0.1, 0.2), "detector"),
        ({"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.2, 0.1]}, (0.1, 0.2), "detector"),
        ({"PixelSpacing": [0.18, 0.09], "ImagerPixelSpacing": [0.2, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"},
         (0.09, 0.18), "calibrated"),
        ({"PixelSpacing": [0, 0]}, (None, None), None),
        ({"PixelSpacing": None}, (None, None), None),
    ],
)  # fmt: skip
def test_projection_spacing(
    tmp_path: Path, elements: dict[str, object], spacing: tuple[float, float], source: str
) -> None:
    phantoms.save(phantoms.instance(phantoms.blocks()[0], Modality="DX", **elements), tmp_path / "a.dcm")
    one = only(tmp_path)
    assert one.kind == "film" and one.spacing_mm[:2] == spacing and one.spacing_source == source
