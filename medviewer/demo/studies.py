"""The three synthetic studies: made once, kept in the demo folder, the same on every machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer import paths
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.demo import brain_mr, chest_ct, chest_film
from medviewer.demo.dicom_series import Series, write_film, write_volume
from medviewer.demo.lettering import burn_in
from medviewer.demo.nodules import NODULES
from medviewer.demo.truth import DemoTruth, folders

VERSION = "2"
"""Goes up whenever what is drawn changes: studies kept from before are then made anew."""

_TRUTH = "truth.json"
_CHEST = Words("Drawing the chest", "正在生成胸部")
_BRAIN = Words("Drawing the brain", "正在生成脑部")
_FILM = Words("Projecting the film", "正在投影胸片")
_WRITING = Words("Writing DICOM files", "正在写入 DICOM 文件")

_CT = Series(
    "chest_ct", "SYNTHETIC^Chest CT", "DEMO-CT", "1.2.840.10008.5.1.4.1.1.2", "CT", "Chest CT (synthetic)",
    "Chest, lung nodules (synthetic)",
    {
        "BodyPartExamined": "CHEST", "PatientPosition": "HFS", "KVP": "120", "RescaleIntercept": "0",
        "RescaleSlope": "1", "RescaleType": "HU", "WindowCenter": ["-600", "40"], "WindowWidth": ["1500", "400"],
        "WindowCenterWidthExplanation": ["LUNG", "MEDIASTINUM"], "AcquisitionNumber": 1,
    },
)  # fmt: skip
_MR = Series(
    "brain_mr", "SYNTHETIC^Brain MR", "DEMO-MR", "1.2.840.10008.5.1.4.1.1.4", "MR", "Brain MR (synthetic)",
    "T1 axial with contrast (synthetic)",
    {
        "BodyPartExamined": "BRAIN", "PatientPosition": "HFS", "ScanningSequence": "SE", "SequenceVariant": "NONE",
        "ScanOptions": "", "MRAcquisitionType": "2D", "RepetitionTime": "500", "EchoTime": "10", "EchoTrainLength": 1,
        "SpacingBetweenSlices": brain_mr.SPACING[2], "MagneticFieldStrength": "3",
        "ContrastBolusAgent": "synthetic contrast", "AcquisitionNumber": 1,
    },
)  # fmt: skip
_DX = Series(
    "chest_film", "SYNTHETIC^Chest Film", "DEMO-DX", "1.2.840.10008.5.1.4.1.1.1.1", "DX", "Chest film (synthetic)",
    "Chest PA (synthetic)",
    {
        "BodyPartExamined": "CHEST", "ViewPosition": "PA", "PresentationIntentType": "FOR PRESENTATION",
        "PixelIntensityRelationship": "LOG", "PixelIntensityRelationshipSign": -1, "PresentationLUTShape": "IDENTITY",
        "ImageLaterality": "U", "RescaleIntercept": "0", "RescaleSlope": "1", "RescaleType": "US",
        "WindowCenter": "2048", "WindowWidth": "4096", "BitsStored": 12, "HighBit": 11,
    },
)  # fmt: skip


def make_demo(folder: Path | None = None, progress: Progress | None = None) -> DemoTruth:
    """Make the three studies below `folder` (default: the demo folder), or reuse those of the same version.

    Returns where they lie and what was put into them. Nothing half-made stays behind when it is cancelled or fails.
    """
    folder = paths.demo_folder() if folder is None else folder
    progress = Progress() if progress is None else progress
    kept = DemoTruth.load(folder / _TRUTH, VERSION)
    if kept is not None and all(any(p.glob("*.dcm")) for p in folders(folder).values()):
        return kept
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".demo_", dir=folder.parent) as temporary:
        made = Path(temporary) / "demo"
        _make(made, progress)
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    truth = DemoTruth.load(folder / _TRUTH, VERSION)
    assert truth is not None
    return truth


def _make(folder: Path, progress: Progress) -> None:
    places = folders(folder)
    grid, lung = chest_ct.draw_chest(lambda share: progress.step(45 * share, 100, _CHEST))
    hu, clean = chest_ct.scanned(grid)
    progress.step(70, 100, _FILM)
    film, opacity = chest_film.draw_film(grid, clean, lung)
    del clean
    progress.step(76, 100, _WRITING)
    burn_in(hu, 60)
    write_volume(_CT, hu, places["chest_ct"], grid.origin, grid.spacing)
    burn_in(film, chest_film.WHITE, scale=3)
    write_film(_DX, film, places["chest_film"], chest_film.PIXEL_MM)
    progress.step(90, 100, _BRAIN)
    brain, tumour = brain_mr.draw_brain(lambda share: progress.step(90 + 8 * share, 100, _BRAIN))
    burn_in(brain, int(_bright(brain)), scale=1, above=24)
    write_volume(_MR, brain, places["brain_mr"], brain_mr.ORIGIN, brain_mr.SPACING)
    DemoTruth(folder, **places, nodules=NODULES, tumour=tumour, opacity=opacity).save(folder / _TRUTH, VERSION)
    progress.step(100, 100, _WRITING)


def _bright(values: NDArray[np.int16]) -> float:
    """Bright, yet no brighter than the brightest tissue: the word must not change the window of the image."""
    return float(np.percentile(values, 99))
