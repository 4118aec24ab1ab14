"""Small generated sets, laid out as the real ones: bright discs in noise, no patient's picture."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LABELS = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip


def _write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _disc(side: int, row: float, column: float, radius: float) -> NDArray[np.bool_]:
    r, c = np.mgrid[:side, :side]
    return np.asarray((r - row) ** 2 + (c - column) ** 2 <= radius**2)


def nodule_set(folder: Path, crops: int = 6) -> Path:
    """`crops` nodule crops and as many others for train and for val, four readers who agree."""
    rng = np.random.default_rng(1)
    positives, negatives = [], []
    for split in ("train", "val"):
        mosaic, marks = np.zeros((16 * 96, 16 * 96), np.uint8), np.zeros((16 * 96, 16 * 96), np.uint8)
        others = np.zeros((32 * 48, 32 * 48), np.uint8)
        for k in range(crops):
            radius = 4 + k
            disc = _disc(96, 48, 48, radius)
            crop = rng.integers(20, 40, (96, 96)) + 110 * disc
            place = np.s_[:96, k * 96 : (k + 1) * 96]
            mosaic[place], marks[place] = crop, disc * 15
            others[:48, k * 48 : (k + 1) * 48] = rng.integers(20, 40, (48, 48))
            common = {
                "tile_row": 0, "tile_col": k, "split": split, "patient": f"{split}-{k // 2}", "pixel_mm": 0.7,
                "hu_at_0": -1000, "hu_at_255": 400, "hu_ok": 1,
            }  # fmt: skip
            positives.append({
                "file": f"{split}_00.webp", **common, "nodule": k, "readers": 4, "readers_on_slice": 4,
                "diameter_mm": 2 * radius * 0.7, "malignancy": 3, "reader_areas_px": ";".join([str(disc.sum())] * 4),
            })  # fmt: skip
            negatives.append({"file": f"neg_{split}_00.webp", **common})
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mosaic).save(folder / f"{split}_00.webp", lossless=True)
        Image.fromarray(marks).save(folder / f"{split}_00_masks.png")
        Image.fromarray(others).save(folder / f"neg_{split}_00.webp", lossless=True)
    _write_rows(folder / "index.csv", positives)
    _write_rows(folder / "negatives.csv", negatives)
    return folder


def brain_set(folder: Path, slices: int = 6) -> Path:
    """`slices` heads with one bright tumour each for train and for val, the three types in turn."""
    rng = np.random.default_rng(2)
    rows = []
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "brain_t1ce.zip", "w") as archive:
        for n in range(2 * slices):
            split, number = ("train", "val")[n >= slices], n + 1
            tumour = _disc(256, 110 + 4 * (n % 3), 90, 14)
            picture = 60 * _disc(256, 128, 128, 100) + 120 * tumour + rng.integers(0, 20, (256, 256))
            for name, image in (
                (f"images/{number:04d}.webp", Image.fromarray(picture.astype(np.uint8))),
                (f"masks/{number:04d}.png", Image.fromarray((tumour * 255).astype(np.uint8)).convert("1")),
            ):
                buffer = io.BytesIO()
                image.save(
                    buffer, name[-4:].strip(".").upper(), **({"lossless": True} if "webp" in name else {})
                )
                archive.writestr(name, buffer.getvalue())
            rows.append({
                "slice_id": number, "label": n % 3 + 1, "split": split, "cv_fold": 1 if split == "train" else 4,
                "series_id": f"S{n // 2:03d}", "plane": "axial", "pixel_mm_256": 0.98,
            })  # fmt: skip
    _write_rows(folder / "index.csv", rows)
    return folder


def film_set(folder: Path, each: int = 6) -> Path:
    """`each` films of every sub-set and split, every second one with pneumonia (a bright patch, boxed)."""
    rng = np.random.default_rng(3)
    for subset, sub, size in (
        ("kermany", "kermany", (64, 80)),
        ("nih256", "nih", (64, 64)),
        ("nih128", "nih", (48, 48)),
    ):
        rows = []
        for split in ("train", "val"):
            archive = f"{split}.zip" if subset == "kermany" else f"{subset}_{split}.zip"
            (folder / sub).mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(folder / sub / archive, "w") as packed:
                for k in range(each):
                    ill, name = k % 2, f"{subset}_{split}_{k}.png"
                    picture = rng.integers(40, 90, size)
                    picture[20:36, 10:26] += 120 * ill
                    buffer = io.BytesIO()
                    Image.fromarray(picture.astype(np.uint8)).save(buffer, "PNG")
                    packed.writestr(name, buffer.getvalue())
                    row = {
                        "file": name, "patient": f"{split}-{subset}-{k}", "width": size[1], "height": size[0],
                        "split": split, "archive": archive,
                    }  # fmt: skip
                    if subset == "kermany":
                        row["pneumonia"] = ill
                    else:
                        row |= {label: int(label == "Pneumonia" and ill) for label in LABELS}
                        row["boxes"] = json.dumps([["Pneumonia", 10, 20, 16, 16]]) if ill else ""
                    rows.append(row)
        _write_rows(folder / sub / ("index.csv" if subset == "kermany" else f"{subset}_index.csv"), rows)
    return folder
