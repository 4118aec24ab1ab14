"""Volumes of known size and place, and a workspace that has them open."""

from __future__ import annotations

import numpy as np

from medviewer.core.finding import Finding, Source
from medviewer.core.geometry import Geometry
from medviewer.core.plane import rotation
from medviewer.core.report import GeometryReport
from medviewer.core.segmentation import Segment, Segmentation
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.inference.run import RunResult
from medviewer.io.study import Index, SeriesInfo
from medviewer.workspace import Workspace

CT_SIZE = (100, 90, 60)
CT_SPACING = (0.8, 0.8, 2.0)


def ct(seed: int = 1, turned: float = 0.0) -> Volume:
    """A block of noise about 40 HU in air, 100 x 90 x 60 voxels of 0.8 x 0.8 x 2 mm; turned: oblique by degrees."""
    rng = np.random.default_rng(seed)
    nx, ny, nz = CT_SIZE
    array = np.full((nz, ny, nx), 24, np.int16)  # -1000 HU
    array[10:50, 20:70, 20:80] = 1064 + rng.normal(0, 20, (40, 50, 60)).astype(np.int16)
    axes = rotation((1, 2, 3), turned) @ np.diag(CT_SPACING)
    geometry = Geometry.from_axes((-40, -36, -60), axes[:, 0], axes[:, 1], axes[:, 2], CT_SIZE)
    return Volume(
        array, geometry, Values(np.ones(1), np.full(1, -1024.0), "HU"), windows=[Window(40, 400)],
        meta={"modality": "CT", "description": "Phantom", "frame_of_reference_uid": "1.2.3"},
    )  # fmt: skip


def film(spacing: tuple[float, float] | None = None) -> Volume:
    """A chest film of 400 x 300 pixels, with a spacing of the detector or none."""
    array = np.tile(np.linspace(0, 4000, 400).astype(np.uint16), (1, 300, 1))
    report = GeometryReport("amber" if spacing else "red")
    return Volume(
        array, Geometry(np.eye(4), (400, 300, 1)), Values(unit="a.u."), kind="film", report=report,
        pixel_spacing=spacing, spacing_source="detector" if spacing else None, meta={"modality": "DX"},
    )  # fmt: skip


def info(key: str, volume: Volume) -> SeriesInfo:
    return SeriesInfo(
        key, key, 1, volume.meta.get("modality"), volume.meta.get("description"), volume.kind, 1, volume.size,
        study_uid="study",
    )  # fmt: skip


def workspace(**volumes: Volume) -> Workspace:
    """With these series known and in memory; the first is open."""
    ws = Workspace()
    ws.studies.merge(Index.of([info(key, volume) for key, volume in volumes.items()], []))
    for key, volume in volumes.items():
        ws.add_volume(key, volume)
    if volumes:
        ws.open_series(next(iter(volumes)))
    for index in range(len(ws.panes)):
        ws.viewing.resize(index, 400, 400)
    return ws


def finding(name: str, lps: tuple[float, float, float], score: float = 0.9, mm: float = 10.0) -> Finding:
    return Finding(
        name, "lesion", "Nodule", None, score, False, np.array(lps, float), None, mm, None, None, "HU", None,
        Source("model", "phantom finder", "1.0"),
    )  # fmt: skip


def result(*findings: Finding, segmentation: Segmentation | None = None) -> RunResult:
    return RunResult({"name": "phantom finder"}, {}, "CPU", list(findings), [], segmentation, [], {})


def segmentation(volume: Volume) -> Segmentation:
    """Segment 1: the block's left part; segment 2: a ball in it; segment 3: a shell."""
    nz, ny, nx = volume.array.shape[:3]
    k, j, i = np.mgrid[:nz, :ny, :nx]
    labels = np.zeros((nz, ny, nx), np.uint8)
    labels[nz // 5 : -nz // 5, ny // 4 : -ny // 4, nx // 5 : nx // 3] = 1
    r = np.sqrt(((k - nz / 2) * 2.0) ** 2 + ((j - ny / 2) * 0.8) ** 2 + ((i - nx * 0.6) * 0.8) ** 2)
    labels[r < 12] = 2
    labels[(r > 14) & (r < 17)] = 3
    names = [
        Segment(1, "Block", (102, 178, 241)),
        Segment(2, "Ball", (245, 154, 0)),
        Segment(3, "Shell", (19, 148, 106)),
    ]
    return Segmentation(labels, volume.geometry, names)
