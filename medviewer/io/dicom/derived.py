"""Objects that belong to images: SEG, RTSTRUCT, SR, GSPS, KO, …: what they are and which series they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medviewer.core.errors import MedViewerError
from medviewer.core.volume import SeriesKind
from medviewer.core.words import Words
from medviewer.io.dicom import contours, reports, segments
from medviewer.io.dicom.header import Header
from medviewer.io.dicom.instance import role_of
from medviewer.io.dicom.series import identity
from medviewer.io.study import SeriesInfo

BROKEN = Words("This {kind} object is damaged and can't be read.", "该 {kind} 对象已损坏，无法读取。")


def series_of(header: Header, images: list[SeriesInfo], pixels: bool) -> SeriesInfo:
    """The object as one entry of the index; raises MedViewerError where it is damaged."""
    role = role_of(header.text("SOPClassUID")) or ""
    dataset = header.elements()
    kind: SeriesKind = "document" if role in ("DOC", "ECG", "RTPLAN", "RTRECORD") else "derived"
    sop = header.text("SOPInstanceUID")
    one = SeriesInfo(
        kind=kind, files=1, size=(0, 0, 0), unit="", **identity(header, {"object": sop}),
        source=header,
    )  # fmt: skip
    one.modality = one.modality or role
    one.references = references(dataset, images)
    try:
        if role == "SEG":
            one.segments = segments.segments_of(header, pixels)
        elif role == "RTSTRUCT":
            one.segments = contours.segments_of(header)
        elif role == "SR":
            one.measurements = reports.measurements_of(header)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as fault:
        raise MedViewerError(
            "input.damaged", BROKEN.format(kind=role), detail=type(fault).__name__
        ) from fault
    return one


def references(dataset: Any, images: list[SeriesInfo]) -> list[str]:
    """Series UIDs that the object names, and those of the images it names, in order and once."""
    of_image = {uid: s.uid for s in images for uid in s.meta.get("sop_uids", []) if s.uid}
    own = str(dataset.get("SeriesInstanceUID", ""))
    found: dict[str, None] = {}
    for element in _elements(dataset):
        if element.keyword == "SeriesInstanceUID" and element.value:
            found[str(element.value)] = None
        elif element.keyword == "ReferencedSOPInstanceUID" and str(element.value) in of_image:
            found[str(of_image[str(element.value)])] = None
    return [uid for uid in found if uid != own or any(s.uid == uid for s in images)]


def _elements(dataset: Any, depth: int = 0) -> Iterator[Any]:
    """All elements below the sequences of a dataset."""
    for element in dataset:
        if element.VR == "SQ" and depth < 16:
            for item in element.value:
                for inner in item:
                    if inner.VR != "SQ":
                        yield inner
                yield from _elements(item, depth + 1)
