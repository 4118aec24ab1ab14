"""A run: one package on one series, from voxels to findings."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import ClassScore, Finding, Source
from medviewer.core.jobs import Progress
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.inference import memory
from medviewer.inference.clock import Clock
from medviewer.inference.fit import require_fit
from medviewer.inference.manifest import make_manifest
from medviewer.inference.package import ModelPackage
from medviewer.inference.session import Session, default_threads, open_session
from medviewer.inference.tasks import find_task

_MOST_SESSIONS = 3
_sessions: OrderedDict[tuple[str, str, int], Session] = OrderedDict()
_lock = threading.Lock()


@dataclass(eq=False)
class RunRequest:
    """What to run. load_s: seconds that reading the series took; replay: where the series is, for the manifest."""

    package: ModelPackage
    volume: Volume
    device: str = "auto"
    threads: int | None = None
    load_s: float = 0.0
    replay: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class RunResult:
    """What a model found. model: name, version, sha256; series: uids and description; device: the rung that ran."""

    model: dict[str, str]
    series: dict[str, Any]
    device: str
    findings: list[Finding]
    classes: list[ClassScore]
    segmentation: Segmentation | None
    notes: list[Words]
    manifest: dict[str, Any]
    seconds: float = 0.0
    saliency: SaliencyMap | None = None


def session_for(package: ModelPackage, device: str = "auto", threads: int | None = None) -> Session:
    """The session of that package, kept open for the next run (the last three)."""
    key = (package.sha256, device, threads or default_threads())
    with _lock:
        known = _sessions.pop(key, None)
        session = known or open_session(package, device, threads)
        _sessions[key] = session
        while len(_sessions) > _MOST_SESSIONS:
            _sessions.popitem(last=False)
    return session


def warm(package: ModelPackage, device: str = "auto", threads: int | None = None) -> Session:
    """Open the session and run it once on nothing, so that the first real run starts at full speed."""
    import scipy.ndimage
    import scipy.spatial  # noqa: F401  (a first run would load them where a cancel can't be noticed)

    find_task(package.spec.task)
    session = session_for(package, device, threads)
    session.run(np.zeros((1, *session.tile), np.float32))
    return session


def run(request: RunRequest, progress: Progress | None = None) -> RunResult:
    """Run the package. Order of faults: fit, memory, package. Raises MedViewerError, Cancelled."""
    progress = progress or Progress()
    started = time.perf_counter()
    package, volume = request.package, request.volume
    require_fit(package.spec, volume)
    task = find_task(package.spec.task)
    clock = Clock()
    clock.seconds["load"] = request.load_s
    progress.step(0, 1, Words("Loading the model", "正在载入模型"))
    memory.check(package.spec.memory_mb * 1e6, package.spec.title)
    with clock.stage("load"):
        session = session_for(package, request.device, request.threads)
    memory.check(task.memory_bytes(session, volume), package.spec.title)
    notes_before = len(session.notes)
    run_id = f"{package.name}-{time.strftime('%Y%m%dT%H%M%S')}"
    source = Source("model", package.name, package.version, run_id)
    try:
        outcome = task.run(session, volume, source, progress, clock)
    except MemoryError:
        raise MedViewerError(
            "resource.memory",
            Words("There is not enough memory to run this model.", "内存不足，无法运行该模型。"),
        ) from None
    notes = [*session.notes[notes_before:], *outcome.notes]
    manifest = make_manifest(session, volume, clock.seconds, request.replay)
    return RunResult(
        model=dict(manifest["model"]),
        series=series_facts(volume),
        device=session.choice.name,
        findings=outcome.findings,
        classes=outcome.classes,
        segmentation=outcome.segmentation,
        notes=notes,
        manifest=manifest,
        seconds=time.perf_counter() - started,
    )


def series_facts(volume: Volume) -> dict[str, Any]:
    """What findings.json says of the series: uids, number, modality, description; nothing of the patient."""
    keys = ("series_uid", "study_uid", "frame_of_reference_uid", "number", "modality", "description")
    return {key: volume.meta.get(key) for key in keys}
