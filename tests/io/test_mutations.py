"""Damaged files of every kind: a sentence or an image, never anything else, never slow."""

from __future__ import annotations

import time
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from medviewer.core.errors import MedViewerError
from medviewer.io.index import scan
from medviewer.io.load import load
from medviewer.io.statistics import values_of
from tests.io import phantoms

CASES = 50


def _makers() -> dict[str, tuple[str, object]]:
    smooth = phantoms.blocks()[0]
    return {
        "explicit": (".dcm", lambda p: phantoms.save(phantoms.instance(smooth), p)),
        "implicit": (".dcm", lambda p: phantoms.save(phantoms.instance(smooth), p, "1.2.840.10008.1.2")),
        "deflated": (".dcm", lambda p: phantoms.save(phantoms.instance(smooth), p, "1.2.840.10008.1.2.1.99")),
        "jpegls": (".dcm", lambda p: phantoms.save(phantoms.instance(smooth.astype(np.uint16)), p, "1.2.840.10008.1.2.4.80",
                                                    imagecodecs.jpegls_encode)),
        "enhanced": (".dcm", lambda p: phantoms.enhanced(p, phantoms.blocks()[:4])),
        "nifti": (".nii.gz", lambda p: sitk.WriteImage(sitk.GetImageFromArray(phantoms.blocks()), str(p))),
        "nifti_plain": (".nii", lambda p: sitk.WriteImage(sitk.GetImageFromArray(phantoms.blocks()), str(p))),
        "nrrd": (".nrrd", lambda p: sitk.WriteImage(sitk.GetImageFromArray(phantoms.blocks()), str(p))),
        "metaimage": (".mha", lambda p: sitk.WriteImage(sitk.GetImageFromArray(phantoms.blocks()), str(p))),
        "png": (".png", lambda p: Image.fromarray(smooth.astype(np.uint8)).save(p)),
    }  # fmt: skip


def _mutated(raw: bytes, rng: np.random.Generator) -> bytes:
    """Bits flipped, bytes cut out or put in, lengths made huge, or the end cut off."""
    data = bytearray(raw)
    way = rng.integers(5)
    head = min(len(data), 1600)  # where the header is
    if way == 0:
        for at in rng.integers(0, head, rng.integers(1, 12)):
            data[at] ^= 1 << int(rng.integers(8))
    elif way == 1:
        del data[int(rng.integers(8, len(data))) :]
    elif way == 2:
        at = int(rng.integers(128, head))
        data[at : at + 4] = rng.choice(
            [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xfe\xff\x00\xe0"]
        )
    elif way == 3:
        at = int(rng.integers(0, head))
        del data[at : at + int(rng.integers(1, 9))]
    else:
        at = int(rng.integers(0, head))
        data[at:at] = rng.bytes(int(rng.integers(1, 9)))
    return bytes(data)


@pytest.mark.parametrize("kind", list(_makers()))
def test_damaged(tmp_path: Path, kind: str) -> None:
    ending, make = _makers()[kind]
    good = tmp_path / f"good{ending}"
    make(good)  # type: ignore[operator]
    assert next(iter(scan([good]).series())).is_image
    raw = good.read_bytes()
    rng = np.random.default_rng(sum(map(ord, kind)))
    path = tmp_path / "bad"
    path.mkdir()
    path = path / f"a{ending}"
    for n in range(CASES):
        path.write_bytes(_mutated(raw, rng))
        start = time.monotonic()
        try:
            for one in scan([path]).series():
                if one.is_image:
                    values_of(load(one))
        except MedViewerError as fault:
            assert fault.exit_code in (3, 4, 6) and len(fault.sentence.en) <= 300
        assert time.monotonic() - start < 10, f"case {n} took too long"
