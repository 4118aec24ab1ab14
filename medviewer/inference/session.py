"""One network, loaded on one device: runs, explanations, cancel within a run."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.inference.device import DeviceChoice, Rung, provider_options, rungs, why_not
from medviewer.inference.package_files import fault

if TYPE_CHECKING:
    from medviewer.inference.package import ModelPackage

Floats = NDArray[np.float32]
OUTPUT_OF_METHOD = {"grad-cam": "saliency_grad_cam", "hires-cam": "saliency_hires_cam"}


class Session:
    """A loaded network. One run at a time: a lock keeps a second caller waiting.

    tile: (channels, height, width) and batch: size of one run, fixed by the graph.
    """

    def __init__(self, package: ModelPackage, choice: DeviceChoice, loaded: Any, threads: int) -> None:
        self.package = package
        self.choice = choice
        self.threads = threads
        self.notes: list[Words] = []
        self._lock = threading.Lock()
        self._take(loaded)

    def _take(self, loaded: Any) -> None:
        self._loaded = loaded
        self.inputs: dict[str, tuple[Any, ...]] = {i.name: tuple(i.shape) for i in loaded.get_inputs()}
        self.outputs = tuple(o.name for o in loaded.get_outputs())
        shape = self.inputs["image"]
        recipe = self.package.spec.input
        self.batch = int(shape[0]) if isinstance(shape[0], int) else max(1, int(recipe.batch))
        self.tile: tuple[int, int, int] = (int(shape[1]), int(shape[2]), int(shape[3]))
        self._zeros = {n: np.zeros(self._shape(n), np.float32) for n in self.inputs if n != "image"}

    def _shape(self, name: str) -> tuple[int, ...]:
        rest = tuple(int(n) for n in self.inputs[name][1:])
        return (self.batch, *rest)

    @property
    def methods(self) -> tuple[str, ...]:
        """The explanations this graph holds."""
        return tuple(m for m, output in OUTPUT_OF_METHOD.items() if output in self.outputs)

    def run(self, image: Floats, progress: Progress | None = None) -> Floats:
        """Raw scores of prepared tiles (n, C, H, W), any n: (n, K) or (n, K, H, W).

        Raises Cancelled within a run where `progress` is cancelled.
        """
        return self._batched(["scores"], image, {}, progress)[0]

    def explain(
        self, image: Floats, target: Floats, region: Floats, method: str, progress: Progress | None = None
    ) -> tuple[Floats, Floats]:
        """(scores, map) of prepared tiles: image (n, C, H, W), target (n, K), region (n, 1, H, W); map (n, h, w) >= 0.

        The map explains sum(scores * target * region). Raises package.no_map where the graph has no such output.
        """
        output = OUTPUT_OF_METHOD.get(method, "")
        if output not in self.outputs:
            raise MedViewerError(
                "package.no_map",
                Words("This model gives no {method} map.", "该模型不提供 {method} 图。").format(
                    method=method
                ),
            )
        scores, found = self._batched(
            ["scores", output], image, {"target": target, "region": region}, progress
        )
        return scores, np.maximum(found[:, 0], 0.0)

    def _batched(
        self, outputs: Sequence[str], image: Floats, more: dict[str, Floats], progress: Progress | None
    ) -> list[Floats]:
        image = np.ascontiguousarray(image, np.float32)
        if image.ndim != 4 or image.shape[1:] != self.tile:
            raise ValueError(f"tiles of {image.shape[1:]}, the network takes {self.tile}")
        parts: list[list[Floats]] = [[] for _ in outputs]
        for first in range(0, len(image), self.batch):
            n = min(self.batch, len(image) - first)
            feeds = {"image": _filled(image[first : first + n], self.batch)}
            for name in self._zeros:
                given = more.get(name)
                feeds[name] = (
                    self._zeros[name] if given is None
                    else _filled(np.ascontiguousarray(given[first : first + n], np.float32), self.batch)
                )  # fmt: skip
            for part, array in zip(parts, self._once(list(outputs), feeds, progress), strict=True):
                part.append(array[:n])
        if not len(image):
            raise ValueError("no tiles")
        return [p[0] if len(p) == 1 else np.concatenate(p) for p in parts]

    def _once(self, outputs: list[str], feeds: dict[str, Floats], progress: Progress | None) -> list[Floats]:
        import onnxruntime

        with self._lock:
            if progress is not None:
                progress.check()
            options = onnxruntime.RunOptions()  # a new one each time: terminate stays set for good
            forget = progress.on_cancel(lambda: setattr(options, "terminate", True)) if progress else None
            try:
                found: list[Floats] = self._loaded.run(outputs, feeds, options)
                return found
            except Exception as failed:  # onnxruntime's own kinds
                if progress is not None and progress.cancelled:
                    raise Cancelled from None
                if self.choice.name == "cpu":
                    if "memory" in str(failed).lower() or "alloc" in str(failed).lower():
                        raise MedViewerError(
                            "resource.memory",
                            Words(
                                "There is not enough memory to run this model.", "内存不足，无法运行该模型。"
                            ),
                        ) from None
                    raise fault(
                        "run", "The model failed while it ran.", "模型运行失败。", detail=str(failed)[:500]
                    ) from None
                self._fall_to_cpu(failed)
                return list(self._loaded.run(outputs, feeds))
            finally:
                if forget:
                    forget()

    def _fall_to_cpu(self, failed: Exception) -> None:
        """A GPU that runs out of memory (or fails) hands over to the CPU, and the result says so."""
        told = Words(
            "{device} failed while it ran (memory?): ran on the CPU.",
            "{device} 运行失败（显存不足？），已改用 CPU。",
        )
        told = told.format(device=self.choice.title)
        self.notes.append(told)
        cpu = rungs("cpu")[0]
        self._take(load(self.package.onnx, cpu, self.threads))
        self.choice = DeviceChoice(
            cpu.name, cpu.provider, cpu.title, (*self.choice.skipped, (self.choice.title, told))
        )


def _filled(array: Floats, batch: int) -> Floats:
    """The array with zeros behind it up to the batch size."""
    if len(array) == batch:
        return array
    full = np.zeros((batch, *array.shape[1:]), np.float32)
    full[: len(array)] = array
    return full


def default_threads() -> int:
    """As many as this process may use, at most 8."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return max(1, min(8, count))


