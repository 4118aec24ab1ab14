"""The ladder of devices, tried from the top: what each rung needs, and why one is skipped, in words."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words


@dataclass(frozen=True)
class Rung:
    """One step of the ladder. extra: what `pip install "medviewer[...]"` adds it, "" where nothing does."""

    name: str
    provider: str
    title: str
    extra: str = ""


LADDER = (
    Rung("tensorrt", "TensorrtExecutionProvider", "TensorRT", "cuda"),
    Rung("cuda", "CUDAExecutionProvider", "CUDA", "cuda"),
    Rung("directml", "DmlExecutionProvider", "DirectML"),
    Rung("coreml", "CoreMLExecutionProvider", "CoreML"),
    Rung("openvino", "OpenVINOExecutionProvider", "OpenVINO", "openvino"),
    Rung("cpu", "CPUExecutionProvider", "CPU"),
)
NAMES = tuple(r.name for r in LADDER)


@dataclass(frozen=True)
class DeviceChoice:
    """The rung that runs. skipped: every rung above it with the reason."""

    name: str
    provider: str
    title: str
    skipped: tuple[tuple[str, Words], ...] = field(default_factory=tuple)


def rungs(device: str = "auto") -> tuple[Rung, ...]:
    """The rungs to try: all, or the one that was asked for. Raises usage.device for an unknown name."""
    if device == "auto":
        return LADDER
    chosen = tuple(r for r in LADDER if r.name == device)
    if not chosen:
        raise MedViewerError(
            "usage.device",
            Words("There is no device {name}; known: auto, {all}.", "没有设备 {name}；可选：auto、{all}。")
            .format(name=device[:40], all=", ".join(NAMES)),
        )  # fmt: skip
    return chosen


def why_not(rung: Rung) -> Words | None:
    """Why a rung can't be tried here, or None where it can: system, driver, then the installed runtime.

    The driver is looked for first: onnxruntime asked for CUDA without one writes red text and falls to the CPU.
    """
    if rung.name == "directml" and sys.platform != "win32":
        return Words("only on Windows", "仅限 Windows")
    if rung.name == "coreml" and sys.platform != "darwin":
        return Words("only on macOS", "仅限 macOS")
    if rung.name in ("tensorrt", "cuda"):
        missing = _no_nvidia()
        if missing:
            return missing
    if rung.provider not in _available():
        if rung.name == "directml":
            return Words(
                "not installed: the wheel onnxruntime-directml, in place of the runtime that is here, has it",
                "未安装：需用 onnxruntime-directml 替换现有运行库",
            )
        if rung.extra:
            return Words(
                "not installed: pip install \"medviewer[{extra}]\" adds it",
                "未安装：pip install \"medviewer[{extra}]\" 可添加",
            ).format(extra=rung.extra)  # fmt: skip
        return Words("this onnxruntime was built without it", "此 onnxruntime 未包含")
    if rung.name == "tensorrt" and not _loads(
        "nvinfer.dll" if sys.platform == "win32" else "libnvinfer.so.10"
    ):
        return Words("TensorRT's libraries are not installed", "未安装 TensorRT 库")
    return None


@lru_cache(maxsize=1)
def _available() -> tuple[str, ...]:
    import onnxruntime

    return tuple(onnxruntime.get_available_providers())


def _no_nvidia() -> Words | None:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1", "NoDevFiles"):
        return Words("switched off by CUDA_VISIBLE_DEVICES", "已由 CUDA_VISIBLE_DEVICES 关闭")
    if sys.platform == "darwin":
        return Words("not on macOS", "macOS 不支持")
    count = nvidia_devices()
    if count is None:
        return Words("no NVIDIA driver found", "未找到 NVIDIA 驱动")
    return None if count else Words("the NVIDIA driver sees no GPU", "NVIDIA 驱动未发现显卡")


@lru_cache(maxsize=1)
def nvidia_devices() -> int | None:
    """How many GPUs the NVIDIA driver sees, None without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return None
    return count.value


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provider_options(rung: Rung) -> Iterator[Any]:
    """What InferenceSession takes as `providers` for this rung; the CPU is always below it."""
    options: dict[str, Any] = {}
    if rung.name == "cuda":
        options = {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
    if rung.name == "openvino":
        options = {"device_type": "CPU"}
    yield (rung.provider, options) if options else rung.provider
    if rung.name == "tensorrt":
        yield "CUDAExecutionProvider"
    if rung.name != "cpu":
        yield "CPUExecutionProvider"


def ladder_state() -> list[tuple[Rung, Words | None]]:
    """Every rung with the reason why it can't be tried (None: it can); for `doctor` and the status line."""
    return [(rung, why_not(rung)) for rung in LADDER]
