"""Every encoding gives the stored samples; colour comes out as RGB."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest

from medviewer.core.errors import MedViewerError
from medviewer.core.volume import Volume
from medviewer.io.dicom.codecs import TABLE, codec, refusal
from medviewer.io.dicom.codecs.jpeg import is_ycbcr
from medviewer.io.dicom.mosaic import csa_fields
from medviewer.io.index import scan
from medviewer.io.load import load
from tests.io import phantoms

SMOOTH = (np.add.outer(np.arange(40), np.arange(56)) * 20 + 100).astype(np.uint16)
LOSSLESS = {
    "1.2.840.10008.1.2.4.80": lambda a: imagecodecs.jpegls_encode(a.view(f"u{a.dtype.itemsize}")),
    "1.2.840.10008.1.2.4.70": lambda a: imagecodecs.ljpeg_encode(a.view(f"u{a.dtype.itemsize}")),
    "1.2.840.10008.1.2.4.90": lambda a: imagecodecs.jpeg2k_encode(
        a, level=0, codecformat="j2k", reversible=True
    ),
    "1.2.840.10008.1.2.4.201": lambda a: imagecodecs.htj2k_encode(a),
}


def loaded(folder: Path) -> Volume:
    return load(scan([folder]).find())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("syntax", [*LOSSLESS, "1.2.840.10008.1.2.5", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2",
                                    "1.2.840.10008.1.2.1.99"])  # fmt: skip
def test_lossless_encodings(tmp_path: Path, syntax: str, dtype: str) -> None:
    pixels = (SMOOTH % 256 if dtype == "uint8" else SMOOTH).astype(dtype)
    if dtype == "int16":
        pixels = pixels - np.int16(900)
    ds = phantoms.instance(pixels)
    if syntax == "1.2.840.10008.1.2.5":
        ds.compress(syntax)
        phantoms.save(ds, tmp_path / "a.dcm", syntax)
    else:
        phantoms.save(ds, tmp_path / "a.dcm", syntax, LOSSLESS.get(syntax))
    volume = loaded(tmp_path)
    assert volume.array.dtype == dtype and np.array_equal(volume.array[0], pixels)


def test_signed_samples_of_twelve_bits(tmp_path: Path) -> None:
    """Bits above the stored ones are not the sign's: they are replaced by it."""
    pixels = (SMOOTH.astype(np.int16) - 900).clip(-2048, 2047)
    raw = (pixels.astype(np.uint16) & 0x0FFF).astype(np.int16)
    ds = phantoms.instance(raw, BitsStored=12, HighBit=11)
    phantoms.save(ds, tmp_path / "a.dcm")
    assert np.array_equal(loaded(tmp_path).array[0], pixels)


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb(tmp_path: Path, planar: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (10, 12, 3)).astype(np.uint8)
    ds = phantoms.instance(pixels, PlanarConfiguration=planar, Modality="OT")
    if planar:
        ds.PixelData = np.moveaxis(pixels, -1, 0).tobytes()
    phantoms.save(ds, tmp_path / "a.dcm")
    volume = loaded(tmp_path)
    assert volume.is_color and np.array_equal(volume.array[0], pixels)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422", "RGB"])
def test_colour_jpeg(tmp_path: Path, photometric: str) -> None:
    y, x = np.mgrid[:64, :64]
    pixels = np.stack([x * 3, y * 3, 255 - x * 2], axis=-1).astype(np.uint8)
    stored = {"RGB": "RGB"}.get(photometric, "YCBCR")
    ds = phantoms.instance(pixels, Modality="OT")
    ds.PhotometricInterpretation = photometric
    phantoms.save(ds, tmp_path / "a.dcm", "1.2.840.10008.1.2.4.50",
                  lambda a: imagecodecs.jpeg8_encode(a, level=98, colorspace="RGB", outcolorspace=stored))  # fmt: skip
    assert np.abs(loaded(tmp_path).array[0].astype(int) - pixels).mean() < 3


def test_palette_equals_pydicom(tmp_path: Path) -> None:
    ds = phantoms.instance(
        np.arange(120, dtype=np.uint8).reshape(10, 12), PhotometricInterpretation="PALETTE COLOR"
    )
    rng = np.random.default_rng(0)
    for name in ("Red", "Green", "Blue"):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{name}PaletteColorLookupTableData", rng.integers(0, 65536, 256).astype("<u2").tobytes())
    path = phantoms.save(ds, tmp_path / "a.dcm")
    read = pydicom.dcmread(path)
    want = pydicom.pixels.apply_color_lut(read.pixel_array, read) >> 8
    assert np.array_equal(loaded(tmp_path).array[0], want)


