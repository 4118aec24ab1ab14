"""The model runtime: which one is installed, whether two are in each other's way, what a GPU still lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from medviewer.core.words import Words, same
from medviewer.doctor.item import Item

_RUNTIME = Words("Model runtime (ONNX Runtime)", "模型运行库（ONNX Runtime）")
_DEVICES = Words("Devices for models", "模型运行设备")
_RUN = Words("Run: {line}", "请执行：{line}")

DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
"""Wheels that all install the folder `onnxruntime`: of two, the last one wins, and pip does not notice."""

CUDA_LIBRARIES = (
    "libcublasLt.so.13", "libcublas.so.13", "libcudart.so.13", "libcurand.so.10", "libcufft.so.12", "libcudnn.so.9",
)  # fmt: skip
"""What the CUDA provider loads, where its own file can't be asked (`ldd`)."""


def installed_runtimes() -> dict[str, str]:
    """Runtime wheels in this environment, with their versions."""
    found = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def packages() -> Item:
    """One runtime, no more and no less."""
    found = installed_runtimes()
    wanted = "onnxruntime-gpu" if _gpu_wheel_exists() else "onnxruntime"
    if not found:
        return Item(
            "runtime", _RUNTIME, "fail", Words("not installed: no model can run", "未安装：无法运行任何模型"),
            _RUN.format(line=f"pip install -c constraints.txt {wanted}"),
        )  # fmt: skip
    names = ", ".join(f"{name} {version}" for name, version in found.items())
    if len(found) > 1:
        line = f"pip uninstall -y {' '.join(found)} && pip install -c constraints.txt {wanted}"
        return Item(
            "runtime", _RUNTIME, "warn",
            Words(
                "{n} runtimes in one environment share a folder and break each other: {names}",
                "同一环境中的 {n} 个运行库共用一个文件夹，会互相破坏：{names}",
            ).format(n=len(found), names=names),
            _RUN.format(line=line),
        )  # fmt: skip
    import onnxruntime

    version = next(iter(found.values()))
    if onnxruntime.__version__ != version:
        return Item(
            "runtime", _RUNTIME, "warn",
            Words("{names}, but its files are of {other}", "{names}，但文件属于 {other}").format(
                names=names, other=onnxruntime.__version__
            ),
            _RUN.format(line=f"pip install --force-reinstall --no-deps {next(iter(found))}=={version}"),
        )  # fmt: skip
    return Item("runtime", _RUNTIME, "ok", same(names))


def devices() -> Item:
    """The rungs of the device ladder that can be tried here; for a GPU that can't be used, what it lacks."""
    from medviewer.inference import device

    usable = [rung for rung, reason in device.ladder_state() if reason is None]
    gpus = device.nvidia_devices() or 0
    if gpus and not _switched_off():
        missing = missing_gpu_libraries()
        runtime = installed_runtimes()
        titles = ", ".join(rung.title for rung in usable if rung.name not in ("cuda", "tensorrt")) or "-"
        if "onnxruntime-gpu" not in runtime and _gpu_wheel_exists():
            return Item(
                "devices", _DEVICES, "warn",
                Words(
                    "an NVIDIA GPU is here, but the installed runtime can't use it; models run on: {names}",
                    "本机有 NVIDIA 显卡，但已安装的运行库无法使用；模型运行于：{names}",
                ).format(names=titles),
                _RUN.format(line=f"pip uninstall -y {' '.join(runtime)} && {_with_cuda(runtime)}"),
            )  # fmt: skip
        if missing:
            return Item(
                "devices", _DEVICES, "warn",
                Words(
                    "an NVIDIA GPU is here, but these libraries are missing: {missing}; models run on: {names}",
                    "本机有 NVIDIA 显卡，但缺少以下库：{missing}；模型运行于：{names}",
                ).format(missing=", ".join(missing), names=titles),
                _RUN.format(line=_with_cuda(runtime)),
            )  # fmt: skip
    if not usable:
        return Item("devices", _DEVICES, "fail", Words("none", "无"))
    from medviewer.inference.session import default_threads

    return Item(
        "devices", _DEVICES, "ok",
        Words(
            "{first} is tried first; here: {names}; {n} CPU threads",
            "首选 {first}；可用：{names}；{n} 个 CPU 线程",
        ).format(first=usable[0].title, names=", ".join(rung.title for rung in usable), n=default_threads()),
    )  # fmt: skip


def _with_cuda(runtime: dict[str, str]) -> str:
    """What the extra `cuda` adds, in a form that works for any installation."""
    version = next(iter(runtime.values()), "")
    return 'pip install "onnxruntime-gpu[cuda,cudnn]' + (f"=={version}" if version else "") + '"'


def _switched_off() -> bool:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible is not None and visible.strip() in ("", "-1", "NoDevFiles")


def _gpu_wheel_exists() -> bool:
    platform = sysconfig.get_platform()
    return platform in ("linux-x86_64", "win-amd64")


def missing_gpu_libraries(site: Path | None = None) -> list[str]:
    """Libraries that the CUDA provider needs and that neither the loader nor the NVIDIA wheels have.

    site: the folder of installed packages (default: that of this Python). On Windows by the wheels' folders alone.
    """
    site = Path(sysconfig.get_paths()["purelib"]) if site is None else site
    carried = {f.name for f in site.glob("nvidia/**/*") if re.search(r"\.so\.\d+$|\.dll$", f.name)}
    if sys.platform == "win32":
        wanted = ("cudart64_", "cublas64_", "cublasLt64_", "cufft64_", "cudnn64_9")
        return [] if shutil.which("cudart64_13.dll") else [
            f"{name}*.dll" for name in wanted if not any(f.lower().startswith(name.lower()) for f in carried)
        ]  # fmt: skip
    return [name for name in _not_found_by_loader(site) if name not in carried]


def _not_found_by_loader(site: Path) -> list[str]:
    from medviewer.doctor.libraries import loads

    provider = site / "onnxruntime" / "capi" / "libonnxruntime_providers_cuda.so"
    tool = shutil.which("ldd")
    if tool and provider.is_file():
        told = subprocess.run([tool, str(provider)], capture_output=True, text=True, timeout=20, check=False).stdout
        missing = [line.split("=>")[0].strip() for line in told.splitlines() if "not found" in line]
        # onnxruntime's own helper lies beside it and is loaded first.
        return [name for name in missing if not name.startswith("libonnxruntime")]
    return [name for name in CUDA_LIBRARIES if not loads(name)]
