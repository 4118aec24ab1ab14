"""One DICOM file, and the frames in it with their place, values and traits."""

from __future__ import annotations

from typing import Any

import numpy as np

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.dicom.header import BINARY, Header

PROJECTION = frozenset(
    ("CR", "DX", "MG", "RG", "IO", "PX", "XA", "RF", "DF", "ES", "XC", "GM", "OP", "SM", "OT", "SC", "HC")
)
"""Modalities whose single images are films of their own, not slices."""

DERIVED = {
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG", "1.2.840.10008.5.1.4.1.1.66.7": "SEG",
    "1.2.840.10008.5.1.4.1.1.66.5": "SURF",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT", "1.2.840.10008.5.1.4.1.1.481.5": "RTPLAN",
    "1.2.840.10008.5.1.4.1.1.481.8": "RTPLAN", "1.2.840.10008.5.1.4.1.1.66.1": "REG",
    "1.2.840.10008.5.1.4.1.1.66.3": "REG", "1.2.840.10008.5.1.4.1.1.66.2": "FID",
    "1.2.840.10008.5.1.4.1.1.66.6": "TRACT", "1.2.840.10008.5.1.4.1.1.67": "RWV",
    "1.2.840.10008.5.1.4.1.1.481.4": "RTRECORD", "1.2.840.10008.5.1.4.1.1.481.6": "RTRECORD",
    "1.2.840.10008.5.1.4.1.1.481.7": "RTRECORD", "1.2.840.10008.5.1.4.1.1.481.9": "RTRECORD",
    "1.2.840.10008.5.1.4.1.1.91.1": "ANN",
}  # fmt: skip
DERIVED_PREFIXES = {
    "1.2.840.10008.5.1.4.1.1.88.59": "KO", "1.2.840.10008.5.1.4.1.1.88.": "SR", "1.2.840.10008.5.1.4.1.1.11.": "PR",
    "1.2.840.10008.5.1.4.1.1.104.": "DOC", "1.2.840.10008.5.1.4.1.1.9.": "ECG",
}  # fmt: skip
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"

SINGLE_TRAITS = (
    "ImageType", "EchoNumbers", "EchoTime", "DiffusionBValue", "SiemensBValue", "GEBValue", "PhilipsBValue",
    "DiffusionGradientOrientation", "ComplexImageComponent", "TemporalPositionIdentifier", "TriggerTime",
    "InversionTime", "FlipAngle", "RepetitionTime", "SequenceName", "AcquisitionNumber", "ConvolutionKernel", "StackID",
    "FrameReferenceTime", "AcquisitionDateTime", "AcquisitionTime", "ContentTime", "SeriesTime",
)  # fmt: skip
"""What may tell volumes of one series apart, the most telling first."""


def role_of(sop_class: str) -> str | None:
    """SEG, RTSTRUCT, SR, PR, KO, … for what is no image; None for images."""
    if sop_class in DERIVED:
        return DERIVED[sop_class]
    return next((role for prefix, role in DERIVED_PREFIXES.items() if sop_class.startswith(prefix)), None)


class Frame:
    """One image plane.

    position: LPS mm of the centre of its first pixel, or None. orientation: unit vectors along rows and columns (six
    numbers), or None. spacing: mm between rows, between columns (DICOM's order), or None. tile: (x, y) of its first
    pixel within a mosaic, or None. traits: what may tell it from other frames at the same place.
    """

    __slots__ = (
        "index", "instance", "intercept", "orientation", "position", "size", "slope", "spacing", "tile", "traits", "windows",
    )  # fmt: skip

    def __init__(self, instance: Instance, index: int) -> None:
        self.instance, self.index = instance, index
        self.position: tuple[float, float, float] | None = None
        self.orientation: tuple[float, ...] | None = None
        self.spacing: tuple[float, float] | None = None
        self.slope, self.intercept = 1.0, 0.0
        self.traits: dict[str, Any] = {}
        self.tile: tuple[int, int] | None = None
        self.size = (instance.columns, instance.rows)
        self.windows: Any = None


