"""What the numbers mean: unit, windows, padding, SUV factor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from medviewer.core.window import Window, WindowFunction
from medviewer.io.dicom.instance import Frame, Instance
from medviewer.io.dicom.text import decode

CODES = {"mm2/s": "mm2/s", "um2/s": "um2/s", "hz": "Hz", "[hnsf'u]": "HU", "ms": "ms", "s": "s"}


def unit_of(frame: Frame) -> str:
    """HU, BQML, Hz, GY, …, or "a.u." where the numbers have none."""
    instance = frame.instance
    header = instance.header
    kind = header.text("RescaleType")
    enhanced = "PerFrameFunctionalGroupsSequence" in header
    if enhanced:
        from medviewer.io.dicom import functional_groups

        code = functional_groups.real_world_unit(frame)
        if code and code.lower() in CODES and instance.modality != "CT":
            return CODES[code.lower()]
        kind = functional_groups.unit_of(instance) or ""
        kind = _frame_unit(frame) or kind
    if instance.is_color:
        return "a.u."
    if instance.modality == "CT":
        return "HU" if kind.upper() in ("", "HU", "HU_MOD") else "a.u." if kind.upper() == "US" else kind
    if instance.modality == "PT":
        return header.text("Units") or "a.u."
    if instance.modality == "RTDOSE":
        return header.text("DoseUnits") or "a.u."
    if kind.upper() in ("HZ", "HU", "OD", "MS", "MGML", "Z_EFF", "ED", "EDW"):
        return {"HZ": "Hz", "MS": "ms", "MGML": "mg/ml"}.get(kind.upper(), kind.upper())
    return "a.u."


def _frame_unit(frame: Frame) -> str | None:
    groups = list(frame.instance.header.elements().get("PerFrameFunctionalGroupsSequence") or [])
    for group in groups[frame.index : frame.index + 1]:
        items = group.get("PixelValueTransformationSequence")
        if items and items[0].get("RescaleType"):
            return str(items[0].RescaleType)
    return None


def windows_of(frame: Frame) -> list[Window]:
    """All windows of the header, with their explanations; the frame's own before the file's."""
    header = frame.instance.header
    if frame.windows is not None:
        item = frame.windows
        centers, widths = _list(item.get("WindowCenter")), _list(item.get("WindowWidth"))
        names = [str(n) for n in _strings(item.get("WindowCenterWidthExplanation"))]
        function = str(item.get("VOILUTFunction", "LINEAR") or "LINEAR")
    else:
        centers, widths = header.floats("WindowCenter"), header.floats("WindowWidth")
        raw = decode(header.bytes("WindowCenterWidthExplanation"), header.text("SpecificCharacterSet")) or ""
        names, function = raw.split("\\"), header.text("VOILUTFunction") or "LINEAR"
    known: dict[str, WindowFunction] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}
    found = []
    for n, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if width > 0 and abs(center) < 1e12:
            name = names[n].strip() if n < len(names) else ""
            found.append(Window(center, width, known.get(function.strip(), "LINEAR"), name))
    return found


def padding_of(instance: Instance) -> tuple[int, int] | None:
    """Stored values that stand for no tissue, an inclusive range, in the sample type of the file."""
    header = instance.header
    if "PixelPaddingValue" not in header or instance.is_color:
        return None
    ends = [header.integer(n) for n in ("PixelPaddingValue", "PixelPaddingRangeLimit") if n in header]
    span = 1 << instance.bits
    if instance.signed:
        ends = [v - span if v >= span // 2 else v for v in ends]
    else:
        ends = [v + span if v < 0 else v for v in ends]
    return min(ends), max(ends)


def suv_of(instance: Instance) -> dict[str, Any] | None:
    """PET: factor from the unit to SUVbw in g/ml, or None with the reason (PS3.3 C.8.9, QIBA's vendor-neutral way)."""
    if instance.modality != "PT":
        return None
    header = instance.header
    unit = header.text("Units")
    if unit == "GML":
        return {"bw": 1.0, "reason": ""}
    if unit != "BQML":
        return {"bw": None, "reason": f"Units are {unit or 'missing'}, not BQML"}
    weight = header.number("PatientWeight")
    if not weight or weight <= 0:
        return {"bw": None, "reason": "PatientWeight is missing"}
    items = header.elements().get("RadiopharmaceuticalInformationSequence")
    if not items:
        return {"bw": None, "reason": "RadiopharmaceuticalInformationSequence is missing"}
    dose, half_life = (_float(items[0].get(n)) for n in ("RadionuclideTotalDose", "RadionuclideHalfLife"))
    if not dose or not half_life:
        return {"bw": None, "reason": "RadionuclideTotalDose or RadionuclideHalfLife is missing"}
    if dose < 1e4:
        return {"bw": None, "reason": "RadionuclideTotalDose is implausibly small for Bq"}
    decay = header.text("DecayCorrection")
    if decay == "ADMIN":
        return {"bw": weight * 1000 / dose, "reason": ""}
    if decay != "START":
        return {"bw": None, "reason": f"DecayCorrection is {decay or 'missing'}, not START or ADMIN"}
    scan = _moment(header.text("SeriesDate"), header.text("SeriesTime"))
    acquired = _moment(
        header.text("AcquisitionDate") or header.text("SeriesDate"), header.text("AcquisitionTime")
    )
    if scan is None or (acquired is not None and scan > acquired + timedelta(seconds=1)):
        scan = acquired  # a series time later than its own acquisition was written by a later step
    start = _moment(*_split(str(items[0].get("RadiopharmaceuticalStartDateTime", "") or "")))
    if start is None and scan is not None:
        start = _moment(scan.strftime("%Y%m%d"), str(items[0].get("RadiopharmaceuticalStartTime", "") or ""))
        if start is not None and start > scan:
            start -= timedelta(days=1)
    if scan is None or start is None:
        return {"bw": None, "reason": "the time of injection or of the scan is missing"}
    seconds = (scan - start).total_seconds()
    if not 0 <= seconds < 86400:
        return {"bw": None, "reason": "the time from injection to scan is implausible"}
    left = dose * 2.0 ** (-seconds / half_life)
    return {"bw": weight * 1000 / left, "reason": ""}


def _split(moment: str) -> tuple[str, str]:
    return moment[:8], moment[8:].split("+")[0].split("-")[0]


def _moment(date: str, time: str) -> datetime | None:
    date, time = date.replace(".", ""), time.replace(":", "").strip()
    if len(date) != 8 or len(time) < 4:
        return None
    try:
        whole, _, part = time.partition(".")
        base = datetime.strptime(date + whole.ljust(6, "0")[:6], "%Y%m%d%H%M%S")
        return base + timedelta(seconds=float("0." + part) if part.isdigit() else 0.0)
    except ValueError:
        return None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _list(value: Any) -> list[float]:
    if value is None:
        return []
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        value = [value]
    return [float(v) for v in value]


def _strings(value: Any) -> list[Any]:
    if value is None:
        return []
    return [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
