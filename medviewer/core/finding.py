"""Findings, classes and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ReviewState = Literal["open", "accepted", "rejected", "edited"]
FindingKind = Literal["lesion", "detection", "structure"]


@dataclass(frozen=True)
class Code:
    """Coded concept (SNOMED CT "SCT", RadLex "RADLEX", DICOM "DCM")."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Source:
    """Who made it: a model's run, or a reader."""

    kind: Literal["model", "reader"]
    name: str
    version: str = ""
    run_id: str = ""


@dataclass(frozen=True)
class Review:
    state: ReviewState = "open"
    by: str = ""
    when: datetime | None = None


@dataclass(frozen=True, eq=False)
class Finding:
    """Something found in an image; all lengths in mm, places in LPS mm.

    probability: 0..1, a probability only where `calibrated`, else a score; None for a reader's finding.
    diameter_mm: the longest distance in one axial slice between outer pixel edges of the outline; without an
        outline the circle's diameter. bbox_lps_mm: [[low], [high]]. segment: number in the run's
        segmentation.
    """

    id: str
    kind: FindingKind
    label: str
    code: Code | None
    probability: float | None
    calibrated: bool
    center_lps_mm: NDArray[np.float64] | None
    center_ijk: NDArray[np.float64] | None
    diameter_mm: float | None
    volume_ml: float | None
    mean_value: float | None
    unit: str
    bbox_lps_mm: NDArray[np.float64] | None
    source: Source
    segment: int | None = None
    attributes: tuple[dict[str, Any], ...] = ()
    review: Review = field(default_factory=Review)

    def reviewed(self, state: ReviewState, by: str, when: datetime) -> Finding:
        return replace(self, review=Review(state, by, when))


@dataclass(frozen=True)
class ClassScore:
    """One label of a classifier: probability 0..1, the threshold and whether it is reached."""

    label: str
    probability: float
    threshold: float
    positive: bool
    calibrated: bool = False
    code: Code | None = None
