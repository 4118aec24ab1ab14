"""Studies opened lately: kept in the settings, their pictures in the cache, names only where the person wants them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage

from medviewer import paths
from medviewer.core.words import Words, same
from medviewer.io.study import Index, SeriesInfo
from medviewer.ui.settings import Settings

KEPT = 4
MODALITIES: dict[str, Words] = {
    "CT": Words("CT", "CT"),
    "MR": Words("MR", "磁共振"),
    "CR": Words("film", "X 线片"),
    "DX": Words("film", "X 线片"),
    "PT": Words("PET", "PET"),
    "US": Words("Ultrasound", "超声"),
    "MG": Words("Mammogram", "乳腺 X 线"),
    "XA": Words("Angiography", "血管造影"),
    "NM": Words("Nuclear medicine", "核医学"),
}
IMAGES = Words("Images", "图像")
BODY_PARTS: dict[str, str] = {
    "CHEST": "胸部", "THORAX": "胸部", "LUNG": "肺部", "HEAD": "头部", "BRAIN": "颅脑", "SKULL": "颅骨", "NECK": "颈部",
    "ABDOMEN": "腹部", "PELVIS": "盆腔", "LIVER": "肝脏", "HEART": "心脏", "BREAST": "乳腺", "KNEE": "膝关节",
    "HIP": "髋关节", "SHOULDER": "肩关节", "WRIST": "腕关节", "HAND": "手部", "FOOT": "足部", "ANKLE": "踝关节",
    "SPINE": "脊柱", "CSPINE": "颈椎", "TSPINE": "胸椎", "LSPINE": "腰椎", "WHOLEBODY": "全身", "EXTREMITY": "四肢",
}  # fmt: skip


@dataclass(frozen=True)
class Recent:
    """One opening: what was opened, and how its card reads."""

    sources: tuple[str, ...]
    title: Words
    name: str
    date: str
    series: int
    picture: str

    @property
    def connected(self) -> bool:
        return all(Path(source).exists() for source in self.sources)

    @property
    def picture_path(self) -> Path:
        return paths.cache_folder() / "recent" / self.picture

    def as_row(self) -> dict[str, Any]:
        return {
            "sources": list(self.sources), "en": self.title.en, "zh": self.title.zh, "name": self.name,
            "date": self.date, "series": self.series, "picture": self.picture,
        }  # fmt: skip


def listed(settings: Settings) -> list[Recent]:
    """The newest first; rows that can't be read are left out."""
    found = []
    for row in settings.recents[:KEPT]:
        try:
            title = Words(str(row["en"]), str(row["zh"]))
            sources = tuple(str(s) for s in row["sources"])
            picture = str(row["picture"]) if "/" not in str(row["picture"]) else ""
            found.append(
                Recent(sources, title, str(row["name"]), str(row["date"]), int(row["series"]), picture)
            )
        except (KeyError, TypeError, ValueError):
            continue
    return found


def remember(
    settings: Settings, sources: Sequence[Path], index: Index, first: SeriesInfo, picture: QImage | None
) -> None:
    """Put this opening at the top of the list."""
    told = [str(source) for source in sources]
    name = hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:16] + ".png"
    if picture is not None:
        folder = paths.made(paths.cache_folder() / "recent")
        picture.save(str(folder / name))
    entry = Recent(
        tuple(told), title_of(first), first.patient_name or "", date_text(first.date),
        sum(1 for _ in index.series()), name,
    )  # fmt: skip
    rest = [row for row in settings.recents if row.get("sources") != told]
    settings.recents = [entry.as_row(), *rest][: KEPT * 2]


def title_of(series: SeriesInfo) -> Words:
    """What kind of study it is, without whose."""
    kind = MODALITIES.get(series.modality or "", same(series.modality) if series.modality else IMAGES)
    told = (series.body_part or "").strip()
    part = Words(told.title(), BODY_PARTS.get(told.upper(), f"{told.title()} ".lstrip()))
    en = f"{part.en} {kind.en}".strip()
    return Words(en[:1].upper() + en[1:], f"{part.zh}{kind.zh}".strip())


def date_text(date: str | None) -> str:
    """A DICOM date as YYYY-MM-DD."""
    told = (date or "").strip()
    return f"{told[:4]}-{told[4:6]}-{told[6:8]}" if len(told) >= 8 and told[:8].isdigit() else told
