"""What is known of this computer for the first screen and the status line, looked at in a job."""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.core.jobs import Progress
from medviewer.core.words import Words

READY = Words("Ready", "就绪")
MODELS = Words("{n} models", "{n} 个模型")
ONE_MODEL = Words("1 model", "1 个模型")
NO_MODEL = Words("No model is installed", "未安装模型")
NO_GPU = Words("No GPU found: runs take longer", "未发现 GPU：运行较慢")
GPU = Words("Models run on {device}", "模型在 {device} 上运行")
OFFLINE = Words("Works offline", "可离线工作")
NO_CHINESE = Words("No Chinese font on this computer", "本机无中文字体")


@dataclass(frozen=True)
class Machine:
    """Where models would run, with how many threads, and how many models there are."""

    device: str
    is_cpu: bool
    threads: int
    models: int


def look(_: Progress) -> Machine:
    """Ask the device ladder and the model folders; imports no runtime."""
    from medviewer.inference.device import LADDER, why_not
    from medviewer.inference.package import package_folders
    from medviewer.inference.session import default_threads

    rung = next((r for r in LADDER if why_not(r) is None), LADDER[-1])
    return Machine(rung.title, rung.name == "cpu", default_threads(), len(package_folders()))


def told(machine: Machine, chinese: bool) -> list[tuple[str, str, Words]]:
    """Parts of the line of self-check: (icon, tone, words)."""
    models = (
        NO_MODEL
        if not machine.models
        else ONE_MODEL
        if machine.models == 1
        else MODELS.format(n=machine.models)
    )
    line = [
        ("circle-check", "good", READY),
        ("list-checks", "text2", models),
        ("cpu", "text2", NO_GPU if machine.is_cpu else GPU.format(device=machine.device)),
        ("wifi-off", "text2", OFFLINE),
    ]
    if not chinese:
        line.append(("triangle-alert", "care", NO_CHINESE))
    return line