class Instance:
    """One file with pixels."""

    __slots__ = (
        "_frames",
        "bits",
        "bits_stored",
        "columns",
        "count",
        "header",
        "modality",
        "number",
        "photometric",
        "planar",
        "rows",
        "samples",
        "signed",
        "sop_class",
        "sop_uid",
        "syntax",
    )  # fmt: skip

    def __init__(self, header: Header) -> None:
        self.header = header
        self.syntax = header.syntax
        self.sop_class = header.text("SOPClassUID")
        self.sop_uid = header.text("SOPInstanceUID")
        self.modality = header.text("Modality")
        self.rows, self.columns = header.integer("Rows"), header.integer("Columns")
        self.count = max(1, header.integer("NumberOfFrames", 1))
        self.samples = header.integer("SamplesPerPixel", 1)
        self.photometric = header.text("PhotometricInterpretation") or "MONOCHROME2"
        self.planar = header.integer("PlanarConfiguration")
        self.bits = header.integer("BitsAllocated", 16)
        self.bits_stored = header.integer("BitsStored", self.bits) or self.bits
        self.signed = header.integer("PixelRepresentation") == 1
        self._frames: list[Frame] | None = None
        numbers = header.floats("InstanceNumber")
        self.number = int(numbers[0]) if numbers else 0

    @property
    def is_color(self) -> bool:
        return self.samples >= 3 or self.photometric == "PALETTE COLOR"

    @property
    def stands_alone(self) -> bool:
        """Whether an image without a place is a picture of its own, not one of a stack."""
        return self.count > 1 or self.is_color or self.is_projection or self.modality in ("US", "IVUS", "OPT")

    @property
    def is_projection(self) -> bool:
        return self.modality in PROJECTION

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a stored sample in memory."""
        if self.is_color:
            return np.dtype(np.uint8)
        if self.header.pixel_tag == 0x7FE00008:
            return np.dtype(np.float32)
        if self.header.pixel_tag == 0x7FE00009:
            return np.dtype(np.float64)
        size = 1 if self.bits <= 8 else 2 if self.bits <= 16 else 4
        return np.dtype(f"{'i' if self.signed else 'u'}{size}")

    @property
    def image_type(self) -> list[str]:
        return [part.upper() for part in self.header.texts("ImageType")]

    def check(self) -> None:
        """Raise MedViewerError where this can't be an image."""
        if self.rows < 1 or self.columns < 1 or self.rows > 1 << 20 or self.columns > 1 << 20:
            raise MedViewerError(
                "input.no_image",
                Words("The image's size is missing from the header.", "头信息中缺少图像尺寸。"),
            )
        if not self.header.has_pixels:
            raise MedViewerError(
                "input.no_pixels",
                Words("This DICOM file holds no pixel data.", "该 DICOM 文件不含像素数据。"),
            )
        if self.bits not in (1, 8, 16, 32, 64) and not 8 < self.bits < 16:
            raise MedViewerError(
                "input.bits",
                Words("Its {n} bits per sample can't be read.", "无法读取每样本 {n} 位的图像。").format(
                    n=self.bits
                ),
            )
        if self.samples not in (1, 3, 4):
            raise MedViewerError(
                "input.samples",
                Words(
                    "Its {n} samples per pixel can't be shown.", "无法显示每像素 {n} 个样本的图像。"
                ).format(n=self.samples),
            )

        self._bound()

    def _bound(self) -> None:
        """A count of frames that the file can't hold is cut down to what it can, and noted as truncated."""
        header = self.header
        there = header.source.size - header.pixel_offset
        if header.inflated:
            return
        if header.encapsulated:
            most = max(1, there // 8)
        else:
            bits = self.rows * self.columns * self.samples * self.bits
            if self.photometric == "YBR_FULL_422":
                bits = bits * 2 // 3
            header.truncated = header.truncated or there * 8 < bits * self.count
            most = max(1, -(-there * 8 // bits))
        if self.count > most:
            self.count, header.truncated = most, True

    def frames(self) -> list[Frame]:
        """All frames, in the file's order; kept, because series are made anew while a scan goes on."""
        if self._frames is None:
            self._frames = self._read_frames()
        return self._frames

    def _read_frames(self) -> list[Frame]:
        header = self.header
        if "PerFrameFunctionalGroupsSequence" in header:
            from medviewer.io.dicom import functional_groups

            return functional_groups.frames_of(self)
        if self.count > 1:
            from medviewer.io.dicom import classic_frames

            return classic_frames.frames_of(self)
        if "MOSAIC" in self.image_type and "SiemensCSAImageHeader" in header:
            from medviewer.io.dicom import mosaic

            tiles = mosaic.frames_of(self)
            if tiles:
                return tiles
        return [self._single()]

    def _single(self) -> Frame:
        header, frame = self.header, Frame(self, 0)
        frame.position = triple(header.floats("ImagePositionPatient"))
        frame.orientation = orientation(header.floats("ImageOrientationPatient"))
        frame.spacing = pair(header.floats("PixelSpacing"))
        frame.slope, frame.intercept = self.rescale()
        frame.traits = traits_of(header)
        return frame

    def rescale(self) -> tuple[float, float]:
        """Slope and intercept of the whole file; a slope of 0 or none is 1."""
        slope = self.header.number("RescaleSlope")
        intercept = self.header.number("RescaleIntercept")
        if slope is None and "DoseGridScaling" in self.header:
            slope = self.header.number("DoseGridScaling")
        return (slope if slope and np.isfinite(slope) else 1.0), intercept or 0.0


def traits_of(header: Header) -> dict[str, Any]:
    """What may tell a single frame from others at its place; text as its bytes, binary numbers as numbers."""
    found: dict[str, Any] = {}
    for name in SINGLE_TRAITS:
        kept = header.raw.get(name)
        if kept is None:
            continue
        if kept[0] in BINARY:
            numbers = header.floats(name)
            found[name] = numbers[0] if len(numbers) == 1 else tuple(numbers)
        else:
            found[name] = kept[1]
    return found


def triple(values: list[float]) -> tuple[float, float, float] | None:
    """Three finite numbers, or None."""
    if len(values) != 3 or not np.isfinite(values).all():
        return None
    return values[0], values[1], values[2]


def orientation(values: list[float]) -> tuple[float, ...] | None:
    """Six numbers that are two unit vectors at right angles (to a degree), or None."""
    if len(values) != 6:
        return None
    ax, ay, az, bx, by, bz = values
    a, b = ax * ax + ay * ay + az * az, bx * bx + by * by + bz * bz
    if not (0.9 < a < 1.1 and 0.9 < b < 1.1) or abs(ax * bx + ay * by + az * bz) > 0.02:
        return None
    return tuple(values)


def pair(values: list[float]) -> tuple[float, float] | None:
    """Two positive finite numbers, or None: 0 is no spacing."""
    if len(values) != 2 or not all(np.isfinite(v) and 1e-6 < v < 1e5 for v in values):
        return None
    return values[0], values[1]
