"""Frames of classic multi-frame objects: NM with detector geometry, RT dose grids, and plain frames without a place."""

from __future__ import annotations

import numpy as np

from medviewer.io.dicom.instance import Frame, Instance, orientation, pair, triple


def frames_of(instance: Instance) -> list[Frame]:
    """All frames; with positions only where the object says where each lies."""
    header = instance.header
    slope, intercept = instance.rescale()
    frames = [Frame(instance, n) for n in range(instance.count)]
    spacing = pair(header.floats("PixelSpacing"))
    for frame in frames:
        frame.slope, frame.intercept, frame.spacing = slope, intercept, spacing
    if "GridFrameOffsetVector" in header:
        _place_dose(instance, frames)
    elif "DetectorInformationSequence" in header and "RECON TOMO" in instance.image_type:
        _place_nuclear(instance, frames)
    return frames


def _place_dose(instance: Instance, frames: list[Frame]) -> None:
    """PS3.3 C.8.8.3.2: offsets along the normal, or (first not 0) z coordinates."""
    header = instance.header
    offsets = header.floats("GridFrameOffsetVector")
    first = triple(header.floats("ImagePositionPatient"))
    turn = orientation(header.floats("ImageOrientationPatient"))
    if first is None or turn is None or len(offsets) != len(frames):
        return
    normal = np.cross(turn[:3], turn[3:])
    if offsets[0] != 0:
        offsets = [o - offsets[0] for o in offsets]
    for frame, offset in zip(frames, offsets, strict=True):
        x, y, z = np.array(first) + normal * offset
        frame.position, frame.orientation = (float(x), float(y), float(z)), turn


def _place_nuclear(instance: Instance, frames: list[Frame]) -> None:
    """PS3.3 C.8.4.15: a reconstructed stack from the first slice on, SpacingBetweenSlices apart."""
    header = instance.header
    step = header.number("SpacingBetweenSlices")
    if not step or header.integer("NumberOfSlices") not in (0, len(frames)):
        return
    detectors = header.elements().get("DetectorInformationSequence") or []
    if len(detectors) != 1:
        return
    first = triple([float(v) for v in detectors[0].get("ImagePositionPatient") or []])
    turn = orientation([float(v) for v in detectors[0].get("ImageOrientationPatient") or []])
    if first is None or turn is None:
        return
    normal = np.cross(turn[:3], turn[3:])
    for n, frame in enumerate(frames):
        x, y, z = np.array(first) + normal * (step * n)
        frame.position, frame.orientation = (float(x), float(y), float(z)), turn
