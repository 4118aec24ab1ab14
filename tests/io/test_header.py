"""The small header reader against pydicom, in every uncompressed transfer syntax."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medviewer.core.errors import MedViewerError
from medviewer.io.dicom.header import read_header
from medviewer.io.dicom.text import date_text, decode
from medviewer.io.sources import FileSource
from tests.io import phantoms

SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]


def source(path: Path) -> FileSource:
    return FileSource(str(path), path.name, path.stat().st_size)


def rich() -> Dataset:
    """A slice with nested and private sequences of both lengths before the wanted elements."""
    inner = Dataset()
    inner.ReferencedSOPInstanceUID, inner.Rows = "1.2.3.4", 77
    deep = Dataset()
    deep.ReferencedImageSequence = Sequence([inner, inner])
    ds = phantoms.instance(
        phantoms.blocks()[0], InstanceNumber=5, WindowCenter=[40, -600], WindowWidth=[400, 1500]
    )
    ds.ReferencedStudySequence = Sequence([deep])
    ds.ReferencedStudySequence.is_undefined_length = True
    deep.is_undefined_length_sequence_item = True
    ds.add_new(0x00091001, "SQ", Sequence([deep, inner]))
    ds.add_new(0x00090010, "LO", "PRIVATE")
    ds.add_new(0x00091010, "UN", b"\0" * 20001)  # beyond the first window
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [1.5, -2, 3e-5], [1, 0, 0, 0, 1, 0]
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_reads_what_pydicom_reads(tmp_path: Path, syntax: str) -> None:
    path = phantoms.save(rich(), tmp_path / "a.dcm", syntax)
    header, ds = read_header(source(path)), pydicom.dcmread(path)
    assert header is not None and header.dataset is None  # pydicom was not asked
    assert header.syntax == syntax
    assert header.integer("Rows") == ds.Rows == 12 and header.integer("BitsAllocated") == 16
    assert header.floats("ImagePositionPatient") == [float(v) for v in ds.ImagePositionPatient]
    assert header.floats("WindowCenter") == [40, -600]
    assert header.text("SeriesInstanceUID") == ds.SeriesInstanceUID
    assert header.has_pixels and not header.encapsulated and not header.truncated
    if not header.inflated:
        raw = path.read_bytes()[header.pixel_offset : header.pixel_offset + header.pixel_length]
        assert raw == ds.PixelData


def test_without_preamble(tmp_path: Path) -> None:
    path = phantoms.save(rich(), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[132:])
    header = read_header(source(path))
    assert header is not None and header.integer("Columns") == 16


def test_a_file_that_says_explicit_and_is_implicit(tmp_path: Path) -> None:
    path = phantoms.save(rich(), tmp_path / "a.dcm", "1.2.840.10008.1.2")
    claimed = b"UI\x14\x001.2.840.10008.1.2.1\0"
    path.write_bytes(path.read_bytes().replace(b"UI\x12\x001.2.840.10008.1.2\0", claimed, 1))
    header = read_header(source(path))
    assert header is not None and header.syntax.endswith(".1") and header.integer("Rows") == 12


@pytest.mark.parametrize("text", [b"This is no image.\n" * 40, b"", b"\x89PNG" + bytes(500), bytes(5000)])
def test_what_is_no_dicom(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(text)
    assert read_header(source(path)) is None


def test_random_bytes_after_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(bytes(128) + b"DICM" + np.random.default_rng(0).bytes(20000))
    with pytest.raises(MedViewerError) as fault:
        read_header(source(path))
    assert fault.value.exit_code == 3


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("", b"Doe^Jane ", "Doe^Jane"),
        ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
        ("ISO_IR 192", "Zoë^Müller".encode(), "Zoë^Müller"),
        ("ISO_IR 100", "Müller^Zoë".encode("latin-1"), "Müller^Zoë"),
        ("", "王^小东".encode("gb18030"), "王^小东"),
        ("", "Müller".encode(), "Müller"),
        ("NOT A SET", "王".encode(), "王"),
        (
            "\\ISO 2022 IR 58",
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
            "Zhang^XiaoDong=张^小东",
        ),
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7",
            "Hong^Gildong=洪^吉洞",
        ),
    ],
)
def test_names(charset: str, raw: bytes, text: str) -> None:
    assert decode(raw, charset, name=True) == text


@pytest.mark.parametrize(
    ("raw", "date"),
    [
        ("20260131", "2026-01-31"),
        ("2026.01.31", "2026-01-31"),
        ("", None),
        ("2026", None),
        ("20261391", None),
    ],
)
def test_dates(raw: str, date: str | None) -> None:
    assert date_text(raw) == date
