"""Measurements of a structured report: every NUM item of its tree (PS3.3 C.17.3, TID 1500 and others)."""

from __future__ import annotations

from typing import Any

from medviewer.io.dicom.header import Header


def measurements_of(header: Header) -> list[dict[str, Any]]:
    """[{"name", "value", "unit"}] in the order of the tree; unit as its code (UCUM)."""
    found: list[dict[str, Any]] = []
    _gather(header.elements(), found, 0)
    return found


def _gather(item: Any, found: list[dict[str, Any]], depth: int) -> None:
    if depth > 32:
        return
    for child in item.get("ContentSequence") or []:
        if str(child.get("ValueType", "")) == "NUM":
            concept = child.get("ConceptNameCodeSequence")
            for measured in child.get("MeasuredValueSequence") or []:
                units = measured.get("MeasurementUnitsCodeSequence")
                value = _number(measured.get("NumericValue"))
                if value is not None:
                    found.append({
                        "name": str(concept[0].get("CodeMeaning", "")) if concept else "", "value": value,
                        "unit": str(units[0].get("CodeValue", "")) if units else "",
                    })  # fmt: skip
        _gather(child, found, depth + 1)


def _number(value: Any) -> float | None:
    try:
        return float(value[0] if hasattr(value, "__iter__") and not isinstance(value, str) else value)
    except (TypeError, ValueError, IndexError):
        return None
