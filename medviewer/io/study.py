"""What was found: patients, studies, series, and what could not be read. Headers only, no voxels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.report import GeometryReport
from medviewer.core.volume import SeriesKind, SpacingSource
from medviewer.core.window import Window
from medviewer.core.words import Words

NO_SUCH = Words(
    "There is no such series here; {n} are listed by `medviewer info`.",
    "没有该序列；`medviewer info` 共列出 {n} 个。",
)


@dataclass(eq=False)
class SeriesInfo:
    """One thing that the viewer offers: a volume, a stack, a film, a cine, a derived object or a document.

    key:        names it within one opening; the same for the same files (series UID and part; holds no patient data).
    part:       what tells it from the other parts of its series, or None.
    files:      how many files it is made of. size: (columns, rows, slices or frames).
    spacing_mm: between columns, rows and slices in mm; None where not vouched for.
    affine_lps: voxel (column, row, slice) to LPS mm, 4 x 4; only of a volume.
    suv:        PET: {"bw": factor from unit to SUVbw or None, "reason"}.
    source:     what the loader needs; nobody else looks into it.
    """

    key: str
    uid: str | None
    number: int | None
    modality: str | None
    description: str | None
    kind: SeriesKind
    files: int
    size: tuple[int, int, int]
    channels: int = 1
    part: dict[str, Any] | None = None
    spacing_mm: tuple[float | None, float | None, float | None] = (None, None, None)
    spacing_source: SpacingSource | None = None
    affine_lps: NDArray[np.float64] | None = None
    frame_time_ms: float | None = None
    unit: str = "a.u."
    report: GeometryReport = field(default_factory=GeometryReport)
    windows: list[Window] = field(default_factory=list)
    body_part: str | None = None
    study_uid: str | None = None
    study_description: str | None = None
    date: str | None = None
    patient_name: str | None = None
    patient_id: str | None = None
    suv: dict[str, Any] | None = None
    segments: list[dict[str, Any]] | None = None
    references: list[str] | None = None
    measurements: list[dict[str, Any]] | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    source: Any = None

    @property
    def patient_key(self) -> tuple[str, str]:
        """Tells patients apart within one opening."""
        return self.patient_name or "", self.patient_id or ""

    @property
    def is_image(self) -> bool:
        """Whether it has pixels that a pane can show."""
        return self.kind in ("volume", "stack", "film", "cine")

    @property
    def voxels(self) -> int:
        return self.size[0] * self.size[1] * self.size[2] if self.is_image else 0


@dataclass(eq=False)
class StudyInfo:
    uid: str | None
    date: str | None
    description: str | None
    series: list[SeriesInfo] = field(default_factory=list)


@dataclass(eq=False)
class PatientInfo:
    name: str | None
    id: str | None
    studies: list[StudyInfo] = field(default_factory=list)


@dataclass(frozen=True)
class Refused:
    """A file that was meant to be an image and can't be shown; `path` is relative to what was opened."""

    path: str
    code: str
    sentence: Words


@dataclass(eq=False)
class Index:
    """All that one opening found, in the order in which `info` lists it."""

    patients: list[PatientInfo] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @classmethod
    def of(cls, series: list[SeriesInfo], refused: list[Refused]) -> Index:
        """Sorted by patient (those without a header last), study date, series number; never by file order."""
        index = cls(refused=refused)
        patients: dict[tuple[str, str], PatientInfo] = {}
        studies: dict[tuple[tuple[str, str], str], StudyInfo] = {}
        for one in sorted(series, key=_order):
            patient = patients.get(one.patient_key)
            if patient is None:
                patient = patients[one.patient_key] = PatientInfo(one.patient_name, one.patient_id)
                index.patients.append(patient)
            place = (one.patient_key, one.study_uid or "")
            study = studies.get(place)
            if study is None:
                study = studies[place] = StudyInfo(one.study_uid, one.date, one.study_description)
                patient.studies.append(study)
            study.series.append(one)
        return index

    def series(self) -> Iterator[SeriesInfo]:
        """All series, in order; `find("1")` is the first."""
        for patient in self.patients:
            for study in patient.studies:
                yield from study.series

    def drop(self, series: SeriesInfo) -> None:
        """Take a series out, with its study and patient where nothing else is in them."""
        for patient in list(self.patients):
            for study in list(patient.studies):
                study.series = [s for s in study.series if s is not series]
            patient.studies = [s for s in patient.studies if s.series]
        self.patients = [p for p in self.patients if p.studies]

    def find(self, selector: str | None = None) -> SeriesInfo:
        """The series of that number (from 1) or UID (its first part); None: the largest volume, else the first image.

        Raises MedViewerError "fit.series" where there is none.
        """
        listed = list(self.series())
        if selector is None:
            volumes = [s for s in listed if s.kind == "volume"]
            found = (
                max(volumes, key=lambda s: s.voxels)
                if volumes
                else next((s for s in listed if s.is_image), None)
            )
            if found is None:
                raise MedViewerError(
                    "fit.series", Words("There is no image to show here.", "此处没有可显示的图像。")
                )
            return found
        wanted = str(selector).strip()
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(listed):
            return listed[int(wanted) - 1]
        for one in listed:
            if wanted in (one.uid, one.key):
                return one
        raise MedViewerError(
            "fit.series",
            NO_SUCH.format(n=len(listed)),
        )


def _order(one: SeriesInfo) -> tuple[Any, ...]:
    unnamed = one.uid is None and not one.patient_name and not one.patient_id
    number = one.number if one.number is not None else 1 << 31
    return (
        unnamed, one.patient_name or "", one.patient_id or "", one.date or "", one.study_uid or "",
        number, one.uid or "", one.meta.get("listed", ""), one.meta.get("order", 0), one.key,
    )  # fmt: skip
