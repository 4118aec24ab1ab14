"""Frames of enhanced multi-frame objects: shared and per-frame functional groups (PS3.3 C.7.6.16)."""

from __future__ import annotations

from typing import Any

from medviewer.io.dicom.instance import Frame, Instance, orientation, pair, triple

TRAITS = (
    ("FrameType", "MRImageFrameTypeSequence"), ("FrameType", "CTImageFrameTypeSequence"),
    ("FrameType", "PETFrameTypeSequence"), ("FrameType", "XRay3DFrameTypeSequence"),
    ("ComplexImageComponent", "MRImageFrameTypeSequence"),
    ("EffectiveEchoTime", "MREchoSequence"), ("DiffusionBValue", "MRDiffusionSequence"),
    ("TemporalPositionIndex", "FrameContentSequence"), ("StackID", "FrameContentSequence"),
    ("NominalCardiacTriggerDelayTime", "CardiacSynchronizationSequence"),
    ("TemporalPositionTimeOffset", "TemporalPositionSequence"),
    ("InversionTime", "MRModifierSequence"), ("FlipAngle", "MRTimingAndRelatedParametersSequence"),
    ("FrameAcquisitionNumber", "FrameContentSequence"), ("FrameReferenceDateTime", "FrameContentSequence"),
    ("FrameAcquisitionDateTime", "FrameContentSequence"),
)  # fmt: skip
PLACE_POINTERS = {0x00200032, 0x00209057, 0x00209056, 0x00400554, 0x00209453, 0x0048021E, 0x0048021F}
"""Dimension indices that only say where a frame is: position, in-stack number, stack id, …"""


def frames_of(instance: Instance) -> list[Frame]:
    """All frames with their place, spacing, rescale and traits; what is shared is taken from the shared groups."""
    dataset = instance.header.elements()
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    slope, intercept = instance.rescale()
    pointers = [int(d.get("DimensionIndexPointer", 0)) for d in dataset.get("DimensionIndexSequence") or []]
    found = []
    for n in range(instance.count):
        own = groups[n] if n < len(groups) else {}

        def get(sequence: str, key: str, own: Any = own) -> Any:
            for group in (own, shared):
                items = group.get(sequence)
                if items and items[0].get(key) is not None:
                    return items[0].get(key)
            return None

        frame = Frame(instance, n)
        frame.position = triple(_numbers(get("PlanePositionSequence", "ImagePositionPatient")))
        frame.orientation = orientation(_numbers(get("PlaneOrientationSequence", "ImageOrientationPatient")))
        spacing = get("PixelMeasuresSequence", "PixelSpacing")
        frame.spacing = pair(_numbers(spacing)) or pair(instance.header.floats("PixelSpacing"))
        own_slope, own_intercept = (
            get("PixelValueTransformationSequence", k) for k in ("RescaleSlope", "RescaleIntercept")
        )
        frame.slope = float(own_slope) if own_slope else slope
        frame.intercept = float(own_intercept) if own_intercept is not None else intercept
        frame.windows = _windows(own, shared)
        for name, sequence in TRAITS:
            value = get(sequence, name)
            if value is not None:
                frame.traits[name] = _plain(value)
        gradient = _gradient(own) or _gradient(shared)
        if gradient:
            frame.traits["DiffusionGradientOrientation"] = gradient
        indices = _numbers(get("FrameContentSequence", "DimensionIndexValues"))
        for pointer, value in zip(pointers, indices, strict=False):
            if pointer not in PLACE_POINTERS:
                frame.traits[f"Dimension{pointer:08X}"] = int(value)
        found.append(frame)
    return found


def unit_of(instance: Instance) -> str | None:
    """RescaleType of the first frame, where all are read alike."""
    dataset = instance.header.elements()
    for name in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in list(dataset.get(name) or [])[:1]:
            items = group.get("PixelValueTransformationSequence")
            if items and items[0].get("RescaleType"):
                return str(items[0].RescaleType)
    return None


def real_world_unit(frame: Frame) -> str | None:
    """Unit code of the frame's real world value mapping."""
    dataset = frame.instance.header.elements()
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])
    for group in [*groups[frame.index : frame.index + 1], *shared, dataset]:
        items = group.get("RealWorldValueMappingSequence")
        if items:
            units = items[0].get("MeasurementUnitsCodeSequence")
            if units:
                return str(units[0].get("CodeValue", "")) or None
    return None


def _windows(own: Any, shared: Any) -> Any:
    for group in (own, shared):
        items = group.get("FrameVOILUTSequence")
        if items and items[0].get("WindowCenter") is not None:
            return items[0]
    return None


def _gradient(group: Any) -> tuple[float, ...] | None:
    items = group.get("MRDiffusionSequence")
    directions = items[0].get("DiffusionGradientDirectionSequence") if items else None
    return tuple(_numbers(directions[0].get("DiffusionGradientOrientation"))) if directions else None


def _numbers(value: Any) -> list[float]:
    if value is None:
        return []
    try:
        return [
            float(v)
            for v in (value if hasattr(value, "__iter__") and not isinstance(value, str) else [value])
        ]
    except (TypeError, ValueError):
        return []


def _plain(value: Any) -> Any:
    if hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        return "\\".join(str(v) for v in value)
    return float(value) if isinstance(value, int | float) else str(value)
