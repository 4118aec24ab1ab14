"""DICOM files that the small header reader can't follow, through pydicom; and whole datasets where they are needed."""

from __future__ import annotations

import io
import logging
import warnings
from typing import Any

import pydicom

from medviewer.core.errors import MedViewerError
from medviewer.io.dicom.header import (
    DAMAGED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    UNDEFINED,
    Header,
)
from medviewer.io.dicom.tags import KEYWORDS, NUMERIC, PIXELS
from medviewer.io.sources import Source

# Its warnings quote values of the header, which may be a patient's; what matters of them is said in our own words.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module=r"pydicom\b")


def read_dataset(source: Source) -> Any:
    """The dataset without pixel data, as pydicom sees it; raises MedViewerError "input.damaged"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            place = source.path or io.BytesIO(source.all())
            dataset = pydicom.dcmread(place, stop_before_pixels=True, force=True)
            if not hasattr(dataset, "file_meta"):
                dataset.file_meta = pydicom.dataset.FileMetaDataset()
            return dataset
        except MedViewerError:
            raise
        except Exception as fault:
            raise MedViewerError("input.damaged", DAMAGED, detail=type(fault).__name__) from fault


def read_header(source: Source) -> Header:
    """The same header through pydicom, for files that the small reader can't follow."""
    dataset = read_dataset(source)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "") or "")
    little = getattr(dataset, "is_little_endian", True)
    implicit = getattr(dataset, "is_implicit_VR", False)
    if not syntax:
        syntax = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    header = Header(source, syntax)
    for tag, keyword in KEYWORDS.items():
        if tag not in dataset:
            continue
        element = dataset.get_item(tag)
        value = element.value if element is not None else None
        if isinstance(value, bytes):
            vr = element.VR.encode() if element.VR and element.VR != "UN" else NUMERIC.get(keyword, b"")
            header.raw[keyword] = (vr, value)
        else:
            header.raw[keyword] = (b"SQ", b"") if element.VR == "SQ" else (b"", _as_bytes(element.value))
    header.dataset = dataset
    _find_pixels(header)
    return header


def _as_bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        return b"\\".join(_as_bytes(v) for v in value)
    return str(value).encode("utf-8", "replace")


def _find_pixels(header: Header) -> None:
    """Where pydicom stopped: at the pixel data, or at the end."""
    source = header.source
    try:
        with io.BytesIO(source.all()) as file:
            whole = pydicom.dcmread(file, force=True, defer_size=1024)
        for tag in PIXELS:
            if tag in whole:
                element: Any = whole.get_item(tag)
                header.pixel_tag, header.pixel_offset = tag, int(element.value_tell)
                header.pixel_length = UNDEFINED if element.length == UNDEFINED else int(element.length)
                header.truncated = (
                    header.pixel_length != UNDEFINED
                    and header.pixel_offset + header.pixel_length > source.size
                )
    except Exception:  # a damaged tail: then there are no pixels, and the series says so
        header.pixel_offset = -1
