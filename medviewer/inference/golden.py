"""The golden test: the package's own generated input must give its stored output on this machine and device."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medviewer import paths
from medviewer.inference.arrays import read_npz
from medviewer.inference.package_files import fault

if TYPE_CHECKING:
    from medviewer.inference.package import ModelPackage
    from medviewer.inference.session import Session


def golden_test(session: Session, again: bool = False) -> float:
    """Largest absolute difference from the stored output; from memory where it was passed before (not with `again`).

    Remembered by package hash, device, onnxruntime version and processor. Raises package.golden where it is missed.
    """
    package, device = session.package, session.choice.name
    key = remembered_key(package.sha256, device)
    known = None if again else _read().get(key)
    if isinstance(known, dict) and known.get("passed") is True:
        return float(known.get("difference", 0.0))
    image = read_npz(package.files["golden/input.npz"], "golden/input.npz", "image").astype(np.float32)
    wanted = read_npz(package.files["golden/output.npz"], "golden/output.npz", "scores").astype(np.float32)
    if image.ndim == 3:
        image, wanted = image[None], wanted if wanted.ndim in (2, 4) else wanted[None]
    if image.ndim != 4 or image.shape[1:] != session.tile or len(wanted) != len(image):
        raise _missed(float("inf"), 0.0)
    scores = session.run(image)
    if scores.shape != wanted.shape:
        raise _missed(float("inf"), 0.0)
    difference = float(np.abs(scores - wanted).max()) if np.isfinite(scores).all() else float("inf")
    allowed = tolerance(package, device)
    if not difference <= allowed:
        raise _missed(difference, allowed)
    _remember(key, {"passed": True, "difference": difference, "when": time.strftime("%Y-%m-%dT%H:%M:%S")})
    return difference


def tolerance(package: ModelPackage, device: str) -> float:
    """The largest difference the package allows on that device."""
    try:
        table = json.loads(package.files["golden/tolerance.json"])
        return float(table.get(device, table["default"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise fault(
            "broken", "The package's golden test is broken.", "模型包的基准测试数据已损坏。"
        ) from None


def remembered_key(sha256: str, device: str) -> str:
    """What a passed test is remembered under: other weights, device, runtime or processor make it run again."""
    import onnxruntime

    return "|".join(
        (sha256, device, onnxruntime.__version__, platform.machine(), platform.processor() or "-")
    )


def was_verified(sha256: str) -> bool:
    """Whether the package passed its golden test on this machine, on any device, with the runtime of now."""
    import onnxruntime

    known = _read().items()
    start, runtime = f"{sha256}|", f"|{onnxruntime.__version__}|"
    return any(
        k.startswith(start) and runtime in k and isinstance(v, dict) and v.get("passed") for k, v in known
    )


def _missed(difference: float, allowed: float) -> Exception:
    return fault(
        "golden", "The model does not give its stored result on this device (off by {difference:.2g}, {allowed:.2g} allowed).",
        "该模型在此设备上的结果与存储结果不符（偏差 {difference:.2g}，允许 {allowed:.2g}）。",
        difference=difference, allowed=allowed,
    )  # fmt: skip


def _store() -> Path:
    return paths.cache_folder() / "golden.json"


def _read() -> dict[str, Any]:
    try:
        data = json.loads(_store().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _remember(key: str, entry: dict[str, Any]) -> None:
    """Best effort: a folder that can't be written only means that the test runs again."""
    try:
        folder = paths.made(paths.cache_folder())
        handle, name = tempfile.mkstemp(dir=folder, prefix=".golden_")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(_read() | {key: entry}, stream, indent=1)
        Path(name).replace(_store())
    except OSError:
        return
