"""ONNX Runtime as this project uses it: without telemetry, on the CPU, with a stated number of threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np


def session(model: Path | bytes, threads: int = 2) -> Any:
    """An `onnxruntime.InferenceSession` on the CPU.

    The environment variable must be set before the import: the import alone starts the telemetry.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    source = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(opened: Any, outputs: list[str], feeds: dict[str, Any]) -> list[Any]:
    """The named outputs."""
    return list(opened.run(outputs, feeds))


def scores(model: Path, image: np.ndarray) -> np.ndarray:
    """Raw scores of an image (B, C, H, W); no map is asked for."""
    opened = session(model)
    batch, _, height, width = image.shape
    target = np.zeros((batch, opened.get_inputs()[1].shape[1]), np.float32)
    region = np.zeros((batch, 1, height, width), np.float32)
    (found,) = run(opened, ["scores"], {"image": image, "target": target, "region": region})
    return np.asarray(found)
