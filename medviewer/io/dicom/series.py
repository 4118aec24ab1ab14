"""From the files of one series to what the viewer offers: volumes, stacks, films, cines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from medviewer.core.errors import MedViewerError
from medviewer.core.report import GeometryReport, ReportItem
from medviewer.core.volume import SeriesKind
from medviewer.core.words import Words
from medviewer.io.dicom import meaning, parts, spacing, stacking
from medviewer.io.dicom.instance import Frame, Instance
from medviewer.io.dicom.stacking import Stack
from medviewer.io.dicom.text import date_text, decoded
from medviewer.io.study import SeriesInfo

CINE_MODALITIES = frozenset(("US", "IVUS", "XA", "RF", "DF", "ES", "XC", "GM", "OP"))
NOT_CALIBRATED = Words("Not calibrated: lengths in pixels.", "未校准：长度以像素计。")
AT_DETECTOR = Words(
    "Lengths as at the detector, larger than in the patient.", "长度为探测器平面长度，大于患者体内实际长度。"
)
FRAMES_IN_TIME = Words("Frames in time: no planes can be cut.", "时间序列帧：不可做平面重建。")
SHORT_FILE = Words("A file of this series is cut off in its pixel data.", "该序列中有文件的像素数据被截断。")

Refuse = Callable[[str, str, Words], None]


@dataclass(eq=False)
class DicomSource:
    """What the loader needs: the stack of frames."""

    stack: Stack


def series_of(instances: Sequence[Instance], refuse: Refuse) -> list[SeriesInfo]:
    """All parts of one series; files that can't be shown are refused by name."""
    frames: list[Frame] = []
    for instance in instances:
        try:
            instance.check()
            frames += instance.frames()
        except MedViewerError as fault:
            refuse(instance.header.source.name, fault.code, fault.sentence)
    if not frames:
        return []
    found = []
    for order, part in enumerate(parts.split(frames)):
        one = _series(part)
        one.meta["order"] = order
        found.append(one)
    return found


