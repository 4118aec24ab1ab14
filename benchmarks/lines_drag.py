"""Dragging the crosshair over three linked panes with a mask: frames a second, and the slowest of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Absent, Row
from benchmarks.series import SLICES, Scratch

PANE = 600
FRAMES = 90
KEY = "bench"


def _panes(scratch: Scratch, tilt_deg: float) -> tuple[Any, list[Any], Any]:
    """(workspace, three image panes that are shown, application) on the phantom with a mask of three segments."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        from PySide6.QtWidgets import QApplication
    except ImportError as missing:
        raise Absent(f"Qt can't be loaded: {missing}") from missing
    from benchmarks.lines_imaging import _volume
    from medviewer.core.segmentation import Segment, Segmentation
    from medviewer.imaging import fast_linear
    from medviewer.inference.run import RunResult
    from medviewer.ui.panes.image_pane import ImagePane
    from medviewer.workspace import crosshair
    from medviewer.workspace.workspace import Workspace

    application = QApplication.instance() or QApplication([])
    fast_linear.warm_up(("int16", "uint8"))
    volume = _volume(scratch)
    labels = np.zeros(volume.array.shape, np.uint8)
    k, j, i = np.ogrid[: labels.shape[0], : labels.shape[1], : labels.shape[2]]
    for number, center in enumerate(((150, 256, 150), (150, 256, 360), (150, 350, 256)), 1):
        labels[
            ((k - center[0]) / 80) ** 2 + ((j - center[1]) / 60) ** 2 + ((i - center[2]) / 60) ** 2 < 1
        ] = number
    colors = ((102, 178, 241), (245, 154, 0), (19, 148, 106))
    segments = [Segment(n, f"segment {n}", c) for n, c in enumerate(colors, 1)]
    workspace = Workspace()
    workspace.add_volume(KEY, volume)
    result = RunResult(
        {"name": "bench"}, {}, "cpu", [], [], Segmentation(labels, volume.geometry, segments), [], {}
    )
    workspace.results.add(KEY, result)
    workspace.set_layout("planes")
    workspace.show_planes(KEY)
    planes = [n for n, pane in enumerate(workspace.panes) if pane.view in ("axial", "coronal", "sagittal")]
    panes = [ImagePane(workspace, n) for n in planes]
    for pane in panes:
        pane.resize(PANE, PANE)
        pane.show()
    application.processEvents()
    if tilt_deg:
        for n in planes:
            crosshair.turn(workspace, n, tilt_deg)
    return workspace, panes, application


def _frames_ms(scratch: Scratch, tilt_deg: float) -> list[float]:
    workspace, panes, application = _panes(scratch, tilt_deg)
    center = workspace.volumes[KEY].geometry.center_lps
    took = []
    for n in range(FRAMES):
        angle = 2 * np.pi * n / FRAMES
        point = center + np.array([60 * np.cos(angle), 40 * np.sin(angle), (n / FRAMES - 0.5) * 0.6 * SLICES])
        start = time.perf_counter()
        workspace.move_crosshair(point, KEY)
        for pane in panes:
            pane.repaint()
        application.processEvents()
        took.append((time.perf_counter() - start) * 1000)
    for pane in panes:
        pane.close()
    return took[5:]


def drag_fps(scratch: Scratch, id: str, line: str) -> Row:
    took = scratch.once("drag", lambda: _frames_ms(scratch, 0))
    return Row(id, line, value=1000 / float(np.mean(took)), unit="frames/s")


def drag_tilted_fps(scratch: Scratch, id: str, line: str) -> Row:
    return Row(id, line, value=1000 / float(np.mean(_frames_ms(scratch, 20))), unit="frames/s")


def drag_p95_ms(scratch: Scratch, id: str, line: str) -> Row:
    took = scratch.once("drag", lambda: _frames_ms(scratch, 0))
    return Row(id, line, value=float(np.percentile(took, 95)), unit="ms")


LINES: dict[str, tuple[str, Callable[[Scratch, str, str], Row]]] = {
    "drag_fps": ("crosshair drag over three panes of 600 x 600 with a mask, planes along the axes", drag_fps),
    "drag_tilted_fps": ("the same, tilted 20 degrees", drag_tilted_fps),
    "drag_p95_ms": ("its slowest frame but 5 %", drag_p95_ms),
}
