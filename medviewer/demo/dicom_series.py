"""Writes the synthetic studies as true DICOM: every file says SYNTHETIC, in its pixels and in the patient's name."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAKER = "MedViewer (synthetic)"
_DATE, _TIME = "20260101", "120000"


@dataclass(frozen=True)
class Series:
    """What a series needs beside its pixels; `extra`: DICOM keyword -> value for every file."""

    name: str
    patient: str
    patient_id: str
    sop_class: str
    modality: str
    study: str
    description: str
    extra: dict[str, Any] = field(default_factory=dict)

    def uid(self, *parts: object) -> str:
        """The same UID on every machine: made from names, under the root for UUIDs (2.25)."""
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(['medviewer-demo', self.name, *map(str, parts)])).int}"


def write_volume(
    series: Series,
    pixels: NDArray[np.int16],
    folder: Path,
    origin: tuple[float, float, float],
    spacing: tuple[float, float, float],
) -> None:
    """One file a slice of pixels [k, j, i]; rows run to the patient's left, columns to the back, slices to the head."""
    folder.mkdir(parents=True, exist_ok=True)
    common = _common(series, pixels.shape[1:])
    common.update(
        FrameOfReferenceUID=series.uid("frame"),
        PositionReferenceIndicator="",
        ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        PixelSpacing=[spacing[1], spacing[0]],
        SliceThickness=spacing[2],
        PixelRepresentation=1,
    )
    for k, plane in enumerate(pixels):
        height = round(origin[2] + k * spacing[2], 4)
        own = {
            "InstanceNumber": k + 1,
            "ImagePositionPatient": [origin[0], origin[1], height],
            "SliceLocation": height,
        }
        _write(series, {**common, **own}, plane, series.uid("image", k), folder / f"{k + 1:04d}.dcm")


def write_film(series: Series, pixels: NDArray[np.int16], folder: Path, pixel_mm: float) -> None:
    """One film, stored upright: the patient's right at the left."""
    folder.mkdir(parents=True, exist_ok=True)
    told = _common(series, pixels.shape)
    told.update(
        InstanceNumber=1,
        PatientOrientation=["L", "F"],
        ImagerPixelSpacing=[pixel_mm, pixel_mm],
        PixelRepresentation=0,
    )
    _write(series, told, pixels.astype(np.uint16), series.uid("image", 0), folder / "0001.dcm")


def _common(series: Series, shape: tuple[int, ...]) -> dict[str, Any]:
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["DERIVED", "PRIMARY"],
        "StudyDate": _DATE, "SeriesDate": _DATE, "ContentDate": _DATE,
        "StudyTime": _TIME, "SeriesTime": _TIME, "ContentTime": _TIME,
        "AccessionNumber": "",
        "Modality": series.modality,
        "Manufacturer": _MAKER,
        "ReferringPhysicianName": "",
        "StudyDescription": series.study,
        "SeriesDescription": series.description,
        "DerivationDescription": "Synthetic image, made from formulas; no patient",
        "PatientName": series.patient,
        "PatientID": series.patient_id,
        "PatientBirthDate": "",
        "PatientSex": "O",
        "StudyInstanceUID": series.uid("study"),
        "SeriesInstanceUID": series.uid("series"),
        "StudyID": "1",
        "SeriesNumber": 1,
        "BurnedInAnnotation": "YES",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": shape[0],
        "Columns": shape[1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        **series.extra,
    }  # fmt: skip


def _write(
    series: Series, told: dict[str, Any], pixels: NDArray[np.int16] | NDArray[np.uint16], uid: str, path: Path
) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = series.sop_class, uid
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = UID(series.sop_class)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
