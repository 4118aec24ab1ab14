"""Patients, studies and series as a tree that Qt's views and screen readers understand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, QStandardItem, QStandardItemModel

from medviewer.core.words import Words, same
from medviewer.io.study import Index, PatientInfo, SeriesInfo, StudyInfo
from medviewer.ui.language import tr
from medviewer.ui.recent import date_text, title_of

MIME = "application/x-medviewer-series"
KIND = Qt.ItemDataRole.UserRole + 1
"""Role: "patient", "study" or "series"."""
OBJECT = Qt.ItemDataRole.UserRole + 2
"""Role: PatientInfo, StudyInfo or SeriesInfo."""
PICTURE = Qt.ItemDataRole.UserRole + 3
"""Role of a series: its QImage, or None while there is none."""
FINDINGS = Qt.ItemDataRole.UserRole + 4
"""Role of a series: how many findings of models it has."""
LOADING = Qt.ItemDataRole.UserRole + 5
"""Role of a series: share loaded, 0..1, or None."""
WHEN = Qt.ItemDataRole.UserRole + 6
"""Role of a study: Words "Now" or "Prior"."""

RIGHT = Words("Right as it is", "几何正常")
STACK = Words("Stack only, no mm", "仅堆叠，不可测距")
DOCUMENT = Words("Document", "文档")
DERIVED = Words("Derived", "派生对象")
NOW = Words("Now", "本次")
PRIOR = Words("Prior", "既往")
UNDATED = Words("", "")
NO_NAME = Words("No name in the file", "文件中无姓名")
SLICES = Words("{n} slices", "{n} 层")
FRAMES = Words("{n} frames", "{n} 帧")
IMAGES = Words("{n} images", "{n} 幅")
ONE_IMAGE = Words("1 image", "1 幅")
FILES = Words("{n} files", "{n} 个文件")

LIGHTS = {
    "green": ("circle-check", "good"),
    "amber": ("triangle-alert", "care"),
    "red": ("octagon-alert", "bad"),
}
"""Verdict -> (icon, tone)."""


def patient_name(patient: PatientInfo) -> Words:
    """Name as it is read: components of a DICOM person name with spaces; its ideographic group where it has one."""
    told = (patient.name or "").strip()
    if not told:
        return same(patient.id) if patient.id else NO_NAME
    groups = [" ".join(part for part in g.split("^") if part).strip() for g in told.split("=")]
    latin = groups[0] or next((g for g in groups if g), "")
    return Words(latin, next((g.replace(" ", "") for g in groups[1:2] if g), "") or latin)


def series_name(series: SeriesInfo) -> Words:
    return same(series.description) if series.description else title_of(series)


def count_words(series: SeriesInfo) -> Words:
    n = series.size[2] if series.is_image else series.files
    if series.kind == "volume":
        return SLICES.format(n=n)
    if series.kind == "cine":
        return FRAMES.format(n=n)
    if series.is_image:
        return ONE_IMAGE if n == 1 else IMAGES.format(n=n)
    return FILES.format(n=n)


def spacing_text(series: SeriesInfo) -> str:
    z = series.spacing_mm[2] if series.kind == "volume" else None
    return f"{z:.1f} mm" if z else ""


def light_words(series: SeriesInfo) -> Words:
    """The light of a series in words."""
    if not series.is_image:
        return DOCUMENT if series.kind == "document" else DERIVED
    report = series.report
    if report.verdict == "green":
        return RIGHT
    if report.verdict == "red":
        return STACK
    return report.words


def matches(series: SeriesInfo, text: str) -> bool:
    """Whether name, initials, ID, date or a description holds every word typed.

    Of a name in several scripts all groups are searched, so pinyin finds a Chinese name where the file has both.
    """
    name = series.patient_name or ""
    initials = "".join(part[0] for part in name.replace("=", "^").replace(" ", "^").split("^") if part)
    date = series.date or ""
    hay = " ".join(
        part
        for part in (
            name.replace("^", " "), name.replace("^", ""), initials, series.patient_id, date, date_text(date),
            series.study_description, series.description, series.modality, series.body_part,
        ) if part
    ).lower()  # fmt: skip
    return all(word in hay for word in text.lower().split())


class BrowserModel(QStandardItemModel):
    """Tree of an Index; filled anew when the index changes, pictures and counts kept by series key."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: dict[str, QImage] = {}
        self._findings: dict[str, int] = {}
        self._loading: dict[str, float] = {}
        self._items: dict[str, QStandardItem] = {}

    def fill(self, index: Index, text: str = "") -> None:
        """Show that index, of it only what matches the text."""
        self.clear()
        self._items = {}
        for patient in index.patients:
            shown = [(study, [s for s in study.series if matches(s, text)]) for study in patient.studies]
            shown = [(study, series) for study, series in shown if series]
            if not shown:
                continue
            head = _item(tr(patient_name(patient)), "patient", patient)
            newest = max(study.date or "" for study in patient.studies)
            for study, series in sorted(shown, key=lambda pair: pair[0].date or "", reverse=True):
                head.appendRow(self._study(study, series, (study.date or "") == newest))
            self.appendRow(head)

    def _study(self, study: StudyInfo, series: Sequence[SeriesInfo], newest: bool) -> QStandardItem:
        made = _item(f"{date_text(study.date)} {study.description or ''}".strip(), "study", study)
        made.setData(NOW if newest else PRIOR, WHEN)
        for one in series:
            told = ", ".join(
                part for part in (tr(series_name(one)), one.modality, tr(count_words(one)), spacing_text(one),
                                  tr(light_words(one))) if part
            )  # fmt: skip
            item = _item(told, "series", one)
            item.setData(self._pictures.get(one.key), PICTURE)
            item.setData(self._findings.get(one.key, 0), FINDINGS)
            item.setData(self._loading.get(one.key), LOADING)
            item.setDragEnabled(one.is_image)
            made.appendRow(item)
            self._items[one.key] = item
        return made

    def item_of(self, key: str | None) -> QStandardItem | None:
        return self._items.get(key) if key else None

    def picture_of(self, key: str) -> QImage | None:
        return self._pictures.get(key)

    def set_picture(self, key: str, picture: QImage) -> None:
        self._pictures[key] = picture
        if key in self._items:
            self._items[key].setData(picture, PICTURE)

    def set_findings(self, key: str, count: int) -> None:
        self._findings[key] = count
        if key in self._items:
            self._items[key].setData(count, FINDINGS)

    def set_loading(self, key: str, share: float | None) -> None:
        if share is None:
            self._loading.pop(key, None)
        else:
            self._loading[key] = share
        if key in self._items:
            self._items[key].setData(share, LOADING)

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex | QPersistentModelIndex]) -> QMimeData:
        data = QMimeData()
        for index in indexes:
            one = index.data(OBJECT)
            if isinstance(one, SeriesInfo):
                data.setData(MIME, QByteArray(one.key.encode("utf-8")))
        return data


def _item(text: str, kind: str, one: object) -> QStandardItem:
    made = QStandardItem(text)
    made.setData(kind, KIND)
    made.setData(one, OBJECT)
    made.setEditable(False)
    made.setDragEnabled(False)
    made.setDropEnabled(False)
    return made
