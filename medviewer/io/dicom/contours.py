"""Volumes of an RTSTRUCT from its contours: area by area, holes taken out, planes at their distance (PS3.3 C.8.8.6)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.io.dicom.header import Header

Polygon = NDArray[np.float64]


def segments_of(header: Header) -> list[dict[str, Any]]:
    """[{"number", "label", "voxels": None, "volume_ml", "centroid_lps_mm"}], from closed planar contours alone."""
    dataset = header.elements()
    names = {
        int(r.ROINumber): str(r.get("ROIName", "")) for r in dataset.get("StructureSetROISequence") or []
    }
    planes: dict[int, list[Polygon]] = {number: [] for number in names}
    for roi in dataset.get("ROIContourSequence") or []:
        number = int(roi.get("ReferencedROINumber", -1))
        for contour in roi.get("ContourSequence") or []:
            raw = contour.get("ContourData") or []
            closed = str(contour.get("ContourGeometricType", "")) in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
            if closed and len(raw) >= 9 and len(raw) % 3 == 0:
                planes.setdefault(number, []).append(np.array([float(v) for v in raw]).reshape(-1, 3))
    found = []
    for number in sorted(planes):
        volume, centroid = _measured(planes[number])
        found.append({
            "number": number, "label": names.get(number, ""), "voxels": None, "volume_ml": volume,
            "centroid_lps_mm": centroid,
        })  # fmt: skip
    return found


def _measured(polygons: list[Polygon]) -> tuple[float | None, list[float] | None]:
    """(ml, centroid in LPS mm) of contours on parallel planes; None where the distance of planes is not known."""
    if not polygons:
        return None, None
    normal = _normal(max(polygons, key=lambda p: float(np.linalg.norm(_vector_area(p)))))
    if normal is None:
        return None, None
    by_depth: dict[float, list[Polygon]] = defaultdict(list)
    for polygon in polygons:
        by_depth[round(float((polygon @ normal).mean()), 2)].append(polygon)
    depths = sorted(by_depth)
    if len(depths) < 2:
        return None, None
    step = float(np.median(np.diff(depths)))
    total, moment = 0.0, np.zeros(3)
    for group in by_depth.values():
        for n, polygon in enumerate(group):
            area, center = _area_and_center(polygon, normal)
            inside = sum(_holds(other, polygon[0], normal) for m, other in enumerate(group) if m != n)
            sign = -1.0 if inside % 2 else 1.0
            total += sign * area
            moment += sign * area * center
    if total <= 0:
        return None, None
    return total * step / 1000, (moment / total).tolist()


def _vector_area(polygon: Polygon) -> NDArray[np.float64]:
    moved = polygon - polygon[0]
    return np.asarray(np.cross(moved, np.roll(moved, -1, axis=0)).sum(0) / 2)


def _normal(polygon: Polygon) -> NDArray[np.float64] | None:
    area = _vector_area(polygon)
    length = float(np.linalg.norm(area))
    return area / length if length > 1e-9 else None


def _flat(polygon: Polygon, normal: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two unit vectors that span the plane, as columns."""
    first = np.eye(3)[int(np.argmin(np.abs(normal)))]
    u = np.cross(normal, first)
    u /= np.linalg.norm(u)
    basis = np.stack([u, np.cross(normal, u)], axis=1)
    return polygon @ basis, basis


def _area_and_center(polygon: Polygon, normal: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    flat, basis = _flat(polygon, normal)
    origin = flat[0]
    a = flat - origin
    b = np.roll(a, -1, axis=0)
    cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
    area = cross.sum() / 2
    center = ((a + b) * cross[:, None]).sum(0) / (6 * area) if abs(area) > 1e-9 else a.mean(0)
    return abs(float(area)), basis @ (center + origin) + normal * float((polygon @ normal).mean())


def _holds(polygon: Polygon, point: NDArray[np.float64], normal: NDArray[np.float64]) -> bool:
    """Whether a point lies inside a polygon of its plane (even-odd)."""
    flat, basis = _flat(polygon, normal)
    x, y = point @ basis
    a, b = flat, np.roll(flat, -1, axis=0)
    crossing = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return bool((crossing & (x < at)).sum() % 2)
