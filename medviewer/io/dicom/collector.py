"""Gathers the files of a scan into series, and makes those anew to which files came."""

from __future__ import annotations

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.dicom import derived
from medviewer.io.dicom.codecs import refusal
from medviewer.io.dicom.header import CUT, Header
from medviewer.io.dicom.instance import MEDIA_DIRECTORY, WHOLE_SLIDE, Instance, role_of
from medviewer.io.dicom.series import Refuse, series_of
from medviewer.io.study import SeriesInfo

WHOLE_SLIDE_WORDS = Words(
    "Whole-slide microscopy can't be shown by this viewer.", "本程序不支持显示全切片显微图像。"
)
NO_IMAGE = Words(
    "This DICOM file holds neither an image nor an object that can be shown.",
    "该 DICOM 文件不含可显示的图像或对象。",
)


class Collector:
    """Takes headers one by one; `series()` gives all series of what has come so far."""

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._images: dict[tuple[str, ...], list[Instance]] = {}
        self._derived: list[Header] = []
        self._changed: set[tuple[str, ...]] = set()
        self._made: dict[tuple[str, ...], list[SeriesInfo]] = {}
        self.directories: list[Header] = []

    def add(self, header: Header) -> None:
        """Take a file in; raises MedViewerError where it can't be shown."""
        sop_class = header.text("SOPClassUID")
        if sop_class == MEDIA_DIRECTORY:
            self.directories.append(header)
            return
        role = role_of(sop_class)
        if role is not None:
            self._derived.append(header)
            return
        if sop_class == WHOLE_SLIDE or "TotalPixelMatrixColumns" in header:
            raise MedViewerError("input.whole_slide", WHOLE_SLIDE_WORDS)
        if "Rows" not in header and not header.has_pixels:
            cut = header.truncated
            raise MedViewerError("input.truncated" if cut else "input.no_image", CUT if cut else NO_IMAGE)
        instance = Instance(header)
        instance.check()
        if (words := refusal(header.syntax)) is not None:
            raise MedViewerError("input.transfer_syntax", words)
        uid = header.text("SeriesInstanceUID") or "file:" + header.source.name
        key = (header.text("PatientID"), header.text("PatientName"), header.text("StudyInstanceUID"), uid)
        self._images.setdefault(key, []).append(instance)
        self._changed.add(key)

    def changed(self) -> list[SeriesInfo]:
        """The series to which files came since the last call."""
        found = []
        for key in self._changed:
            # what can't be shown is refused once, at the end
            self._made[key] = series_of(self._images[key], _ignore)
            found += self._made[key]
        self._changed.clear()
        return found

    def series(self, pixels: bool) -> list[SeriesInfo]:
        """All series; those that were not touched since `changed` are not made anew."""
        found: list[SeriesInfo] = []
        for key, instances in self._images.items():
            if key in self._changed or key not in self._made:
                self._made[key] = series_of(instances, self._refuse)
            found += self._made[key]
        self._changed.clear()
        images = list(found)
        for header in self._derived:
            try:
                found.append(derived.series_of(header, images, pixels))
            except MedViewerError as fault:
                self._refuse(header.source.name, fault.code, fault.sentence)
        _unique_keys(found)
        return found


def _ignore(path: str, code: str, sentence: Words) -> None:
    del path, code, sentence


def _unique_keys(series: list[SeriesInfo]) -> None:
    seen: dict[str, int] = {}
    for one in series:
        count = seen[one.key] = seen.get(one.key, 0) + 1
        if count > 1:
            one.key = f"{one.key}~{count}"
