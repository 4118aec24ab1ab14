"""Volumes, label maps and maps to files: NIfTI, NRRD, MetaImage. Nothing half-written is ever left behind."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.core.volume import Volume
from medviewer.core.words import Words

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
RESAMPLED = Words(
    "The volume is tilted; it was resampled to a right-angled grid that covers it (shift in plane, linear).",
    "该容积存在倾斜；已重采样为覆盖其范围的直角网格（层内平移，线性插值）。",
)
NO_PLACE = Words("This series has no place in the patient; written with the first axis to the left, second to posterior.",
                 "该序列没有患者体内位置；写出时首轴向左、次轴向后。")  # fmt: skip
COLOR = Words("Written in colour (RGB).", "以彩色（RGB）写出。")


def check_ending(path: Path) -> str:
    """The ending of a file name that can be written; MedViewerError "usage.ending" for others."""
    name = path.name.lower()
    ending = next((e for e in ENDINGS if name.endswith(e)), None)
    if ending is None or name == ending:
        raise MedViewerError(
            "usage.ending",
            Words("The file to write must end in {endings}.", "输出文件名须以 {endings} 结尾。").format(
                endings=", ".join(ENDINGS)
            ),
        )
    return ending


def write_volume(volume: Volume, path: Path) -> list[Words]:
    """Write values (in unit) and geometry; returns what a person should know of it.

    Integers stay integers where slope and intercept are whole. A sheared grid is resampled to a right-angled one.
    """
    notes = []
    array = values_array(volume)
    geometry = volume.geometry
    if not volume.has_place:
        notes.append(NO_PLACE)
    elif not geometry.is_orthogonal():
        array, geometry = upright(array, geometry)
        notes.append(RESAMPLED)
    if volume.is_color:
        notes.append(COLOR)
    write_array(array, geometry, path)
    return notes


def write_label_map(segmentation: Segmentation, path: Path) -> None:
    """Write a label map on its grid; labels as the smallest unsigned integers. A sheared grid is kept as it is."""
    labels = segmentation.labels
    top = int(labels.max(initial=0))
    write_array(labels.astype(np.uint8 if top < 256 else np.uint16), segmentation.geometry, path)


def write_map(saliency: SaliencyMap, path: Path) -> None:
    """Write a float map on its grid."""
    write_array(saliency.map.astype(np.float32), saliency.geometry, path)


def values_array(volume: Volume) -> NDArray[Any]:
    """Voxels in unit: the smallest integers that hold them where slope and intercept are whole, else float32."""
    array, values = volume.array, volume.values
    if volume.is_color or values.is_identity:
        return array
    slopes, intercepts = values.slope, values.intercept
    whole = bool((slopes == np.rint(slopes)).all() and (intercepts == np.rint(intercepts)).all())
    if array.dtype.kind == "f" or not whole or array.dtype.itemsize > 4:
        return np.stack([volume.slice_values(k) for k in range(len(array))])
    ends = [(int(array[k].min()), int(array[k].max()), *values.at(k)) for k in range(len(array))]
    reached = [v * int(s) + int(c) for low, high, s, c in ends for v in (low, high)]
    kinds = (np.uint8, np.int16, np.uint16, np.int32)
    dtype = next(
        (d for d in kinds if min(reached) >= np.iinfo(d).min and max(reached) <= np.iinfo(d).max), None
    )
    if dtype is None:
        return np.stack([volume.slice_values(k) for k in range(len(array))])
    out = np.empty(array.shape, dtype)
    for k in range(len(array)):
        slope, intercept = values.at(k)
        out[k] = (array[k].astype(np.int64) * int(slope) + int(intercept)).astype(dtype)
    return out


def upright(array: NDArray[Any], geometry: Geometry) -> tuple[NDArray[Any], Geometry]:
    """A sheared grid [k, j, i] resampled linearly to a right-angled one that holds all of it; outside is the least value.

    The new axes are those of the slices and their normal; a tilted gantry becomes a shift within each slice.
    """
    axes = geometry.frame()
    if axes[:, 2] @ geometry.affine[:3, 2] < 0:
        axes = axes * np.array([1, 1, -1])
    x, y, _ = geometry.spacing
    step = np.array([x, y, geometry.slice_distance])
    corners = geometry.corners_lps() @ axes
    low, high = corners.min(0), corners.max(0)
    size = np.maximum(1, np.ceil((high - low) / step - 1e-6).astype(int) + 1)
    affine = np.eye(4)
    affine[:3, :3] = axes * step
    affine[:3, 3] = axes @ low
    target = Geometry(affine, (int(size[0]), int(size[1]), int(size[2])))
    to_old = geometry.inverse @ target.affine
    outside = array.min()
    out = np.full(size[::-1], outside, array.dtype)
    i, j = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    flat = np.stack([i.ravel(), j.ravel()], axis=1).astype(np.float64)
    for k in range(int(size[2])):
        points = flat @ to_old[:3, :2].T + (to_old[:3, 2] * k + to_old[:3, 3])
        out[k] = _linear(array, points, outside).reshape(size[1], size[0])
    return out, target


def _linear(array: NDArray[Any], points: NDArray[np.float64], outside: Any) -> NDArray[Any]:
    """Trilinear samples at (i, j, k) points; `outside` beyond half a voxel from the outer centres."""
    top = np.array(array.shape[::-1]) - 1
    inside = ((points >= -0.5) & (points <= top + 0.5)).all(1)
    spots = np.clip(points, 0, top)
    base = np.minimum(spots.astype(np.int64), np.maximum(top - 1, 0))
    share = spots - base
    total = np.zeros(len(points))
    for corner in range(8):
        offset = np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1])
        weight = np.prod(np.where(offset, share, 1 - share), axis=1)
        used = weight > 0
        spot = np.minimum(base[used] + offset, top)
        total[used] += weight[used] * array[spot[:, 2], spot[:, 1], spot[:, 0]]
    if array.dtype.kind in "iu":
        total = np.rint(total)
    return np.where(inside, total, float(outside)).astype(array.dtype)


def write_array(array: NDArray[Any], geometry: Geometry, path: Path) -> None:
    """Write [k, j, i] (or [k, j, i, 3]) with its grid."""
    import SimpleITK as sitk

    check_ending(path)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=array.ndim == 4)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin([float(v) for v in geometry.affine[:3, 3]])
    image.SetDirection([float(v) for v in geometry.direction.ravel()])
    written(
        path,
        lambda place: sitk.WriteImage(
            image, str(place), useCompression=not path.name.lower().endswith(".nii")
        ),
    )


def written(path: Path, write: Callable[[Path], Any]) -> None:
    """Call `write` for a name beside the path (same ending), then move it into place; makes the folder.

    Raises OSError where the folder can't be written to, MedViewerError "resource.write" where the writer fails.
    """
    ending = ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix
    made = _folder(path.parent)
    place = path.with_name(f".{secrets.token_hex(6)}{ending}")
    try:
        with place.open("wb"):
            pass  # tells by an OSError of its own kind where nothing can be written
        try:
            write(place)
        except RuntimeError as fault:
            _tell_full(path.parent, fault)
        place.replace(path)
    except BaseException:
        place.unlink(missing_ok=True)
        for folder in made:
            try:
                folder.rmdir()
            except OSError:
                break
        raise


def _folder(folder: Path) -> list[Path]:
    """Make a folder; returns those that were made, the innermost first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir()
    return missing


def _tell_full(folder: Path, fault: RuntimeError) -> None:
    import shutil

    if shutil.disk_usage(folder).free < 1 << 20:
        raise MedViewerError(
            "resource.disk", Words("The disk is full; nothing was written.", "磁盘已满，未写入任何内容。")
        ) from fault
    raise MedViewerError(
        "resource.write", Words("The file could not be written.", "无法写出文件。"), detail=str(fault)[-200:]
    ) from fault
