"""`medviewer info`: patients, studies, series and what could not be read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from medviewer.cli.progress import say, shown
from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.io.index import scan
from medviewer.io.study import Index, SeriesInfo

SCHEMA = "medviewer/info/1"
MARKS = {"green": "ok", "amber": "care", "red": "stack"}


@click.command("info", epilog="Example: medviewer info ~/studies/chest --pixels --json")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--pixels", is_flag=True, help="Also read the pixels: least, largest and mean value, centre of weight."
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of a table.")
def command(path: Path, pixels: bool, as_json: bool) -> None:
    """List the patients, studies and series of a file, folder or zip."""
    with shown() as progress:
        index = scan([path], progress, pixels=pixels)
        values = _values(index, progress) if pixels else {}
    if as_json:
        click.echo(json.dumps(_finite(answer(index, values)), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(table(index, values))


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def _values(index: Index, progress: Progress) -> dict[str, Any]:
    """Figures by series key; a series whose pixels can't be read moves to the refused ones."""
    from medviewer.io.load import load
    from medviewer.io.statistics import values_of
    from medviewer.io.study import Refused

    found: dict[str, Any] = {}
    for one in list(index.series()):
        if not one.is_image:
            continue
        try:
            volume = load(one, progress)
        except MedViewerError as fault:
            if fault.code.partition(".")[0] != "input":
                raise
            index.refused.append(
                Refused(one.meta.get("listed") or one.description or "", fault.code, fault.sentence)
            )
            index.drop(one)
            continue
        say(volume.meta["notes"])
        found[one.key] = values_of(volume)
    if not any(True for _ in index.series()):
        raise MedViewerError(index.refused[-1].code, index.refused[-1].sentence)
    return found


def answer(index: Index, values: dict[str, Any]) -> dict[str, Any]:
    """The JSON object of schema "medviewer/info/1"."""
    return {
        "schema": SCHEMA,
        "patients": [
            {
                "name": patient.name,
                "id": patient.id,
                "studies": [
                    {
                        "uid": study.uid, "date": study.date, "description": study.description,
                        "series": [_series(one, values.get(one.key)) for one in study.series],
                    }
                    for study in patient.studies
                ],
            }
            for patient in index.patients
        ],
        "refused": [{"path": r.path, "code": r.code, "sentence": r.sentence.en[:300]} for r in index.refused],
    }  # fmt: skip


def _series(one: SeriesInfo, values: dict[str, Any] | None) -> dict[str, Any]:
    image = one.is_image
    report = one.report
    told: dict[str, Any] = {
        "uid": one.uid, "number": one.number, "modality": one.modality, "description": one.description,
        "part": one.part, "kind": one.kind, "files": one.files, "size": list(one.size) if image else None,
        "channels": one.channels if image else None, "spacing_mm": list(one.spacing_mm) if image else None,
        "spacing_source": one.spacing_source,
        "affine_lps": one.affine_lps.tolist() if one.affine_lps is not None else None,
        "frame_time_ms": one.frame_time_ms, "unit": one.unit if image else None,
        "geometry": {
            "verdict": report.verdict, "tilt_deg": round(report.tilt_deg, 4), "missing_slices": report.missing_slices,
            "duplicates": report.duplicates,
            "items": [{"code": item.code, "sentence": item.sentence.en} for item in report.items],
        } if image else None,
    }  # fmt: skip
    if values is not None:
        told["values"] = values
    for name in ("suv", "segments", "references", "measurements"):
        value = getattr(one, name)
        if value is not None:
            told[name] = value
    return told


def table(index: Index, values: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    number = 0
    for patient in index.patients:
        lines.append(f"{patient.name or '(no name)'}" + (f"  [{patient.id}]" if patient.id else ""))
        for study in patient.studies:
            lines.append(
                "  " + "  ".join(t for t in (study.date, study.description) if t)
                if study.uid
                else "  (files)"
            )
            for one in study.series:
                number += 1
                lines += _rows(one, number, values.get(one.key))
    if index.refused:
        lines.append("Refused")
        lines += [f"  {r.path}: {r.sentence.en}" for r in index.refused]
    return "\n".join(lines)


def _rows(one: SeriesInfo, number: int, values: dict[str, Any] | None) -> list[str]:
    size = " x ".join(str(n) for n in one.size) if one.is_image else ""
    spacing = (
        " x ".join(f"{v:.4g}" if v else "?" for v in one.spacing_mm) + " mm" if any(one.spacing_mm) else ""
    )
    part = ", ".join(f"{k} {v}" for k, v in (one.part or {}).items())
    mark = f"[{MARKS[one.report.verdict]}]" if one.is_image else ""
    head = (f"{number:>3}.", one.modality or "", one.kind, size, spacing, one.description or "", part, mark)
    rows = ["    " + "  ".join(text for text in head if text)]
    rows += [f"         {item.sentence.en}" for item in one.report.items]
    if values and values["mean"] is not None:
        rows.append(f"         {values['min']:g} to {values['max']:g}, mean {values['mean']:.6g} {one.unit}")
    for segment in one.segments or []:
        ml = segment.get("volume_ml")
        rows.append(
            f"         {segment['number']} {segment['label']}" + (f"  {ml:.2f} ml" if ml is not None else "")
        )
    for measured in one.measurements or []:
        rows.append(f"         {measured['name']}: {measured['value']} {measured['unit']}")
    return rows
