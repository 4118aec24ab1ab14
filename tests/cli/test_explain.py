"""`medviewer explain` from outside."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image

from medviewer.cli.main import main
from tests.cli.test_run import write_ct
from tests.inference.conftest import PACKAGES
from tests.inference.schema_check import check


@pytest.fixture
def film(tmp_path):
    array = np.random.default_rng(0).integers(0, 60, (150, 120)).astype(np.uint8)
    array[30:80, 50:100] += 150
    path = tmp_path / "film.png"
    Image.fromarray(array).save(path)
    return path


def mapped(capsys, out, *args):
    assert main(["explain", *map(str, args), "-o", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    check(told, "saliency")
    assert told == json.loads((out / "saliency.json").read_text(encoding="utf-8"))
    with Image.open(out / "overlay.png") as picture:
        pixels = np.asarray(picture.convert("RGB"), int)
    assert min(pixels.shape[:2]) >= 256 and np.ptp(pixels, axis=2).max() >= 16
    return told, sitk.GetArrayFromImage(sitk.ReadImage(str(out / "saliency.nii.gz")))


def test_a_film(film, tmp_path, capsys):
    told, array = mapped(capsys, tmp_path / "why", PACKAGES / "tiny_classifier", film)
    assert array.shape == (1, 150, 120) and np.ptp(array) > 0
    other, second = mapped(capsys, tmp_path / "dark", PACKAGES / "tiny_classifier", film, "--label", "dark")
    assert other["label"] == "dark" and told["verdict"] in ("no", "not measured")
    assert told["label"] == "dark" or not np.allclose(array, second)


def test_a_volume_with_negative_places(tmp_path, capsys):
    study = write_ct(tmp_path / "chest.nii.gz", shift=-40)
    told, array = mapped(
        capsys, tmp_path / "why", PACKAGES / "tiny_segmenter", study, "--at", "-35.0", "52", "116"
    )
    image = sitk.ReadImage(str(study))
    assert array.shape == sitk.GetArrayFromImage(image).shape
    k, j, i = np.unravel_index(array.argmax(), array.shape)
    place = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
    assert np.linalg.norm(np.subtract(place, (-35, 52, 116))) < 14
    assert told["this_image"]["blur_drop"] > told["this_image"]["random_drop_mean"]


def test_refusals(film, tmp_path, capsys):
    out = tmp_path / "never"
    for code, more in (
        (4, ["--label", "nonsense"]),
        (2, ["--method", "nonsense"]),
        (2, ["--finding", "a", "--at", "1", "2", "3"]),
    ):
        assert main(["explain", str(PACKAGES / "tiny_classifier"), str(film), "-o", str(out), *more]) == code
    assert main(["explain", str(PACKAGES / "tiny_segmenter"), str(film), "-o", str(out)]) == 4
    assert not out.exists() and "Traceback" not in capsys.readouterr().err


def test_blur_drop_of_a_real_film_from_outside(shared_data, tmp_path, capsys):
    """The hottest tenth blurred in the stored pixels, the film written anew as DICOM and run."""
    from scipy.ndimage import gaussian_filter

    source = shared_data / "dicom" / "cxr_nih_effusion" / "cxr_ap.dcm"
    package = str(PACKAGES / "tiny_classifier")
    told, array = mapped(capsys, tmp_path / "why", package, source)
    ds = pydicom.dcmread(source)
    pixels = ds.pixel_array
    flat = array.ravel()
    hot = np.argsort(-flat, kind="stable")[: round(0.1 * flat.size)]
    hot = hot[flat[hot] > 0]
    changed = pixels.ravel().copy()
    smooth = gaussian_filter(pixels.astype(float), 0.05 * min(pixels.shape), mode="nearest")
    changed[hot] = np.rint(smooth).ravel()[hot].astype(pixels.dtype)
    ds.PixelData = changed.astype("u1" if ds.BitsAllocated == 8 else "<u2").tobytes()
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    ds.save_as(tmp_path / "film.dcm")
    chances = []
    for path in (source, tmp_path / "film.dcm"):
        assert main(["run", package, str(path), "-o", str(tmp_path / "run"), "--json"]) == 0
        classes = json.loads(capsys.readouterr().out)["classes"]
        chances.append(next(c["probability"] for c in classes if c["label"] == told["label"]))
    assert told["this_image"]["blur_drop"] == pytest.approx(chances[0] - chances[1], abs=1e-4)