def _series(part: parts.Part) -> SeriesInfo:
    kind, stack, pixel = _stacked(part)
    frame = stack.frames[len(stack.frames) // 2]
    instance = frame.instance
    header = instance.header
    files = {id(f.instance): f.instance for f in part.frames}
    report = stack.report
    if any(i.header.truncated for i in files.values()):
        item = ReportItem("input.truncated", SHORT_FILE)
        verdict = "amber" if report.verdict == "green" else report.verdict
        report = GeometryReport(
            verdict, report.tilt_deg, report.missing_slices, report.duplicates, (item, *report.items)
        )
    one = SeriesInfo(
        kind=kind,
        part=part.traits or None,
        files=len(files) + part.duplicates,
        size=(frame.size[0], frame.size[1], stack.depth),
        channels=3 if instance.is_color else 1,
        affine_lps=stack.affine if kind == "volume" else None,
        report=report,
        unit=meaning.unit_of(frame),
        windows=[] if instance.is_color else meaning.windows_of(frame),
        frame_time_ms=_frame_time(instance) if kind in ("cine", "stack") and len(stack.frames) > 1 else None,
        suv=meaning.suv_of(instance),
        source=DicomSource(stack),
        **identity(instance.header, part.traits),
    )
    if kind == "volume" and frame.spacing:
        one.spacing_mm, one.spacing_source = (frame.spacing[1], frame.spacing[0], stack.distance), "patient"
    else:
        one.spacing_mm, one.spacing_source = (pixel.x, pixel.y, None), pixel.source
    one.meta.update(
        sop_uids=[stack.frames[a].instance.sop_uid for a, _, _ in stack.plan], pixel_aspect=pixel.aspect,
        invert=instance.photometric == "MONOCHROME1", padding=meaning.padding_of(instance),
        source_name=_source_name(list(files.values())), orientation=header.texts("PatientOrientation"),
        duplicates=part.duplicates,
    )  # fmt: skip
    return one


def _source_name(files: list[Instance]) -> str:
    """The file's name, or that of the folder where there are several."""
    source = files[0].header.source
    if len(files) == 1:
        return source.base
    return source.path.parent.name if source.path else source.name.split("/")[0]


def identity(header: Any, traits: dict[str, Any]) -> dict[str, Any]:
    """The fields of SeriesInfo that say whose and which it is, and `meta`."""
    uid = header.text("SeriesInstanceUID") or None
    base = uid or header.source.key
    key = base + (
        "#" + hashlib.sha256(json.dumps(traits, sort_keys=True, default=str).encode()).hexdigest()[:8]
        if traits
        else ""
    )
    number = header.number("SeriesNumber")
    meta = {
        "frame_of_reference_uid": header.text("FrameOfReferenceUID") or None,
        "patient_sex": header.text("PatientSex") or None, "patient_age": header.text("PatientAge") or None,
        "time": header.text("StudyTime") or None, "manufacturer": decoded(header, "Manufacturer"),
        "kernel": header.text("ConvolutionKernel") or None, "slice_thickness": header.number("SliceThickness"),
        "laterality": header.text("Laterality") or None,
    }  # fmt: skip
    return {
        "key": key, "uid": uid, "number": int(number) if number is not None else None,
        "modality": header.text("Modality") or None, "description": decoded(header, "SeriesDescription"),
        "study_uid": header.text("StudyInstanceUID") or None, "study_description": decoded(header, "StudyDescription"),
        "date": date_text(header.text("StudyDate")), "patient_name": decoded(header, "PatientName"),
        "patient_id": decoded(header, "PatientID"), "body_part": header.text("BodyPartExamined") or None, "meta": meta,
    }  # fmt: skip


def _stacked(part: parts.Part) -> tuple[SeriesKind, Stack, spacing.PixelSize]:
    first = part.frames[0]
    instance = first.instance
    pixel = spacing.pixel_size(instance)
    if pixel.x is None and first.spacing is not None:
        pixel = spacing.PixelSize(
            first.spacing[1], first.spacing[0], "patient", first.spacing[0] / first.spacing[1]
        )
    if part.kind == "place":
        stack = stacking.stack(part.frames, part.duplicates)
        return ("volume" if stack.affine is not None else "stack"), stack, pixel
    if len(part.frames) == 1:
        return "film", _film(part, pixel), pixel
    if part.kind == "time" or _is_cine(instance):
        frames = sorted(part.frames, key=lambda f: (f.instance.number, f.index))
        cine = len({id(f.instance) for f in frames}) == 1
        words = stacking.ONE_PLACE if part.kind == "time" else FRAMES_IN_TIME
        return (
            ("cine" if cine else "stack"),
            stacking.plain(frames, "geometry.time", words, "red", part.duplicates),
            pixel,
        )
    return (
        "stack",
        stacking.plain(part.frames, "geometry.position", stacking.NO_PLACE, "red", part.duplicates),
        pixel,
    )


def _film(part: parts.Part, pixel: spacing.PixelSize) -> Stack:
    items: tuple[ReportItem, ...] = ()
    verdict: Any = "green"
    if pixel.x is None:
        verdict, items = "red", (ReportItem("geometry.spacing", NOT_CALIBRATED),)
    elif pixel.source == "detector":
        verdict, items = "amber", (ReportItem("geometry.detector", AT_DETECTOR),)
    if part.duplicates:
        items = (*items, ReportItem("geometry.duplicates", stacking.DUPLICATES.format(n=part.duplicates)))
        verdict = "amber" if verdict == "green" else verdict
    report = GeometryReport(verdict, 0.0, 0, part.duplicates, items)
    return Stack(part.frames, None, [(0, 0, 0.0)], report)


def _is_cine(instance: Instance) -> bool:
    header = instance.header
    timed = any(
        name in header for name in ("FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate")
    )
    return instance.count > 1 and (timed or instance.modality in CINE_MODALITIES)


def _frame_time(instance: Instance) -> float | None:
    """ms between frames: FrameTime, the mean of FrameTimeVector, or from a rate."""
    header = instance.header
    time = header.number("FrameTime")
    if time and time > 0:
        return time
    steps = header.floats("FrameTimeVector")[1:]
    if steps and sum(steps) > 0:
        return sum(steps) / len(steps)
    rate = header.number("RecommendedDisplayFrameRate") or header.number("CineRate")
    return 1000.0 / rate if rate and rate > 0 else None