def test_frames_of_fragments(tmp_path: Path) -> None:
    """Two frames, each in several fragments, no offset table."""
    frames = [
        imagecodecs.jpeg8_encode((SMOOTH[:, :40] // 8 + n * 9).astype(np.uint8), level=100) for n in range(2)
    ]
    halves = [f[a:b] for f in frames for a, b in ((0, 400), (400, len(f) + len(f) % 2))]
    items = b"".join(
        b"\xfe\xff\x00\xe0" + (len(h) + len(h) % 2).to_bytes(4, "little") + h + bytes(len(h) % 2)
        for h in halves
    )
    ds = phantoms.instance(
        (SMOOTH[:, :40] // 8).astype(np.uint8), NumberOfFrames=2, Modality="US", FrameTime=40
    )
    ds.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0" + items
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    phantoms.save(ds, tmp_path / "a.dcm", "1.2.840.10008.1.2.4.50")
    volume = loaded(tmp_path)
    assert volume.kind == "cine" and volume.frame_time_ms == 40 and volume.size[2] == 2
    assert abs(float(volume.array[1].mean()) - float(volume.array[0].mean()) - 9) < 0.5


def test_one_bit(tmp_path: Path) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    ds = phantoms.instance(bits[0], NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0)
    ds.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes() + b"\0"
    phantoms.save(ds, tmp_path / "a.dcm")
    assert np.array_equal(loaded(tmp_path).array, bits)


def test_modality_table(tmp_path: Path) -> None:
    ds = phantoms.instance(
        (SMOOTH // 20 % 64).astype(np.uint16), RescaleSlope=None, RescaleIntercept=None, Modality="CR"
    )
    item = pydicom.Dataset()
    item.LUTDescriptor, item.ModalityLUTType = [64, 0, 16], "OD"
    item.LUTData = np.array([n * n for n in range(64)], "<u2").tobytes()
    ds.ModalityLUTSequence = pydicom.Sequence([item])
    phantoms.save(ds, tmp_path / "a.dcm")
    assert np.array_equal(loaded(tmp_path).array[0], (SMOOTH // 20 % 64).astype(int) ** 2)


def test_float_pixels(tmp_path: Path) -> None:
    ds = phantoms.instance(SMOOTH, BitsAllocated=32, PixelRepresentation=None)
    values = (SMOOTH / 7).astype(np.float32)
    del ds.PixelData
    ds.FloatPixelData = values.tobytes()
    phantoms.save(ds, tmp_path / "a.dcm")
    assert np.array_equal(loaded(tmp_path).array[0], values)


def test_slopes_differ_by_slice(tmp_path: Path) -> None:
    def slope(ds: pydicom.Dataset, k: int) -> None:
        ds.Modality, ds.Units, ds.RescaleSlope, ds.RescaleIntercept = "PT", "BQML", 1 + k / 4, 0

    phantoms.series(tmp_path / "s", phantoms.blocks(), change=slope)
    volume = loaded(tmp_path)
    assert volume.values.unit == "BQML" and volume.values.slope.tolist() == [1 + k / 4 for k in range(7)]
    assert volume.slice_values(6) == pytest.approx(phantoms.blocks()[6] * 2.5)


def test_monochrome1_stays_as_stored(tmp_path: Path) -> None:
    phantoms.save(
        phantoms.instance(SMOOTH, PhotometricInterpretation="MONOCHROME1", Modality="CR"), tmp_path / "a.dcm"
    )
    volume = loaded(tmp_path)
    assert volume.invert and np.array_equal(volume.array[0], SMOOTH)


def test_every_codec_is_there() -> None:
    assert all(codec(uid).is_available() for uid in TABLE)
    assert all(refusal(uid) is None for uid in TABLE)
    assert "JPEG XL" in str(refusal("1.2.840.10008.1.2.4.110"))


def test_a_decoder_that_is_missing_gives_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "imagecodecs" in str(refusal("1.2.840.10008.1.2.4.80"))


def test_what_a_jpeg_says_of_its_colours() -> None:
    adobe = b"\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\0\0\0\0"
    assert not is_ycbcr(adobe + b"\0", "YBR_FULL_422") and is_ycbcr(adobe + b"\1", "RGB")
    assert is_ycbcr(b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0", "RGB")
    assert not is_ycbcr(b"\xff\xd8", "RGB") and is_ycbcr(b"\xff\xd8", "YBR_FULL")


def test_pixels_cut_off(tmp_path: Path) -> None:
    path = phantoms.save(phantoms.instance(SMOOTH), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(MedViewerError) as fault:
        loaded(tmp_path)
    assert fault.value.code == "input.truncated"


def test_a_series_with_one_file_cut_is_shown_in_part(tmp_path: Path) -> None:
    phantoms.series(tmp_path / "s", phantoms.blocks())
    path = sorted((tmp_path / "s").iterdir())[0]
    path.write_bytes(path.read_bytes()[:-100])
    volume = loaded(tmp_path)
    empty = [k for k in range(7) if not volume.array[k].any()]
    assert len(empty) == 1 and len(volume.meta["notes"]) == 1 and "1 of 7" in str(volume.meta["notes"][0])


def test_csa_header_that_is_nonsense() -> None:
    assert csa_fields(b"SV10" + np.random.default_rng(0).bytes(500)) is not None
