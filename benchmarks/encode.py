"""Encoders for the timed series, by whatever writes each transfer syntax well."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Absent


def encapsulated(dataset: Any, pixels: NDArray[np.int16], syntax: str) -> None:
    """Replace the dataset's pixel data by its encapsulated encoding; signed samples as each codec stores them."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    if syntax == "1.2.840.10008.1.2.5":
        dataset.compress(UID(syntax))
        return
    dataset.PixelData = encapsulate([_encoded(dataset, pixels, syntax)])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(syntax)


def _encoded(dataset: Any, pixels: NDArray[np.int16], syntax: str) -> bytes:
    try:
        import imagecodecs
    except ImportError as missing:
        raise Absent("imagecodecs is not installed") from missing
    # JPEG lossless and JPEG-LS know unsigned samples only: stored shifted, with the intercept that undoes it.
    shifted = (pixels.astype(np.int32) + 1024).clip(0, 65535).astype(np.uint16)
    dataset.PixelRepresentation, dataset.RescaleIntercept = 0, -1024
    match syntax.rpartition(".")[2]:
        case "70":
            return bytes(imagecodecs.ljpeg_encode(shifted))
        case "80":
            return bytes(imagecodecs.jpegls_encode(shifted))
        case "201":
            return bytes(imagecodecs.htj2k_encode(shifted, reversible=True))
        case "90":
            return bytes(imagecodecs.jpeg2k_encode(shifted, reversible=True, codecformat="j2k"))
    raise Absent(f"no encoder for {syntax}")
