"""Models: tiles and whole searches against MONAI on torch, maps against captum, cancel and stalls."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Absent, Row, seconds, side_by_side
from benchmarks.series import Scratch

NODULES, FILM = "lung_nodules", "chest_film"
THREADS = 2


def package(name: str) -> Any:
    from medviewer.core.errors import MedViewerError
    from medviewer.inference.package import find_package

    try:
        return find_package(name)
    except MedViewerError as fault:
        raise Absent(f"no package {name}: {fault.sentence.en}") from fault


def session(name: str) -> Any:
    from medviewer.inference.session import open_session

    return open_session(package(name), device="cpu", threads=THREADS)


def torch_network(name: str) -> Any:
    """The package's own weights in the network that its config names."""
    try:
        import torch

        from training.explainers.rebuilt import network_of
    except ImportError as missing:
        raise Absent(f"{missing.name} is not installed (the train extra)") from missing
    torch.set_num_threads(THREADS)
    return network_of(package(name))


def chest_ct(scratch: Scratch) -> Any:
    """The demo's chest CT as a volume."""

    def made() -> Any:
        from medviewer.core.jobs import Progress
        from medviewer.demo.studies import make_demo
        from medviewer.io.index import scan
        from medviewer.io.load import load

        folder = scratch.folder / "demo"
        make_demo(folder, Progress())
        series = [s for s in scan([folder], Progress()).series() if s.modality == "CT"]
        return load(series[0], Progress())

    return scratch.once("chest", made)


