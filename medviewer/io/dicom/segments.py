"""Segments of a DICOM SEG: binary, fractional (from half of the maximum on) and label maps (PS3.3 C.8.20)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.io.dicom import functional_groups
from medviewer.io.dicom.header import Header
from medviewer.io.dicom.instance import Frame, Instance
from medviewer.io.dicom.pixels import PixelReader


class _Sum:
    """Voxels of one segment so far, and the sum of their places."""

    def __init__(self) -> None:
        self.count, self.place, self.volume, self.placed = 0, np.zeros(3), 0.0, True


def segments_of(header: Header, pixels: bool) -> list[dict[str, Any]]:
    """[{"number", "label", "voxels", "volume_ml", "centroid_lps_mm"}]; the last three None where not counted or known."""
    dataset = header.elements()
    listed = [
        (int(s.SegmentNumber), str(s.get("SegmentLabel", ""))) for s in dataset.get("SegmentSequence") or []
    ]
    sums: dict[int, _Sum] = {number: _Sum() for number, _ in listed}
    if pixels and header.has_pixels:
        _count(header, dataset, sums)
    found = []
    for number, label in listed:
        if label.lower() == "background" and number == 0:
            continue
        one = sums[number]
        known = pixels and header.has_pixels
        volume = one.volume / 1000 if known and one.volume > 0 else None
        centroid = (one.place / one.count).tolist() if known and one.count and one.placed else None
        found.append({
            "number": number, "label": label, "voxels": one.count if known else None,
            "volume_ml": volume, "centroid_lps_mm": centroid,
        })  # fmt: skip
    return found


def _count(header: Header, dataset: Any, sums: dict[int, _Sum]) -> None:
    instance = Instance(header)
    instance.photometric, instance.samples = (
        "MONOCHROME2",
        1,
    )  # labels, also where a palette is given for display
    instance.check()
    reader = PixelReader(instance)
    kind = str(dataset.get("SegmentationType", "BINARY"))
    half = 0.5 * float(dataset.get("MaximumFractionalValue", 255) or 255)
    thickness = _thickness(dataset)
    for frame in functional_groups.frames_of(instance):
        stored = reader.frame(frame.index)
        if kind == "LABELMAP":
            for number in np.unique(stored).tolist():
                if number in sums:
                    _add(sums[number], stored == number, frame, thickness)
            continue
        number = _number(dataset, frame.index)
        if number in sums:
            _add(sums[number], stored >= half if kind == "FRACTIONAL" else stored != 0, frame, thickness)


def _number(dataset: Any, index: int) -> int:
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])[index : index + 1]
    for group in [*groups, *(dataset.get("SharedFunctionalGroupsSequence") or [])]:
        items = group.get("SegmentIdentificationSequence")
        if items:
            return int(items[0].ReferencedSegmentNumber)
    return -1


def _thickness(dataset: Any) -> float | None:
    """mm that one frame stands for: SpacingBetweenSlices, else what the object calls the thickness of its frames."""
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in list(dataset.get(name) or [])[:1]:
            items = group.get("PixelMeasuresSequence")
            for key in ("SpacingBetweenSlices", "SliceThickness"):
                if items and items[0].get(key):
                    return float(items[0].get(key))
    return None


def _add(one: _Sum, mask: NDArray[np.bool_], frame: Frame, thickness: float | None) -> None:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return
    one.count += len(rows)
    spacing, turn, position = frame.spacing, frame.orientation, frame.position
    if spacing and thickness:
        one.volume += len(rows) * spacing[0] * spacing[1] * thickness
    if spacing is None or turn is None or position is None:
        one.placed = False
        return
    x, y = np.array(turn[:3]) * spacing[1], np.array(turn[3:]) * spacing[0]
    one.place += np.array(position) * len(rows) + x * float(columns.sum()) + y * float(rows.sum())