def load(raw: bytes, rung: Rung, threads: int) -> Any:
    """An onnxruntime.InferenceSession of the bytes on that rung, quiet, without spinning threads."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    if rung.name == "cuda" and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    return onnxruntime.InferenceSession(raw, options, providers=list(provider_options(rung)))


def open_session(package: ModelPackage, device: str = "auto", threads: int | None = None) -> Session:
    """The package's network on the first rung of the ladder that can be had and passes the golden test.

    device: "auto" or a rung's name. Raises package.golden where even the CPU misses the golden test,
    resource.device where the device that was asked for can't be had.
    """
    from medviewer.inference.golden import golden_test

    threads = threads or default_threads()
    skipped: list[tuple[str, Words]] = []
    last: MedViewerError | None = None
    for rung in rungs(device):
        reason = why_not(rung)
        if reason is None:
            try:
                loaded = load(package.onnx, rung, threads)
            except Exception as failed:  # onnxruntime's own kinds; the next rung may do
                reason = Words("could not be started", "无法启动")
                last = fault(
                    "onnx",
                    "The package's network can't be loaded.",
                    "无法加载模型包中的网络。",
                    detail=str(failed)[:500],
                )
            else:
                real = loaded.get_providers()[0]
                choice = DeviceChoice(rung.name, rung.provider, rung.title, tuple(skipped))
                if real != rung.provider:
                    reason = Words("onnxruntime fell back to {other}", "onnxruntime 退回到 {other}").format(
                        other=real
                    )
                else:
                    session = Session(package, choice, loaded, threads)
                    try:
                        golden_test(session)
                        return session
                    except MedViewerError as missed:
                        reason, last = Words("missed the golden test", "未通过基准测试"), missed
        skipped.append((rung.title, reason))
    if device != "auto" and last is None:
        raise MedViewerError(
            "resource.device",
            Words("{device} can't be used here: {reason}.", "此处无法使用 {device}：{reason}。")
            .format(device=skipped[-1][0], reason=skipped[-1][1]),
        )  # fmt: skip
    raise last or fault("onnx", "The package's network can't be loaded.", "无法加载模型包中的网络。")
