"""Windows of whole chest CTs without their known lesions: what a nodule detector must keep quiet about.

Read from the folders `lung_ct` and `dicom` beside the nodule set, where they are. None of these patients is hidden;
all are training patients (a card says so: figures on these scans are no test).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.prepare import prepare_plane, resize
from medviewer.inference.recipe import Recipe
from training.data.nodule_crops import VALID

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
_KEEP_OFF_MM = 6.0


def sources(data: Path) -> list[Path]:
    """Files that decide the windows; empty where the folders are missing."""
    found = [
        data.parent / "lung_ct" / "volumes.json",
        data.parent / "dicom" / "lung_dx_a0001" / "lesion_boxes.json",
        data.parent / "dicom" / "lidc_idri_0001" / "nodules.json",
    ]
    return [p for p in found if p.is_file()]


def scan_windows(
    data: Path, recipe: Recipe, side: int, count: int, seed: int
) -> tuple[Floats, NDArray[np.uint8]]:
    """(n, side, side) prepared windows centred in or near lung, and their bits (VALID outside known lesions)."""
    rng = np.random.default_rng(seed)
    slices = list(_slices(data))
    if not slices:
        return np.zeros((0, side, side), np.float32), np.zeros((0, side, side), np.uint8)
    each = -(-count // len(slices))
    images, masks = [], []
    for hu, lung, lesion, mm in slices:
        plane = prepare_plane(hu, mm, recipe)[0]
        near = resize(lung.astype(np.float32), plane.shape) >= 0.5
        free = resize(lesion.astype(np.float32), plane.shape) < 0.25
        places = np.argwhere(near)
        if len(places) < side:
            continue
        half = side // 2
        wide = np.pad(plane, half, mode="reflect")
        bits = np.pad(free.astype(np.uint8) * VALID, half)
        for row, column in places[rng.integers(0, len(places), each)]:
            images.append(wide[row : row + side, column : column + side])
            masks.append(bits[row : row + side, column : column + side])
    return np.stack(images), np.stack(masks)


def _slices(data: Path) -> Iterator[tuple[Floats, Bools, Bools, tuple[float, float]]]:
    """(HU (h, w), lung, known lesion, mm (x, y)) of every axial slice with lung."""
    dicom, volumes = data.parent / "dicom", data.parent / "lung_ct"
    if (dicom / "lung_dx_a0001" / "lesion_boxes.json").is_file():
        told = json.loads((dicom / "lung_dx_a0001" / "lesion_boxes.json").read_text())
        for series in told["series"]:
            boxes = {b["file"]: [b["bbox_px"]] for b in series["boxes"]}
            yield from _dicom_slices(dicom / "lung_dx_a0001" / series["folder"], boxes)
    if (dicom / "lidc_idri_0001" / "nodules.json").is_file():
        told = json.loads((dicom / "lidc_idri_0001" / "nodules.json").read_text())
        balls = [(n["centre_lps_mm"], n["mean_diameter_mm"] / 2) for n in told["nodules"]]
        yield from _dicom_slices(dicom / "lidc_idri_0001", {}, balls)
    if (volumes / "lungfcp_01_0001.nii.gz").is_file():
        told = next(
            v for v in json.loads((volumes / "volumes.json").read_text()) if v["name"] == "lungfcp_01_0001"
        )
        yield from _volume_slices(volumes / "lungfcp_01_0001.nii.gz", told)


def _dicom_slices(
    folder: Path, boxes: dict[str, Any], balls: list[tuple[Any, float]] | None = None
) -> Iterator[tuple[Floats, Bools, Bools, tuple[float, float]]]:
    import SimpleITK

    from medviewer.core.geometry import Geometry
    from medviewer.core.volume import Volume
    from medviewer.inference.organs import lung_ct

    files = sorted(folder.glob("*.dcm"))  # named in order of rising z
    image = SimpleITK.ReadImage([str(f) for f in files])
    hu = SimpleITK.GetArrayFromImage(image).astype(np.float32)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    n, rows, columns = hu.shape
    lungs = lung_ct(Volume(hu.astype(np.int16), Geometry(affine, (columns, rows, n))))
    x, y, _ = image.GetSpacing()
    for k, file in enumerate(files):
        lesion = np.zeros((rows, columns), bool)
        off = round(_KEEP_OFF_MM / x)
        for x0, y0, x1, y1 in boxes.get(file.name, []):
            lesion[max(0, int(y0) - off) : int(y1) + off + 1, max(0, int(x0) - off) : int(x1) + off + 1] = (
                True
            )
        if balls:
            lesion |= _balls(affine, k, (rows, columns), balls)
        if lungs[k].any():
            yield hu[k], lungs[k], lesion, (x, y)


def _balls(affine: NDArray[np.floating[Any]], k: int, shape: tuple[int, int], balls: list[tuple[Any, float]]) -> Bools:
    j, i = np.mgrid[: shape[0], : shape[1]]
    places = affine[:3, :3] @ np.stack([i.ravel(), j.ravel(), np.full(i.size, k)]) + affine[:3, 3:4]
    found = np.zeros(i.size, bool)
    for center, radius in balls:
        found |= ((places - np.asarray(center, float)[:, None]) ** 2).sum(0) <= (radius + _KEEP_OFF_MM) ** 2
    return found.reshape(shape)


def _volume_slices(
    path: Path, told: dict[str, Any]
) -> Iterator[tuple[Floats, Bools, Bools, tuple[float, float]]]:
    """NIfTI on axes of the patient: array (x, y, z) with x to the right or left; turned to rows posterior, columns left."""
    import SimpleITK

    image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "LPS")
    lung = SimpleITK.DICOMOrient(
        SimpleITK.ReadImage(str(path.with_name("lungfcp_01_0001_lungmask.nii.gz"))), "LPS"
    )
    hu, lungs = SimpleITK.GetArrayFromImage(image).astype(np.float32), SimpleITK.GetArrayFromImage(lung) > 0
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    balls = [(lesion["centre_lps_mm"], 16.0) for lesion in told["lesions"]]
    for k in range(len(hu)):
        if lungs[k].any():
            yield hu[k], lungs[k], _balls(affine, k, hu.shape[1:], balls), image.GetSpacing()[:2]