def _planes(scratch: Scratch, opened: Any) -> Any:
    """Prepared planes (n, C, h, w) of twenty slices of the chest CT, whole multiples of the tile."""
    from medviewer.inference.planes import PlaneReader
    from medviewer.inference.slices import SliceStack

    volume = chest_ct(scratch)
    spec = opened.package.spec
    reader = PlaneReader(SliceStack.of(volume, spec.input.plane), spec.input)
    middle = volume.size[2] // 2
    planes = np.stack([reader.prepare(k) for k in range(middle - 10, middle + 10)])
    rows, columns = (n // t * t for n, t in zip(planes.shape[2:], opened.tile[1:], strict=True))
    return np.ascontiguousarray(planes[:, :, :rows, :columns])


def tiles(scratch: Scratch, id: str, line: str) -> Row:
    opened, network = session(NODULES), torch_network(NODULES)
    import torch
    from monai.inferers.utils import sliding_window_inference

    from medviewer.inference.predict import predict

    planes = _planes(scratch, opened)
    batch = torch.from_numpy(planes)
    roi, overlap = opened.tile[1:], opened.package.spec.input.overlap

    def peer() -> None:
        with torch.inference_mode():
            sliding_window_inference(batch, roi, opened.batch, network, overlap=overlap, mode="gaussian")

    return side_by_side(id, line, lambda: predict(opened, list(planes)), peer, repeats=5)


def _monai_search(volume: Any, opened: Any, network: Any) -> Any:
    """The same network and overlap over every slice of the volume, as MONAI users write it; the maps it gives."""
    import torch
    from monai.inferers.utils import sliding_window_inference

    from medviewer.inference.planes import PlaneReader
    from medviewer.inference.slices import SliceStack

    spec = opened.package.spec
    reader = PlaneReader(SliceStack.of(volume, spec.input.plane), spec.input)
    planes = torch.from_numpy(np.stack([reader.prepare(k) for k in range(volume.size[2])]))
    with torch.inference_mode():
        found = sliding_window_inference(
            planes, opened.tile[1:], opened.batch, network, overlap=spec.input.overlap, mode="gaussian"
        )
        return torch.sigmoid(found).numpy()


def _search(volume: Any, opened: Any) -> Any:
    from medviewer.inference.run import RunRequest, run

    return run(RunRequest(opened.package, volume, "cpu", THREADS))


def search(scratch: Scratch, id: str, line: str) -> Row:
    opened, network, volume = session(NODULES), torch_network(NODULES), chest_ct(scratch)
    return side_by_side(
        id, line, lambda: _search(volume, opened), lambda: _monai_search(volume, opened, network), repeats=3
    )


def search_share(scratch: Scratch, id: str, line: str) -> Row:
    opened, volume = session(NODULES), chest_ct(scratch)
    _search(volume, opened)
    times = _search(volume, opened).manifest["times_s"]
    whole = times["prepare"] + times["infer"] + times["post"]
    return Row(id, line, value=(times["prepare"] + times["post"]) / whole, unit="of the search")


PEAK = """
import resource, sys, threading, time
from pathlib import Path
from benchmarks import lines_inference as lines
from benchmarks.series import Scratch
with Scratch() as scratch:
    volume, opened = lines.chest_ct(scratch), lines.session(lines.NODULES)
    network = lines.torch_network(lines.NODULES) if sys.argv[1] == "peer" else None
    opened.run(__import__("numpy").zeros((1, *opened.tile), "float32"))
    rss = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    peak = before = rss(); done = False
    def watch():
        global peak
        while not done:
            peak = max(peak, rss()); time.sleep(0.005)
    t = threading.Thread(target=watch); t.start()
    lines._monai_search(volume, opened, network) if network else lines._search(volume, opened)
    done = True; t.join()
    print((peak - before) / 2**20)
"""


def search_memory(scratch: Scratch, id: str, line: str) -> Row:
    package(NODULES), torch_network(NODULES)

    def peak(which: str) -> float:
        done = subprocess.run(
            [sys.executable, "-c", PEAK, which], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Absent(f"the measuring process failed: {done.stderr.strip()[-120:]}")
        return float(done.stdout.splitlines()[-1])

    a, b = peak("ours"), peak("peer")
    return Row(id, line, ours=a, peer=b, ratio=a / b, unit="MB")


def gradcam_film(scratch: Scratch, id: str, line: str) -> Row:
    opened, network = session(FILM), torch_network(FILM)
    try:
        from captum.attr import LayerGradCam
    except ImportError as missing:
        raise Absent("captum is not installed (the train extra)") from missing
    import torch
    from torch import nn

    class Shown(nn.Module):
        """The network with its explained layer as a module, as captum wants to see it."""

        def __init__(self) -> None:
            super().__init__()
            self.network, self.layer = network, nn.Identity()

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            first, *others = self.network.features(image)
            scores: torch.Tensor = self.network.rest(self.layer(first), *others)
            return scores

    shown = Shown()
    rng = np.random.default_rng(0)
    image = rng.random((1, *opened.tile), np.float32)
    target = np.zeros((1, opened.package.spec.scores), np.float32)
    target[0, 0] = 1
    region = np.ones((1, 1, *opened.tile[1:]), np.float32)
    tensor = torch.from_numpy(image).requires_grad_()  # frozen weights: the layer's gradient needs a root
    cam = LayerGradCam(shown, shown.layer)
    return side_by_side(
        id, line, lambda: opened.explain(image, target, region, "grad-cam"),
        lambda: cam.attribute(tensor, target=0, relu_attributions=True), inner=5,
    )  # fmt: skip


def cancel_s(scratch: Scratch, id: str, line: str) -> Row:
    """Median of five: cancel asked for in the middle of a search until the job has ended."""
    from medviewer.core.jobs import Job
    from medviewer.core.words import same
    from medviewer.inference.run import RunRequest, run

    opened, volume = session(NODULES), chest_ct(scratch)
    took = []
    for n in range(5):
        request = RunRequest(opened.package, volume, "cpu", THREADS)
        job = Job(same("bench"), lambda progress, request=request: run(request, progress)).start()
        job.wait(2.0 + 0.3 * n)
        if job.wait(0):
            raise Absent("the search ended before it could be cancelled")

        def stop(job: Any = job) -> None:
            job.cancel()
            job.wait(20)

        took.append(seconds(stop))
    return Row(id, line, value=sorted(took)[2])


def stall_p95_ms(scratch: Scratch, id: str, line: str) -> Row:
    """How late a 5 ms timer of the event loop is while a search runs: 95th percentile."""
    from PySide6.QtCore import QCoreApplication, QTimer

    from medviewer.inference.run import RunRequest, run

    opened, volume = session(NODULES), chest_ct(scratch)
    loop = QCoreApplication.instance() or QCoreApplication([])
    late: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        late.append((now - last[0]) * 1000 - 5)
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    worker = threading.Thread(target=lambda: run(RunRequest(opened.package, volume, "cpu", THREADS)))
    worker.start()
    while worker.is_alive():
        loop.processEvents()
        time.sleep(0.0005)
    timer.stop()
    return Row(id, line, value=float(np.percentile(late, 95)), unit="ms")


LINES: dict[str, tuple[str, Callable[[Scratch, str, str], Row]]] = {
    "stall_p95_ms": ("event-loop stall while a model runs", stall_p95_ms),
    "cancel_s": ("cancel of a running model to idle", cancel_s),
    "tiles": ("the nodule network over the same tiles / MONAI sliding_window_inference", tiles),
    "search": ("whole nodule search of a chest CT / MONAI over the volume", search),
    "search_memory": ("peak memory that the search adds / MONAI", search_memory),
    "search_share": ("preparation and post-processing within that search", search_share),
    "gradcam_film": ("Grad-CAM of one film / captum LayerGradCam", gradcam_film),
}
