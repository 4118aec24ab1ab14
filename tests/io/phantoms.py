"""Generated DICOM series of known voxels and geometry, written with pydicom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
Encode = Callable[[np.ndarray], bytes]


def blocks(shape: tuple[int, int, int] = (7, 12, 16), seed: int = 0, dtype: str = "int16") -> np.ndarray:
    """Voxels [k, j, i] that differ everywhere, so that any flip or shift shows."""
    return np.random.default_rng(seed).integers(0, 2000, shape).astype(dtype)


def instance(pixels: np.ndarray, **elements: Any) -> Dataset:
    """One CT slice [j, i]; further elements by keyword."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CT
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    ds.PatientName, ds.PatientID, ds.Modality, ds.SeriesNumber = "Test^Phantom", "P-1", "CT", 3
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = (3, "RGB") if pixels.ndim == 3 else (1, "MONOCHROME2")
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(pixels.dtype.kind == "i")
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.PixelSpacing, ds.SliceThickness = [0.5, 0.75], 9  # a thickness that is not the spacing
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    for keyword, value in elements.items():
        if value is None:
            if keyword in ds:
                del ds[keyword]
        else:
            setattr(ds, keyword, value)
    return ds


def save(ds: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian, encode: Encode | None = None) -> Path:
    """Write it in that transfer syntax, encoded by `encode` where that is a compressed one."""
    if encode is not None:
        shape = (ds.Rows, ds.Columns, 3) if ds.SamplesPerPixel == 3 else (ds.Rows, ds.Columns)
        kind = np.dtype(f"{'i' if ds.PixelRepresentation else 'u'}{ds.BitsAllocated // 8}")
        ds.PixelData = encapsulate([bytes(encode(np.frombuffer(ds.PixelData, kind).reshape(shape)))])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = syntax
    implicit, little = syntax == "1.2.840.10008.1.2", syntax != "1.2.840.10008.1.2.2"
    if not little and ds.BitsAllocated == 16:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
    pydicom.dcmwrite(path, ds, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return path


def series(
    folder: Path,
    voxels: np.ndarray,
    step: Sequence[float] = (0, 0, 2.5),
    origin: Sequence[float] = (10, -20, 30),
    turn: Sequence[float] = (1, 0, 0, 0, 1, 0),
    keep: Sequence[int] | None = None,
    places: Sequence[float] | None = None,
    change: Callable[[Dataset, int], None] | None = None,
) -> np.ndarray:
    """Write [k, j, i] as one file a slice, in a shuffled order of names; returns the affine ijk -> LPS mm.

    keep: slices that are written. places: how many steps each lies from the origin (else 0, 1, 2, …).
    """  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    names = np.random.default_rng(7).permutation(len(voxels))
    places = list(range(len(voxels))) if places is None else list(places)
    for k in range(len(voxels)) if keep is None else keep:
        at = np.array(origin) + np.array(step, float) * places[k]
        ds = instance(voxels[k], InstanceNumber=100 - k)  # numbers run against the positions
        ds.ImagePositionPatient = [round(float(v), 6) for v in at]
        ds.ImageOrientationPatient = [float(v) for v in turn]
        if change is not None:
            change(ds, k)
        save(ds, folder / f"f{names[k]:03d}", str(ds.file_meta.TransferSyntaxUID))
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = np.array(turn[:3]) * 0.75, np.array(turn[3:]) * 0.5
    affine[:3, 2], affine[:3, 3] = step, origin
    return affine


def enhanced(
    path: Path, voxels: np.ndarray, places: Sequence[Sequence[float]] | None = None,
    groups: Callable[[int], dict[str, dict[str, Any]]] | None = None, **elements: Any,
) -> Path:  # fmt: skip
    """One enhanced multi-frame object of [frame, j, i], 2 mm apart along z unless told.

    groups(n): further functional groups of frame n, {sequence keyword: {keyword: value}}.
    """
    sop = "1.2.840.10008.5.1.4.1.1.4.1"
    ds = instance(voxels[0], NumberOfFrames=len(voxels), SOPClassUID=sop, Modality="MR", **elements)
    ds.file_meta.MediaStorageSOPClassUID = sop
    for keyword in ("PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        delattr(ds, keyword)
    ds.PixelData = voxels.tobytes()
    ds.SharedFunctionalGroupsSequence = [
        _group({
            "PixelMeasuresSequence": {"PixelSpacing": [0.5, 0.75], "SliceThickness": 9},
            "PlaneOrientationSequence": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
        })
    ]  # fmt: skip
    frames = []
    for n in range(len(voxels)):
        place = [0.0, 0.0, 2.0 * n] if places is None else [float(v) for v in places[n]]
        own = {"PlanePositionSequence": {"ImagePositionPatient": place}}
        frames.append(_group(own | (groups(n) if groups else {})))
    ds.PerFrameFunctionalGroupsSequence = frames
    return save(ds, path)


def _group(sequences: dict[str, dict[str, Any]]) -> Dataset:
    group = Dataset()
    for sequence, values in sequences.items():
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        setattr(group, sequence, [item])
    return group
