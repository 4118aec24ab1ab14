"""Multi-frame objects: functional groups, RT dose, cines and frames without a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from medviewer.io.index import scan
from medviewer.io.load import load
from medviewer.io.statistics import values_of
from medviewer.io.study import SeriesInfo
from tests.io import phantoms


def series(path: Path) -> list[SeriesInfo]:
    return list(scan([path]).series())


def test_frames_are_sorted_by_place(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(7)
    phantoms.enhanced(tmp_path / "a.dcm", phantoms.blocks()[order], [(0, 0, 2.0 * k) for k in order])
    (one,) = series(tmp_path)
    assert one.kind == "volume" and one.files == 1 and one.spacing_mm == (0.75, 0.5, 2.0)
    assert np.array_equal(load(one).array, phantoms.blocks())


def test_two_kinds_of_image_with_their_own_rescale(tmp_path: Path) -> None:
    """Interleaved magnitude and field map: never mixed, each in its own numbers and unit."""
    voxels = np.stack([phantoms.blocks(seed=n % 2)[n // 2] for n in range(14)])

    def groups(n: int) -> dict[str, dict[str, Any]]:
        kind = ("M", "B0")[n % 2]
        slope = {
            "RescaleSlope": 2 + n,
            "RescaleIntercept": -500 * (n % 2),
            "RescaleType": ("US", "Hz")[n % 2],
        }
        return {"MRImageFrameTypeSequence": {"FrameType": ["ORIGINAL", "PRIMARY", kind, "NONE"]},
                "PixelValueTransformationSequence": slope}  # fmt: skip

    phantoms.enhanced(tmp_path / "a.dcm", voxels, [(0, 0, 2.0 * (n // 2)) for n in range(14)], groups)
    found = {s.unit: s for s in series(tmp_path)}
    assert set(found) == {"a.u.", "Hz"} and all(
        s.kind == "volume" and s.size[2] == 7 and s.part for s in found.values()
    )
    for unit, seed in (("a.u.", 0), ("Hz", 1)):
        volume = load(found[unit])
        assert np.array_equal(volume.array, phantoms.blocks(seed=seed))
        assert volume.values.slope.tolist() == [2 + 2 * k + seed for k in range(7)]
    field = phantoms.blocks(seed=1) * (3.0 + 2 * np.arange(7))[:, None, None] - 500
    assert values_of(load(found["Hz"]))["mean"] == pytest.approx(field.mean())


def test_stacks_are_volumes_of_their_own(tmp_path: Path) -> None:
    """Three slabs with room between them."""
    places = [(0, 0, 100.0 * (n // 3) + 2.0 * (n % 3)) for n in range(9)]
    voxels = phantoms.blocks((9, 12, 16))
    phantoms.enhanced(
        tmp_path / "a.dcm", voxels, places, lambda n: {"FrameContentSequence": {"StackID": str(n // 3)}}
    )
    found = series(tmp_path)
    assert [s.kind for s in found] == ["volume"] * 3 and [s.part for s in found] == [
        {"StackID": str(k)} for k in range(3)
    ]
    assert all(np.array_equal(load(s).array, voxels[3 * k : 3 * k + 3]) for k, s in enumerate(found))


def test_one_place_in_time_is_a_cine(tmp_path: Path) -> None:
    phantoms.enhanced(tmp_path / "a.dcm", phantoms.blocks(), [(0, 0, 5)] * 7,
                      lambda n: {"FrameContentSequence": {"TemporalPositionIndex": n + 1}})  # fmt: skip
    (one,) = series(tmp_path)
    assert (
        one.kind == "cine"
        and one.size[2] == 7
        and one.affine_lps is None
        and one.spacing_mm == (0.75, 0.5, None)
    )
    assert np.array_equal(load(one).array, phantoms.blocks())


def test_files_of_one_time_each(tmp_path: Path) -> None:
    for n in range(3):
        phantoms.enhanced(tmp_path / f"{n}.dcm", phantoms.blocks(seed=n), InstanceNumber=3 - n)
    found = series(tmp_path)
    assert [s.size[2] for s in found] == [7, 7, 7] and len({str(s.part) for s in found}) == 3
    assert [int(load(s).array.sum()) for s in found] == [
        int(phantoms.blocks(seed=2 - n).sum()) for n in range(3)
    ]


def test_without_positions(tmp_path: Path) -> None:
    voxels = phantoms.blocks()
    for name, kind, more in (("a", "stack", {"Modality": "MR"}), ("b", "cine", {"Modality": "XA", "FrameTime": 40}),
                             ("c", "cine", {"Modality": "US", "CineRate": 25})):  # fmt: skip
        ds = phantoms.instance(voxels[0], NumberOfFrames=7, SeriesInstanceUID=f"9.{ord(name)}", **more)
        ds.PixelData = voxels.tobytes()
        phantoms.save(ds, tmp_path / f"{name}.dcm")
        (one,) = series(tmp_path / f"{name}.dcm")
        assert one.kind == kind and one.size == (16, 12, 7) and one.affine_lps is None
        assert one.frame_time_ms == (None if kind == "stack" else 40)
        assert np.array_equal(load(one).array, voxels)


def test_dose_grid(tmp_path: Path) -> None:
    voxels = phantoms.blocks(dtype="uint16")
    ds = phantoms.instance(voxels[0], NumberOfFrames=7, Modality="RTDOSE", DoseUnits="GY", DoseGridScaling=0.001,
                           RescaleSlope=None, RescaleIntercept=None)  # fmt: skip
    ds.PixelData = voxels.tobytes()
    ds.GridFrameOffsetVector = [-3.0 * n for n in range(7)]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [1, 2, 3], [1, 0, 0, 0, 1, 0]
    phantoms.save(ds, tmp_path / "a.dcm")
    (one,) = series(tmp_path)
    volume = load(one)
    assert one.kind == "volume" and one.unit == "GY" and np.array_equal(volume.array, voxels[::-1])
    assert volume.geometry.to_lps((0, 0, 0)) == pytest.approx((1, 2, -15))
    assert volume.slice_values(6)[3, 4] == pytest.approx(voxels[0, 3, 4] * 0.001)


def test_fewer_frames_than_claimed(tmp_path: Path) -> None:
    path = phantoms.enhanced(tmp_path / "a.dcm", phantoms.blocks())
    path.write_bytes(path.read_bytes()[: -2 * 12 * 16 * 2])
    (one,) = series(tmp_path)
    assert one.report.items[0].code == "input.truncated" and load(one).size[2] == 5


def test_ultrasound_region(tmp_path: Path) -> None:
    ds = phantoms.instance(phantoms.blocks()[0].astype(np.uint8), Modality="US", PixelSpacing=None)
    region = pydicom.Dataset()
    region.RegionSpatialFormat, region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 1, 3, 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.01, 0.02
    ds.SequenceOfUltrasoundRegions = [region]
    phantoms.save(ds, tmp_path / "a.dcm")
    (one,) = series(tmp_path)
    assert one.spacing_mm == pytest.approx((0.1, 0.2, None), nan_ok=True) and one.spacing_source == "region"
