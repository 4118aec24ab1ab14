"""Pictures without a window: the bare image to the grey level, and what a picture that leaves must carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import ClassScore
from medviewer.core.geometry import Geometry
from medviewer.core.plane import Slab
from medviewer.core.report import GeometryReport, ReportItem
from medviewer.core.segmentation import SaliencyMap, Segment, Segmentation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.core.words import Words
from medviewer.imaging import picture as pictures
from medviewer.imaging.picture import (
    PictureOverlays,
    PictureView,
    bare,
    picture,
    plane_at_slice,
    view_of,
    window_text,
)
from tests.imaging.phantoms import grid, noise, painted, places
from tests.imaging.test_overlays import finding

AI = np.array([255, 162, 77])


def linear(values, center, width):
    """LINEAR of PS3.3 C.11.2.1.2, as the standard writes it."""
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


@pytest.mark.parametrize("flip", [False, True])
def test_own_slices_are_their_own_pixels(flip):
    geometry = grid("aligned", (20, 18, 9), (1.0, 1.0, 2.0))
    volume = noise(geometry)
    if flip:  # the same voxels stored from head to foot
        volume = Volume(
            volume.array[::-1].copy(), geometry.permuted((0, 1, 2), (False, False, True)), volume.values
        )
    for number in (0, 3, 8):
        view = PictureView(plane_at_slice(volume, "axial", number), "axial", window=Window(40, 400))
        stored = volume.array[8 - number if flip else number]
        assert np.abs(bare(volume, view) - linear(stored.astype(float), 40, 400)).max() <= 0.5
    with pytest.raises(MedViewerError) as fault:
        plane_at_slice(volume, "axial", 9)
    assert fault.value.exit_code == 4 and "0 to 8" in fault.value.sentence.en


def test_slices_are_counted_from_right_front_and_foot():
    geometry = grid("aligned", (6, 5, 4), (1.0, 1.0, 1.0)).permuted((1, 2, 0), (True, False, True))
    volume = painted(geometry, lambda p: p[..., 0] * 0)
    low, _ = geometry.bounds_lps()
    for name, axis in (("sagittal", 0), ("coronal", 1), ("axial", 2)):
        plane = plane_at_slice(volume, name, 1)
        assert plane.center_lps[axis] == pytest.approx(low[axis] + 1.5)


def test_a_film_as_stored_and_inverted():
    array = np.random.default_rng(0).integers(0, 255, (1, 30, 40)).astype(np.uint8)
    film = Volume(array, Geometry(np.eye(4), (40, 30, 1)), kind="film", invert=True)
    view = PictureView(window=Window(128, 256))
    assert np.array_equal(bare(film, view), 255 - array[0])
    assert np.array_equal(bare(film, replace(view, invert=True)), array[0])
    with pytest.raises(MedViewerError) as fault:
        bare(film, replace(view, frame=1))
    assert fault.value.code == "fit.slice"
    with pytest.raises(MedViewerError) as fault:
        bare(film, replace(view, plane=film.geometry.plane("axial")))
    assert fault.value.code == "fit.plane"
    assert view_of(film).plane is None
    color = Volume(np.repeat(array[..., None], 3, axis=3), film.geometry, kind="cine")
    assert np.array_equal(bare(color, view_of(color)), color.array[0])


def seen(pixels: np.ndarray, color, tolerance: int = 40) -> np.ndarray:
    return (np.abs(pixels.astype(int) - np.asarray(color)).max(axis=2) <= tolerance).nonzero()


def test_a_ring_lies_round_the_finding_and_a_rejected_one_is_gone():
    geometry = grid("aligned", (100, 100, 40), (1.0, 1.0, 2.0))
    volume = painted(geometry, lambda p: p[..., 0] * 0 - 1000)
    nodule = finding(geometry.to_lps((30, 60, 20)), 20.0)
    view = replace(view_of(volume, "axial", nodule.center_lps_mm, Window(40, 400)), size=(1000, 1000))
    ringed = picture(volume, view, PictureOverlays(findings=[nodule]))
    plain = picture(volume, view)
    y, x = np.nonzero(np.abs(ringed.astype(int) - plain).max(axis=2) > 60)
    ring = x < 400  # the label stands to its right
    center = np.array([30.5 * 10, 60.5 * 10])
    away = np.hypot(x[ring] - center[0], y[ring] - center[1])
    assert away.min() > 95 and away.max() < 115
    assert len(seen(ringed, AI)[0]) > 100
    from datetime import datetime

    gone = nodule.reviewed("rejected", "me", datetime(2026, 1, 1))
    assert np.array_equal(picture(volume, view, PictureOverlays(findings=[gone])), plain)


def test_segments_and_maps_lie_where_they_should():
    geometry = grid("oblique", (60, 60, 40), (1.0, 1.0, 1.0))
    volume = painted(geometry, lambda p: p[..., 0] * 0 - 1000)
    away = places(geometry) - geometry.to_lps((20, 40, 20))
    mask = ((away**2).sum(-1) <= 64).astype(np.uint8)
    segmentation = Segmentation(mask, geometry, [Segment(1, "ball", (102, 178, 241))])
    view = replace(view_of(volume, "axial", geometry.to_lps((20, 40, 20)), Window(40, 400)), size=(600, 600))
    tinted = picture(volume, view, PictureOverlays(segmentation=segmentation)).astype(int)
    tinted -= picture(volume, view)
    y, x = np.nonzero(tinted.max(axis=2) > 10)
    assert np.hypot(x - 205, y - 405).max() < 90 and abs(x.mean() - 205) < 3 and abs(y.mean() - 405) < 3
    saliency = SaliencyMap(mask.astype(np.float32), geometry, "l", "GradCAM", "x", 4, "mm")
    hot = picture(volume, view, PictureOverlays(saliency=saliency)).astype(int) - picture(volume, view)
    at = hot[:, :500].max(axis=2) > 60  # the colour bar stands further right
    assert np.abs(np.argwhere(at).mean(0) - (405, 205)).max() < 3
    assert hot[:, 550:].max() > 60


def test_everything_that_a_picture_must_carry(monkeypatch):
    written = []
    original = pictures.Marks.text

    def text(self, xy, told, *args, **kwargs):
        written.append(told)
        original(self, xy, told, *args, **kwargs)

    monkeypatch.setattr(pictures.Marks, "text", text)
    volume = noise(grid("aligned", (60, 60, 40)))
    volume.meta |= {"patient_name": "Secret^Name", "patient_id": "ID-77", "date": "20260101"}
    volume.report = GeometryReport(
        "amber", items=(ReportItem("t", Words("Tilt 12° put right", "已校正倾斜 12°")),)
    )
    view = replace(view_of(volume, "coronal", window=Window(-600, 1500)), slab=Slab(10.0, "mean"))
    pixels = picture(volume, view, PictureOverlays(classes=[ClassScore("Effusion", 0.71, 0.5, True)]))
    assert min(pixels.shape[:2]) >= 512 and pixels.dtype == np.uint8
    told = " | ".join(written)
    for needed in (
        "Research and teaching only", "Tilt 12° put right", "Coronal", "CT", "C \u2212600  W 1500 HU", "Mean 10.0 mm",
        "Effusion 0.71 (≥ 0.50)", "mm",
    ):  # fmt: skip
        assert needed in told
    assert {"R", "L", "H", "F"} <= set(written) and "2 cm" not in volume.meta
    assert any(w.endswith((" cm", " mm")) and w[0].isdigit() for w in written)
    assert not any(secret in told for secret in ("Secret", "ID-77", "20260101"))
    written.clear()
    picture(volume, replace(view, language="zh"))
    assert "仅供科研与教学，不用于临床诊断" in written and "已校正倾斜 12°" in written
    written.clear()
    monkeypatch.setattr(pictures, "speaks", lambda language: language == "en")
    picture(volume, replace(view, language="zh"))  # no Chinese font: English, not boxes
    assert any("Research" in w for w in written)


def test_a_film_without_spacing_has_no_scale_bar_and_says_so(monkeypatch):
    bars = []
    monkeypatch.setattr(pictures.Marks, "bar", lambda self, *a: bars.append(a))
    film = Volume(np.zeros((1, 30, 40), np.uint8), Geometry(np.eye(4), (40, 30, 1)), kind="film")
    film.report = GeometryReport("red")
    picture(film, PictureView())
    assert bars == []
    film.pixel_spacing = (0.2, 0.2)
    picture(film, PictureView())
    assert len(bars) == 1


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 900, 2), (900, 2, 2)])
def test_odd_shapes(size):
    volume = noise(grid("aligned", size))
    for name in ("axial", "coronal", "sagittal"):
        assert min(picture(volume, view_of(volume, name)).shape[:2]) >= 256
    assert picture(volume, replace(view_of(volume), size=(300, 200))).shape == (200, 300, 3)


def test_window_text():
    assert window_text(Window(40, 400), "HU") == "C 40  W 400 HU"
    assert window_text(Window(0.5, 0.25), "") == "C 0.500  W 0.250"
    assert Values().unit == "a.u."
