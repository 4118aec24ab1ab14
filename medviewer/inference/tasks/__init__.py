"""Kinds of tasks: how scores of slices become findings. Others may be plugged in by the entry point "medviewer.tasks"."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import ClassScore, Finding, Source
from medviewer.core.jobs import Progress
from medviewer.core.segmentation import Segmentation
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.inference.clock import Clock
from medviewer.inference.session import Session

GROUP = "medviewer.tasks"
_IN_TREE = {
    "segmentation": "medviewer.inference.tasks.segmentation:SegmentationTask",
    "detection": "medviewer.inference.tasks.detection:DetectionTask",
    "classification": "medviewer.inference.tasks.classification:ClassificationTask",
}


@dataclass(eq=False)
class Outcome:
    """What a task found. The segmentation lies on the volume's own grid."""

    findings: list[Finding] = field(default_factory=list)
    classes: list[ClassScore] = field(default_factory=list)
    segmentation: Segmentation | None = None
    notes: list[Words] = field(default_factory=list)


class Task(Protocol):
    """A task kind. An entry point of the group "medviewer.tasks" named like `task` in viewer.json gives its class."""

    def memory_bytes(self, session: Session, volume: Volume) -> float:
        """Memory that `run` will take beside the session's own."""
        ...

    def run(
        self, session: Session, volume: Volume, source: Source, progress: Progress, clock: Clock
    ) -> Outcome:
        """Run the network over the volume or film. Raises Cancelled."""
        ...


def find_task(kind: str) -> Task:
    """The task of that kind, from the entry points or the program itself. Raises package.task."""
    for point in entry_points(group=GROUP, name=kind):
        made: Task = point.load()()
        return made
    if kind not in _IN_TREE:
        raise MedViewerError(
            "package.task",
            Words("This program has no task of the kind {kind}.", "本程序不支持任务类型 {kind}。").format(kind=kind[:60]),
        )  # fmt: skip
    module, _, name = _IN_TREE[kind].partition(":")
    built: Task = getattr(import_module(module), name)()
    return built
