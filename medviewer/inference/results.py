"""Results as files: findings.json, mask.nii.gz, manifest.json and pictures; all of them or none."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import ClassScore, Code, Finding, Source
from medviewer.core.geometry import Geometry
from medviewer.core.segmentation import SaliencyMap, Segment, Segmentation
from medviewer.core.words import Words, same
from medviewer.inference.run import RunResult

SCHEMA = "medviewer/findings/1"


def findings_json(result: RunResult) -> dict[str, Any]:
    """The object of findings.json (schema: resources/schemas/findings.schema.json)."""
    return {
        "schema": SCHEMA,
        "series": result.series,
        "model": result.model,
        "device": result.device,
        "findings": [_finding_json(f) for f in result.findings],
        "classes": [_class_json(c) for c in result.classes],
        "segments": [
            {"number": s.number, "label": s.label, "color": list(s.color), "code": _code_json(s.code)}
            for s in (result.segmentation.segments if result.segmentation else [])
        ],
        "notes": [n.en for n in result.notes],
    }


def write_results(
    result: RunResult, folder: Path, pictures: dict[str, Callable[[Path], None]] | None = None
) -> None:
    """Write all files of a run into `folder`, or none. pictures: file name -> what writes it to a path."""
    with whole_folder(folder) as waiting:
        write_json(waiting / "findings.json", findings_json(result))
        write_json(waiting / "manifest.json", result.manifest)
        if result.segmentation is not None:
            from medviewer.io.write import write_label_map

            write_label_map(result.segmentation, waiting / "mask.nii.gz")
        for name, write in (pictures or {}).items():
            write(waiting / name)


def write_json(path: Path, data: Any) -> None:
    """UTF-8, no NaN."""
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A waiting folder beside `folder`; its files take their place there only when all are written.

    Raises resource.write where that place can't be written.
    """
    folder = Path(folder)
    made: list[Path] = []
    try:
        parent = folder.resolve().parent
        for missing in reversed([p for p in (parent, *parent.parents) if not p.exists()]):
            missing.mkdir()
            made.append(missing)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(folder)
        waiting = Path(tempfile.mkdtemp(dir=parent, prefix=".medviewer_"))
    except OSError as failed:
        for empty in reversed(made):
            empty.rmdir()
        raise _unwritable(failed) from None
    try:
        yield waiting
        if folder.exists():
            for path in waiting.iterdir():
                path.replace(folder / path.name)
        else:
            waiting.chmod(0o777 & ~_umask())
            waiting.replace(folder)
    except BaseException as failed:
        shutil.rmtree(waiting, ignore_errors=True)
        for empty in reversed(made):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
        if isinstance(failed, PermissionError | NotADirectoryError | FileExistsError | IsADirectoryError):
            raise _unwritable(failed) from None
        raise
    shutil.rmtree(waiting, ignore_errors=True)


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def _unwritable(failed: OSError) -> MedViewerError:
    full = failed.errno in (28, 122)  # ENOSPC, EDQUOT
    sentence = (
        Words("The disk is full; nothing was written.", "磁盘已满，未写入任何内容。")
        if full
        else Words(
            "The results can't be written there; nothing was written.", "结果无法写入该位置，未写入任何内容。"
        )
    )
    return MedViewerError("resource.disk" if full else "resource.write", sentence)


