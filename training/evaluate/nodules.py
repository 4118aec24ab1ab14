"""Nodule crops: detections in judged windows, outlines and diameters; the metrics as their definitions have them."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from medviewer.inference.prepare import prepare_plane
from training.config import Config
from training.data.nodule_crops import CROP, NEGATIVE, Crop, Floats, consensus, crops, rows_of
from training.data.tables import Row
from training.evaluate import Predict
from training.evaluate.statistics import Figure, dice, figure

WINDOW = 48
FP_RATES = (1 / 64, 1 / 32, 1 / 16, 1 / 8)  # false positives a window
HIT_MARGIN_PX = 2
LEAST_SCORE = 0.02
PEAK_MM = 4.0
Key = tuple[str, str, str]


@dataclass
class Predicted:
    """detections: (score, row, column) in pixels of the crop. outlines: bool (96, 96). diameters in mm."""

    detections: dict[Key, list[tuple[float, float, float]]] = field(default_factory=dict)
    outlines: dict[Key, NDArray[np.bool_]] = field(default_factory=dict)
    diameters: dict[Key, float] = field(default_factory=dict)


def key_of(row: Row) -> Key:
    return row["file"], row["tile_row"], row["tile_col"]


def window(row: Row) -> tuple[int, int]:
    """First (row, column) of the judged window in a nodule crop, fixed by the crop's place in its file."""
    digest = hashlib.sha1(f"{row['file']}/{row['tile_row']}/{row['tile_col']}".encode()).digest()
    return digest[0] % 33 + 8, digest[1] % 33 + 8


def predicted(predict: Predict, config: Config, data: Path, split: str) -> Predicted:
    """What the network says of every crop of the split; labels and masks are not looked at."""
    recipe = config.recipe
    labels = config.viewer["output"]["labels"]
    outline = next(label for label in labels if label["role"] == "mask")
    center = next(label for label in labels if label["role"] == "centre")
    positives, negatives = rows_of(data, "index.csv", split), rows_of(data, "negatives.csv", split)
    whole = list(crops(data, positives, CROP, with_masks=False))
    shown = [(c, _cut(c), window(c.row)) for c in whole]
    shown += [(c, c.hu, (0, 0)) for c in crops(data, negatives, NEGATIVE, with_masks=False)]
    found = Predicted()
    planes = [prepare_plane(hu, (c.pixel_mm, c.pixel_mm), recipe) for c, hu, _ in shown]
    for (crop, hu, first), chances in zip(shown, predict(planes), strict=True):
        found.detections[key_of(crop.row)] = _peaks(
            chances[center["channel"]], hu.shape[0], first, recipe.pixel_mm or 1
        )
    planes = [prepare_plane(c.hu, (c.pixel_mm, c.pixel_mm), recipe) for c in whole]
    for crop, chances in zip(whole, predict(planes), strict=True):
        mask = _outline(chances[outline["channel"]], outline["threshold"])
        found.outlines[key_of(crop.row)] = mask
        found.diameters[key_of(crop.row)] = longest_diameter(mask, crop.pixel_mm)
    return found


def _cut(crop: Crop) -> Floats:
    top, left = window(crop.row)
    return crop.hu[top : top + WINDOW, left : left + WINDOW]


def _peaks(heat: Floats, n: int, first: tuple[int, int], pixel_mm: float) -> list[tuple[float, float, float]]:
    """Local maxima of the heat map, at least `PEAK_MM` apart, in pixels of the crop."""
    reach = 2 * max(1, round(PEAK_MM / pixel_mm)) + 1
    tops = (heat == ndimage.maximum_filter(heat, reach)) & (heat >= LEAST_SCORE)
    scale = n / heat.shape[0]
    return [
        (
            float(heat[r, c]),
            float((r + 0.5) * scale - 0.5 + first[0]),
            float((c + 0.5) * scale - 0.5 + first[1]),
        )
        for r, c in np.argwhere(tops)
    ]


def _outline(chance: Floats, threshold: float) -> NDArray[np.bool_]:
    """The part at, or nearest to, the crop's middle, on the crop's own pixels, holes filled."""
    from medviewer.inference.slices import LinearMap

    own = LinearMap((chance.shape[0], chance.shape[1]), (CROP, CROP))(chance)
    parts, count = ndimage.label(own >= threshold, np.ones((3, 3)))
    if not count:
        return np.zeros((CROP, CROP), bool)
    far = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    middle = CROP // 2
    nearest = parts[far[0][middle, middle], far[1][middle, middle]]
    return np.asarray(ndimage.binary_fill_holes(parts == nearest), bool)


