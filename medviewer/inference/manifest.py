"""What ran on what: enough to know it later, and to run it again."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import medviewer
from medviewer.core.errors import MedViewerError
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.inference.memory import peak_rss_mb
from medviewer.inference.session import Session

SCHEMA = "medviewer/manifest/1"
_LIBRARIES = ("numpy", "scipy", "onnx", "pydicom", "SimpleITK")


def input_sha256(volume: Volume) -> str:
    """SHA-256 (hex) of what the model reads: voxels as stored, their transformation to values, and the geometry."""
    digest = hashlib.sha256()
    facts = (str(volume.array.dtype.newbyteorder("<")), volume.array.shape, volume.values.unit, volume.invert)
    digest.update(repr(facts).encode())
    for table in (volume.values.slope, volume.values.intercept, volume.geometry.affine):
        digest.update(np.ascontiguousarray(table, "<f8").tobytes())
    for plane in volume.array:
        little = plane if plane.dtype.byteorder != ">" else plane.astype(plane.dtype.newbyteorder("<"))
        digest.update(np.ascontiguousarray(little).data)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Of the program, Python, the runtime and the libraries that touch the pixels."""
    import onnxruntime

    found = {
        "medviewer": medviewer.__version__,
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def make_manifest(
    session: Session, volume: Volume, times_s: dict[str, float], replay: dict[str, Any]
) -> dict[str, Any]:
    """The manifest as written to manifest.json. replay: path, series and what else a second run needs."""
    package = session.package
    return {
        "schema": SCHEMA,
        "when": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "model": {"name": package.name, "version": package.version, "sha256": package.sha256},
        "input_sha256": input_sha256(volume),
        "device": session.choice.name,
        "skipped_devices": [{"device": name, "reason": why.en} for name, why in session.choice.skipped],
        "threads": session.threads,
        "versions": versions(),
        "machine": {"system": platform.system(), "processor": platform.machine()},
        "recipe": package.spec.input.to_json(),
        "times_s": {name: round(seconds, 4) for name, seconds in times_s.items()},
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "seeds": {},
        "replay": {"model": str(package.folder.resolve()), **replay},
    }


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest to be run again. Raises input.manifest."""
    try:
        data = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < 1 << 22 else None
        good = (
            isinstance(data, dict)
            and data.get("schema") == SCHEMA
            and isinstance(data["model"]["sha256"], str)
            and isinstance(data["model"]["name"], str)
            and isinstance(data["input_sha256"], str)
            and isinstance(data["replay"], dict)
        )
    except (OSError, ValueError, KeyError, TypeError):
        data, good = None, False
    if not good or not isinstance(data, dict):
        raise MedViewerError(
            "input.manifest", Words("This is no run manifest of MedViewer.", "这不是 MedViewer 的运行清单。")
        )
    return data


def check_same(manifest: dict[str, Any], package_sha256: str, volume: Volume | None) -> None:
    """Raise where package (package.changed) or input (input.changed) are not those of the manifest."""
    if manifest["model"]["sha256"] != package_sha256:
        raise MedViewerError(
            "package.changed",
            Words(
                "The model is not the one of the manifest: its hash differs.",
                "模型与运行清单中的不同：哈希值不符。",
            ),
        )
    if volume is not None and manifest["input_sha256"] != input_sha256(volume):
        raise MedViewerError(
            "input.changed",
            Words(
                "The series is not the one of the manifest: its hash differs.",
                "序列与运行清单中的不同：哈希值不符。",
            ),
        )
