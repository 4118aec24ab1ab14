"""Who fits, and the reason in both languages."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.volume import Volume
from medviewer.inference.fit import fits, require_fit
from medviewer.inference.package import find_package
from medviewer.io.study import SeriesInfo
from tests.inference.conftest import PACKAGES, ct_volume


@pytest.fixture(scope="module")
def specs():
    return {name: find_package(PACKAGES / f"tiny_{name}").spec for name in ("segmenter", "classifier")}


def info(kind="volume", modality="CT", size=(64, 64, 30), spacing=(1.0, 1.0, 2.0)):
    affine = np.diag([*spacing, 1.0]) if kind == "volume" else None
    return SeriesInfo(
        "k", "1.2", 1, modality, None, kind, size[2], size, spacing_mm=spacing, affine_lps=affine
    )


def with_fits(spec, **changes):
    return replace(spec, fits=replace(spec.fits, **changes))


def test_headers_alone_tell_kind_modality_and_slices(specs):
    spec = specs["segmenter"]
    assert fits(spec, info()).ok
    assert fits(spec, info(kind="film")).code == "kind"
    assert fits(spec, info(kind="stack")).code == "kind"
    assert fits(spec, info(modality="MR")).code == "modality"
    assert fits(with_fits(spec, min_slices=40), info()).code == "slices"
    assert fits(with_fits(spec, max_slice_spacing_mm=1.5), info()).code == "spacing"
    assert fits(with_fits(spec, min_slice_spacing_mm=3.0), info()).code == "spacing"
    assert fits(with_fits(spec, max_slice_spacing_mm=2.0), info()).ok
    assert not fits(specs["classifier"], info()).ok
    assert fits(specs["classifier"], info(kind="film", modality="DX")).ok


def test_the_reason_is_a_sentence_in_both_languages(specs):
    fit = fits(with_fits(specs["segmenter"], max_slice_spacing_mm=1.0), info())
    assert fit.reason.en == "Needs slices of 1 mm or less; here 2"
    assert "1 mm" in fit.reason.zh and fit.reason.zh != fit.reason.en
    film = Volume(np.zeros((1, 9, 9), np.uint8), Geometry(np.eye(4), (9, 9, 1)), kind="film")
    with pytest.raises(MedViewerError) as fault:
        require_fit(specs["segmenter"], film)
    assert fault.value.exit_code == 4 and "Tiny segmenter" in fault.value.sentence.en


def test_slices_are_counted_across_the_reading_plane(specs):
    """A coronal stack of 30 slices has 64 axial ones."""
    affine = np.array([[1, 0, 0, 0], [0, 0, 2, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
    coronal = ct_volume(np.zeros((30, 64, 64), np.int16), affine=affine)
    assert fits(with_fits(specs["segmenter"], min_slices=60), coronal).ok
    assert not fits(with_fits(specs["segmenter"], min_slices=70), coronal).ok


@pytest.mark.parametrize(
    ("rule", "least", "ok"),
    [(None, -1000, False), ({}, 5, True), ({"min_below": -300}, -1000, True), ({"min_below": -300}, 0, False),
     ({"min_at_least": -50}, 0, True), ({"min_at_least": -50}, -1000, False)],
)  # fmt: skip
def test_files_without_modality_are_judged_by_their_values(specs, rule, least, ok):
    spec = with_fits(specs["segmenter"], without_modality=rule)
    array = np.full((4, 8, 8), 100, np.int16)
    array[2, 3, 3] = least
    volume = ct_volume(array)
    volume.meta["modality"] = None
    assert fits(spec, volume).ok is ok
    unread = info(modality=None)
    assert fits(spec, unread).ok is (rule is not None)


def test_colour_volumes_do_not_fit(specs):
    volume = ct_volume(np.zeros((3, 8, 8), np.int16))
    volume.array = np.zeros((3, 8, 8, 3), np.uint8)
    assert fits(specs["segmenter"], volume).code == "color"


def test_a_series_with_no_pixels_never_fits(specs):
    for kind in ("derived", "document", "cine"):
        fit = fits(specs["segmenter"], info(kind=kind))
        assert not fit.ok and json.dumps(fit.reason.zh)