def longest_diameter(outline: NDArray[np.bool_], pixel_mm: float) -> float:
    """Longest distance in mm between any two pixel corners of a 2-D outline; 0 for an empty one."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    if not outline.any():
        return 0.0
    at = np.argwhere(outline)
    corners = np.unique(np.concatenate([at + d for d in ((0, 0), (0, 1), (1, 0), (1, 1))]), axis=0)
    return float(pdist(corners[ConvexHull(corners).vertices]).max() * pixel_mm)


def write(found: Predicted, data: Path, split: str, out: Path) -> None:
    """detections.csv, outlines.csv and outlines/<mosaic>.png."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "detections.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "tile_row", "tile_col", "row", "col", "score"])
        for key, peaks in found.detections.items():
            table.writerows([*key, f"{r:.3f}", f"{c:.3f}", f"{score:.6f}"] for score, r, c in peaks)
    with (out / "outlines.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "tile_row", "tile_col", "diameter_mm", "malignancy"])
        table.writerows([*key, f"{mm:.3f}", ""] for key, mm in found.diameters.items())
    mosaics: dict[str, NDArray[np.uint8]] = {}
    for (name, row, column), mask in found.outlines.items():
        if name not in mosaics:
            with Image.open(data / name) as image:
                mosaics[name] = np.zeros((image.height, image.width), np.uint8)
        top, left = int(row) * CROP, int(column) * CROP
        mosaics[name][top : top + CROP, left : left + CROP] = mask * np.uint8(255)
    (out / "outlines").mkdir(exist_ok=True)
    for name, mosaic in mosaics.items():
        Image.fromarray(mosaic).save(out / "outlines" / name.replace(".webp", ".png"))


def figures(data: Path, found: Predicted, split: str, draws: int = 1000) -> dict[str, Figure | None]:
    """The metrics; each None where the labels do not allow it (all masks empty)."""
    judged, groups, outlines, owners = [], [], [], []
    largest: dict[tuple[str, str], tuple[float, float]] = {}
    any_mask = False
    for crop in crops(data, rows_of(data, "index.csv", split), CROP, with_masks=True):
        row, key = crop.row, key_of(crop.row)
        agreed, some = consensus(crop)
        any_mask = any_mask or bool(some.any())
        sure = int(row.get("readers") or 0) >= 3
        judged.append((True, sure, *_hits(found.detections.get(key, []), window(row), agreed, some)))
        groups.append(row["patient"])
        if not sure:
            continue
        mask = found.outlines.get(key, np.zeros((CROP, CROP), bool))
        outlines.append(dice(mask, agreed) if mask.any() else 0.0)
        owners.append(row["patient"])
        area = float(np.mean([float(a) for a in (row.get("reader_areas_px") or "").split(";") if a] or [0.0]))
        nodule = (row["patient"], row["nodule"])
        if nodule not in largest or area > largest[nodule][0]:
            largest[nodule] = (area, abs(found.diameters.get(key, 0.0) - float(row.get("diameter_mm") or 0)))
    for row in rows_of(data, "negatives.csv", split):
        judged.append((False, False, -np.inf, [s for s, _, _ in found.detections.get(key_of(row), [])]))
        groups.append(row["patient"])
    if not any_mask:
        return dict.fromkeys(("cpm_readers3", "cpm_all", "outline_dice", "diameter_error_mm_median"))
    few = min(draws, 300)
    return {
        "cpm_readers3": figure(judged, groups, lambda x: _cpm(x, True), few),
        "cpm_all": figure(judged, groups, lambda x: _cpm(x, False), few),
        "outline_dice": figure(outlines, owners, lambda x: float(np.mean(x)), draws),
        "diameter_error_mm_median": figure(
            [e for _, e in largest.values()], [p for p, _ in largest], lambda x: float(np.median(x)), draws
        ),
    }


def _hits(
    peaks: list[tuple[float, float, float]],
    first: tuple[int, int],
    agreed: NDArray[np.bool_],
    some: NDArray[np.bool_],
) -> tuple[float, list[float]]:
    """(best score on the nodule, scores off every outline); inside some reader's outline only counts as neither."""
    near, any_near = (ndimage.binary_dilation(m, iterations=HIT_MARGIN_PX) for m in (agreed, some))
    hit, false = -np.inf, []
    for score, r, c in peaks:
        if not (first[0] <= r < first[0] + WINDOW and first[1] <= c < first[1] + WINDOW):
            continue
        place = round(min(r, CROP - 1)), round(min(c, CROP - 1))
        if near[place]:
            hit = max(hit, score)
        elif not any_near[place]:
            false.append(score)
    return hit, false


def _cpm(items: list[tuple[bool, bool, float, list[float]]], sure_only: bool) -> float:
    """Mean sensitivity at the four rates of false positives."""
    false = np.sort([s for item in items for s in item[3]])[::-1]
    hits = np.array([item[2] for item in items if item[0] and (item[1] or not sure_only)])
    if not len(hits):
        return float("nan")
    found = []
    for rate in FP_RATES:
        allowed = int(rate * len(items))
        found.append(float(np.mean(hits > (false[allowed] if allowed < len(false) else -np.inf))))
    return float(np.mean(found))
