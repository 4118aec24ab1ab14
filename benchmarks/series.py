"""Series that are only made to be timed: a phantom chest with noise, in any encoding, in a temporary folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
SIDE = 512
SLICES = 300
SLICE_MM = 1.0
PIXEL_MM = 0.75
SYNTAXES = {
    "raw": "1.2.840.10008.1.2.1", "jpeg_lossless": "1.2.840.10008.1.2.4.70", "jpegls": "1.2.840.10008.1.2.4.80",
    "rle": "1.2.840.10008.1.2.5", "htj2k": "1.2.840.10008.1.2.4.201", "j2k": "1.2.840.10008.1.2.4.90",
}  # fmt: skip


class Scratch:
    """A temporary folder with the series that the lines share; everything is made once and only when asked for."""

    def __enter__(self) -> Scratch:
        self.folder = Path(tempfile.mkdtemp(prefix="medviewer_bench_"))
        self._made: dict[str, Path] = {}
        self._kept: dict[str, Any] = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` returns, made at the first call: several lines look at one measurement."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept

    @cached_property
    def stored(self) -> NDArray[np.int16]:
        """[k, j, i] HU of a body with two lungs, a spine and noise of 20 HU."""
        rng = np.random.default_rng(1)
        y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
        x, y = (x - SIDE / 2) / SIDE, (y - SIDE / 2) / SIDE
        base = np.where((x / 0.44) ** 2 + (y / 0.30) ** 2 < 1, 40, -1000).astype(np.float32)
        for side in (-1, 1):
            base[((x - side * 0.2) / 0.14) ** 2 + (y / 0.21) ** 2 < 1] = -850
        base[(x / 0.05) ** 2 + ((y - 0.17) / 0.05) ** 2 < 1] = 300
        volume = np.empty((SLICES, SIDE, SIDE), np.int16)
        for k in range(SLICES):
            volume[k] = (base + rng.normal(0, 20, base.shape)).clip(-1024, 3071)
        return volume

    def series(self, encoding: str = "raw", slices: int = SLICES) -> Path:
        """Folder of the phantom's slices in that encoding."""
        key = f"{encoding}_{slices}"
        if key not in self._made:
            self._made[key] = self._written(encoding, slices, self.folder / key)
        return self._made[key]

    def small_instances(self, count: int = 3000) -> Path:
        """Folder of many instances whose pixels are few: for header scans."""
        key = f"headers_{count}"
        if key not in self._made:
            folder = self.folder / key
            folder.mkdir()
            for n in range(count):
                head = _slice(np.zeros((64, 64), np.int16), n % 300, f"1.2.3.{1 + n // 300}")
                head.save_as(folder / f"{n:05d}.dcm", enforce_file_format=True)
            self._made[key] = folder
        return self._made[key]

    def _written(self, encoding: str, slices: int, folder: Path) -> Path:
        from benchmarks.encode import encapsulated

        folder.mkdir()
        for k in range(slices):
            dataset = _slice(self.stored[k], k, "1.2.3.9")
            if encoding != "raw":
                encapsulated(dataset, self.stored[k], SYNTAXES[encoding])
            dataset.save_as(folder / f"{k:04d}.dcm", enforce_file_format=True)
        return folder


def _slice(pixels: NDArray[np.int16], k: int, series: str):  # type: ignore[no-untyped-def]  # pydicom Dataset
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", series, series + ".1"
    ds.PatientName, ds.PatientID, ds.Modality, ds.InstanceNumber = "Bench^Phantom", "BENCH", "CT", k + 1
    ds.StudyDate, ds.SeriesDescription, ds.ImageType = "20260101", "phantom", ["DERIVED", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient = [-PIXEL_MM * 256, -PIXEL_MM * 256, k * SLICE_MM]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelSpacing, ds.SliceThickness = [PIXEL_MM, PIXEL_MM], SLICE_MM
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.PixelData = pixels.tobytes()
    return ds
