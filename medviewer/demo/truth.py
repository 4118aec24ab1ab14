"""What was put into the synthetic studies, and where: places in LPS mm, sizes in mm and ml."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Nodule:
    """A lung nodule. diameter_mm: of its body (without spicules); hu: of the body in its middle."""

    centre_lps_mm: Point
    diameter_mm: float
    hu: float
    kind: str  # solid | spiculated | ground-glass
    place: str


@dataclass(frozen=True)
class Tumour:
    """A brain tumour that takes up contrast at its rim. diameters_mm: of the outer rim along x, y, z."""

    centre_lps_mm: Point
    diameters_mm: Point
    volume_ml: float


@dataclass(frozen=True)
class Opacity:
    """What was added to the lung that the film is projected from; pixel: (column, row) of its middle in the film."""

    pixel: tuple[float, float]
    width_px: float


@dataclass(frozen=True)
class DemoTruth:
    """The three studies below `folder` and what they hold."""

    folder: Path
    chest_ct: Path
    brain_mr: Path
    chest_film: Path
    nodules: tuple[Nodule, ...]
    tumour: Tumour
    opacity: Opacity

    def save(self, path: Path, version: str) -> None:
        """Write as JSON, with the version of what made it."""
        told: dict[str, Any] = {
            "version": version,
            "nodules": [asdict(n) for n in self.nodules],
            "tumour": asdict(self.tumour),
            "opacity": asdict(self.opacity),
        }
        path.write_text(json.dumps(told, indent=1), encoding="utf-8")

    @staticmethod
    def load(path: Path, version: str) -> DemoTruth | None:
        """What `save` wrote, None where it is missing, broken or of another version."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["version"] != version:
                return None
            return DemoTruth(
                folder=path.parent,
                **folders(path.parent),
                nodules=tuple(
                    Nodule(**{**n, "centre_lps_mm": tuple(n["centre_lps_mm"])}) for n in told["nodules"]
                ),
                tumour=Tumour(
                    tuple(told["tumour"]["centre_lps_mm"]),
                    tuple(told["tumour"]["diameters_mm"]),
                    told["tumour"]["volume_ml"],
                ),
                opacity=Opacity(tuple(told["opacity"]["pixel"]), told["opacity"]["width_px"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def folders(parent: Path) -> dict[str, Path]:
    """Where each study lies."""
    return {name: parent / name for name in ("chest_ct", "brain_mr", "chest_film")}
