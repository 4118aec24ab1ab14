"""What is written equals what SimpleITK reads; tilted grids become right-angled; nothing half-written stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.plane import rotation
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.io.index import scan
from medviewer.io.load import load
from medviewer.io.write import upright, write_label_map, write_map, write_volume, written
from tests.io import phantoms

AXES = rotation((0, 0.6, 0.8), 21.0)
OBLIQUE = Geometry.from_axes(
    (10, -20, 30), AXES[:, 0] * 0.75, AXES[:, 1] * 0.5, AXES[:, 2] * -2.5, (16, 12, 7)
)


def volume(slope: float = 1.0, intercept: float = -1024.0, **kw: object) -> Volume:
    return Volume(phantoms.blocks(), OBLIQUE, Values(np.array([slope]), np.array([intercept]), "HU"), **kw)  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_round_trip(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"new/folder/a{ending}"
    assert write_volume(volume(), path) == []
    image = sitk.ReadImage(str(path))
    assert image.GetPixelIDTypeAsString() == "16-bit signed integer"
    assert np.array_equal(sitk.GetArrayFromImage(image), phantoms.blocks() - 1024)
    assert image.TransformIndexToPhysicalPoint((3, 4, 5)) == pytest.approx(
        OBLIQUE.to_lps((3, 4, 5)), abs=1e-4
    )
    again = load(scan([path]).find())
    assert again.geometry.is_close(OBLIQUE, 1e-3) and np.array_equal(again.array, phantoms.blocks() - 1024)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_values_that_are_no_integers(tmp_path: Path) -> None:
    write_volume(volume(0.25, 1.5), tmp_path / "a.nii.gz")
    got = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.nii.gz")))
    assert got.dtype == np.float32 and got == pytest.approx(phantoms.blocks() * 0.25 + 1.5)


@pytest.mark.parametrize(("intercept", "dtype"), [(0.0, "int16"), (40000.0, "uint16"), (-40000.0, "int32")])
def test_the_smallest_integers_that_hold_them(tmp_path: Path, intercept: float, dtype: str) -> None:
    write_volume(volume(1, intercept), tmp_path / "a.mha")
    got = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.mha")))
    assert got.dtype == dtype and np.array_equal(got, phantoms.blocks().astype(int) + int(intercept))


def test_a_tilted_volume_becomes_right_angled_with_values_in_their_places(tmp_path: Path) -> None:
    """A linear field of LPS is reproduced exactly by linear interpolation, wherever the old grid reaches."""
    sheared = Geometry.from_axes((1, 2, 3), (0.5, 0, 0), (0, 0.5, 0), (0, 0.8, 2.4), (20, 24, 12))
    k, j, i = np.mgrid[:12, :24, :20]
    places = sheared.to_lps(np.stack([i, j, k], axis=-1))
    field = (places @ [3.0, -5.0, 2.0]).astype(np.float32)
    array, grid = upright(field, sheared)
    assert grid.is_orthogonal(1e-6)
    corners = grid.to_ijk(sheared.corners_lps())
    assert corners.min() > -0.51 and (corners.max(0) < np.array(grid.size) - 0.49).all()
    k, j, i = np.mgrid[: grid.size[2], : grid.size[1], : grid.size[0]]
    wanted = grid.to_lps(np.stack([i, j, k], axis=-1)) @ [3.0, -5.0, 2.0]
    old = sheared.to_ijk(grid.to_lps(np.stack([i, j, k], axis=-1)))
    inside = ((old >= -1e-6) & (old <= np.array(sheared.size) - 1 + 1e-6)).all(-1)
    assert inside.mean() > 0.5
    assert np.abs(array - wanted)[inside].max() < 1e-3
    notes = write_volume(Volume(field, sheared), tmp_path / "a.nii.gz")
    assert len(notes) == 1 and "resampled" in notes[0].en


def test_films_and_colour_are_written_and_said(tmp_path: Path) -> None:
    grey = Volume(phantoms.blocks()[:1], Geometry(np.eye(4), (16, 12, 1)), kind="film")
    assert len(write_volume(grey, tmp_path / "a.nii.gz")) == 1
    color = np.random.default_rng(0).integers(0, 256, (1, 12, 16, 3)).astype(np.uint8)
    film = Volume(color, Geometry(np.eye(4), (16, 12, 1)), kind="film")
    for ending in (".nii.gz", ".nrrd", ".mha"):
        assert len(write_volume(film, tmp_path / f"c{ending}")) == 2
        assert np.array_equal(load(scan([tmp_path / f"c{ending}"]).find()).array, color)


def test_label_maps_and_maps(tmp_path: Path) -> None:
    labels = (phantoms.blocks() % 3).astype(np.int64)
    write_label_map(Segmentation(labels, OBLIQUE), tmp_path / "m.nii.gz")
    got = sitk.ReadImage(str(tmp_path / "m.nii.gz"))
    assert got.GetPixelIDTypeAsString() == "8-bit unsigned integer" and np.array_equal(
        sitk.GetArrayFromImage(got), labels
    )
    heat = np.random.default_rng(0).random((7, 12, 16)).astype(np.float32)
    write_map(SaliencyMap(heat, OBLIQUE, "x", "gradcam", "l", 4.0, "mm"), tmp_path / "s.nii.gz")
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "s.nii.gz"))), heat)


@pytest.mark.parametrize("name", ["a.txt", "a", ".nii.gz", "a.dcm"])
def test_endings_that_can_not_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(MedViewerError) as fault:
        write_volume(volume(), tmp_path / name)
    assert fault.value.exit_code == 2 and not list(tmp_path.iterdir())


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(place: Path) -> None:
        place.write_bytes(b"half")
        raise RuntimeError("no room")

    with pytest.raises(MedViewerError) as fault:
        written(tmp_path / "x" / "a.nii.gz", fails)
    assert fault.value.exit_code == 6 and not list(tmp_path.iterdir())
    (tmp_path / "plain.txt").write_text("x")
    with pytest.raises(OSError):
        write_volume(volume(), tmp_path / "plain.txt" / "a.nii.gz")


def test_an_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "a.mha").write_bytes(b"old")
    with pytest.raises(MedViewerError):
        written(tmp_path / "a.mha", lambda place: (_ for _ in ()).throw(RuntimeError("x")))
    assert (tmp_path / "a.mha").read_bytes() == b"old"
