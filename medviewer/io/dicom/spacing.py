"""Pixel spacing and where it comes from: of the patient, at the detector, magnified, calibrated, or of a region."""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.core.volume import SpacingSource
from medviewer.io.dicom.instance import Instance, pair


@dataclass(frozen=True)
class PixelSize:
    """mm between columns (x) and rows (y), or None; aspect: height of a pixel divided by its width."""

    x: float | None = None
    y: float | None = None
    source: SpacingSource | None = None
    aspect: float = 1.0


CROSS_SECTIONAL = frozenset(("CT", "MR", "PT", "NM", "RTDOSE"))


def pixel_size(instance: Instance) -> PixelSize:
    """Spacing of a single image or cine (PS3.3 10.7 and C.8.5.5); a spacing of 0 is none."""
    header = instance.header
    own, detector = pair(header.floats("PixelSpacing")), pair(header.floats("ImagerPixelSpacing"))
    detector = detector or pair(header.floats("NominalScannedPixelSpacing"))
    if instance.modality in CROSS_SECTIONAL and own and "ImagerPixelSpacing" not in header:
        return _of(own, "patient")
    if "SequenceOfUltrasoundRegions" in header:
        region = _region(instance)
        if region:
            return region
    if own and detector:
        same = all(abs(a - b) <= 1e-3 * b for a, b in zip(own, detector, strict=True))
        return _of(own, "detector" if same and "PixelSpacingCalibrationType" not in header else "calibrated")
    if detector:
        return _of(detector, "detector")
    if own:
        calibrated = "PixelSpacingCalibrationType" in header or not instance.is_projection
        film = instance.modality in ("CR", "DX", "MG", "RG", "IO", "PX", "XA", "RF")
        return _of(own, "calibrated" if calibrated else "detector" if film else "file")
    aspect = header.floats("PixelAspectRatio")
    if len(aspect) == 2 and min(aspect) > 0:
        return PixelSize(aspect=aspect[0] / aspect[1])
    return PixelSize()


def _of(spacing: tuple[float, float], source: SpacingSource) -> PixelSize:
    return PixelSize(spacing[1], spacing[0], source, spacing[0] / spacing[1])


def _region(instance: Instance) -> PixelSize | None:
    """Ultrasound (PS3.3 C.8.5.5): the spacing of its 2D tissue regions in cm, where all agree."""
    found = set()
    for region in instance.header.elements().get("SequenceOfUltrasoundRegions") or []:
        units = region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection")
        if region.get("RegionSpatialFormat", 1) != 1 or units != (3, 3):
            continue
        x, y = float(region.get("PhysicalDeltaX", 0)) * 10, float(region.get("PhysicalDeltaY", 0)) * 10
        if abs(x) > 1e-6 and abs(y) > 1e-6:
            found.add((round(abs(x), 6), round(abs(y), 6)))
    if len(found) != 1:
        return None
    x, y = found.pop()
    return PixelSize(x, y, "region", y / x)