def read_results(folder: Path) -> RunResult:
    """What `write_results` or `explain` wrote: a run, a map, or both. Raises input.results where there is neither."""
    try:
        saliency = _read_saliency(folder) if (folder / "saliency.json").exists() else None
        if saliency is not None and not (folder / "findings.json").exists():
            return RunResult({}, {}, "", [], [], None, [], {}, saliency=saliency)
        found = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
        if found.get("schema") != SCHEMA:
            raise ValueError("another schema")
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        source = Source("model", found["model"]["name"], found["model"]["version"])
        segmentation = None
        if (folder / "mask.nii.gz").exists():
            segmentation = _read_mask(folder / "mask.nii.gz", found.get("segments", []))
        return RunResult(
            model=found["model"],
            series=found["series"],
            device=found["device"],
            findings=[_finding(row, source) for row in found["findings"]],
            classes=[_class(row) for row in found["classes"]],
            segmentation=segmentation,
            notes=[same(n) for n in found["notes"]],
            manifest=manifest,
            saliency=saliency,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise MedViewerError(
            "input.results",
            Words("There are no results of MedViewer in that folder.", "该文件夹中没有 MedViewer 结果。"),
            detail=repr(broken),
        ) from None


def _finding_json(f: Finding) -> dict[str, Any]:
    return {
        "id": f.id,
        "kind": f.kind,
        "label": f.label,
        "code": _code_json(f.code),
        "probability": _number(f.probability),
        "calibrated": f.calibrated,
        "center_lps_mm": _numbers(f.center_lps_mm),
        "center_ijk": _numbers(f.center_ijk),
        "diameter_mm": _number(f.diameter_mm),
        "volume_ml": _number(f.volume_ml),
        "mean_value": _number(f.mean_value),
        "unit": f.unit,
        "bbox_lps_mm": None if f.bbox_lps_mm is None else [_numbers(row) for row in f.bbox_lps_mm],
        "segment": f.segment,
        "attributes": list(f.attributes),
    }


def _class_json(c: ClassScore) -> dict[str, Any]:
    return {
        "label": c.label,
        "probability": _number(c.probability),
        "threshold": c.threshold,
        "positive": c.positive,
        "calibrated": c.calibrated,
        "code": _code_json(c.code),
    }


def _code_json(code: Code | None) -> dict[str, str] | None:
    return None if code is None else {"scheme": code.scheme, "value": code.value, "meaning": code.meaning}


def _code(row: dict[str, str] | None) -> Code | None:
    return None if row is None else Code(row["scheme"], row["value"], row["meaning"])


def _number(value: float | None, digits: int = 6) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def _numbers(values: Any) -> list[float | None] | None:
    return None if values is None else [_number(v) for v in values]


def _finding(row: dict[str, Any], source: Source) -> Finding:
    def array(key: str) -> Any:
        return None if row[key] is None else np.asarray(row[key], float)

    return Finding(
        id=row["id"], kind=row["kind"], label=row["label"], code=_code(row["code"]), probability=row["probability"],
        calibrated=row["calibrated"], center_lps_mm=array("center_lps_mm"), center_ijk=array("center_ijk"),
        diameter_mm=row["diameter_mm"], volume_ml=row["volume_ml"], mean_value=row["mean_value"], unit=row["unit"],
        bbox_lps_mm=array("bbox_lps_mm"), source=source, segment=row.get("segment"),
        attributes=tuple(row.get("attributes") or ()),
    )  # fmt: skip


def _class(row: dict[str, Any]) -> ClassScore:
    calibrated, code = row.get("calibrated", False), _code(row.get("code"))
    return ClassScore(row["label"], row["probability"], row["threshold"], row["positive"], calibrated, code)


def _read_mask(path: Path, rows: list[dict[str, Any]]) -> Segmentation:
    array, geometry = _read_nifti(path)
    segments = [Segment(s["number"], s["label"], tuple(s["color"]), _code(s.get("code"))) for s in rows]
    return Segmentation(
        array.astype(np.uint16 if array.max(initial=0) > 255 else np.uint8), geometry, segments
    )


def _read_saliency(folder: Path) -> SaliencyMap:
    told = json.loads((folder / "saliency.json").read_text(encoding="utf-8"))
    array, geometry = _read_nifti(folder / "saliency.nii.gz")
    unit = "mm" if "cell_mm" in told else "px"
    return SaliencyMap(
        map=array.astype(np.float32), geometry=geometry, label=told["label"], method=told["method"],
        layer=told["layer"], cell=told[f"cell_{unit}"], cell_unit=unit, this_image=told["this_image"],
        this_model=told["this_model"], verdict=told["verdict"],
    )  # fmt: skip


def _read_nifti(path: Path) -> tuple[NDArray[Any], Geometry]:
    """[k, j, i] and its grid in LPS mm."""
    import nibabel

    image: Any = nibabel.load(path)  # type: ignore[attr-defined]
    array = np.asarray(image.dataobj)
    array = array.reshape((*array.shape[:3], *(1,) * (3 - array.ndim)))
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine, dtype=np.float64)
    size = (int(array.shape[0]), int(array.shape[1]), int(array.shape[2]))
    return np.ascontiguousarray(array.transpose(2, 1, 0)), Geometry(affine, size)
