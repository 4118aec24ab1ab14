"""What is drawn over a plane, as plain shapes in the plane's pixels; painters of the window and of pictures
draw it.

Pixel positions are (x, y) with pixel centres at integers, so that a picture of w x h pixels spans -0.5 to w -
0.5.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Finding
from medviewer.core.plane import Plane, Slab
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.imaging.lut import colormap, map_rgba
from medviewer.imaging.outlines import Contour, outlines
from medviewer.imaging.reslice import Interpolation, reslice, reslice_grid

SEGMENT_COLORS = (
    (102, 178, 241), (245, 154, 0), (19, 148, 106), (245, 240, 111),
    (245, 194, 182), (222, 81, 38), (129, 104, 245), (217, 240, 240),
)  # fmt: skip
"""Colours of segments in their order; told apart in normal, protan, deutan and tritan vision."""

MAP_OUTLINE_LEVELS = (0.7,)
"""A map is outlined at its threshold and at these shares."""


@dataclass(frozen=True, eq=False)
class SegmentShape:
    """A segment on a plane: closed outlines (n, 2) along pixel edges, and its pixels [y, x]."""

    number: int
    label: str
    color: tuple[int, int, int]
    contours: list[Contour]
    fill: NDArray[np.bool_]


@dataclass(frozen=True)
class CircleShape:
    """Where a plane cuts the sphere of a finding."""

    id: str
    xy: tuple[float, float]
    radius_px: float
    label: str
    probability: float | None


def segment_shapes(
    segmentation: Segmentation, plane: Plane, numbers: Iterable[int] | None = None, with_contours: bool = True
) -> list[SegmentShape]:
    """Segments that the plane meets, nearest voxel, each on the label map's own geometry.

    numbers: only these. with_contours False leaves the outlines empty: enough while a plane is being turned.
    """
    labels = reslice_grid(segmentation.labels, segmentation.geometry, plane, "nearest")
    wanted = None if numbers is None else set(numbers)
    shapes = []
    for number in _present(labels):
        if wanted is not None and number not in wanted:
            continue
        segment = segmentation.segment(number)
        label = segment.label if segment else str(number)
        color = segment.color if segment else segment_color(number)
        fill = labels == number
        shapes.append(SegmentShape(number, label, color, outlines(fill) if with_contours else [], fill))
    return shapes


def segment_color(number: int) -> tuple[int, int, int]:
    """Colour of a segment that has none of its own, by its number from 1."""
    return SEGMENT_COLORS[(number - 1) % len(SEGMENT_COLORS)]


def _present(labels: NDArray[Any]) -> list[int]:
    found = np.flatnonzero(np.bincount(labels.ravel())) if labels.dtype.itemsize == 1 else np.unique(labels)
    return [int(n) for n in found if n != 0]


def finding_circles(
    findings: Iterable[Finding], plane: Plane, thickness_mm: float = 0.0
) -> list[CircleShape]:
    """Circles where the plane (or a slab of that thickness) cuts the spheres of findings; nothing where it
    does not.

    The radius is that of the cut, sqrt(r² - d²), at the distance d in mm; with a slab d counts from its
    nearer face. Findings without a centre or a diameter have no circle.
    """
    circles = []
    for finding in findings:
        if finding.center_lps_mm is None or not finding.diameter_mm:
            continue
        radius = finding.diameter_mm / 2
        distance = max(0.0, abs(float(plane.distance(finding.center_lps_mm))) - thickness_mm / 2)
        if distance >= radius:
            continue
        x, y = (float(v) for v in plane.to_pixel(finding.center_lps_mm))
        cut = float(np.sqrt(radius**2 - distance**2)) / plane.spacing[0]
        circles.append(CircleShape(finding.id, (x, y), cut, finding.label, finding.probability))
    return circles


_tops: weakref.WeakKeyDictionary[SaliencyMap, float] = weakref.WeakKeyDictionary()


def saliency_shares(saliency: SaliencyMap, plane: Plane) -> NDArray[np.float32] | None:
    """The map on a plane [y, x], linear, as a share 0..1 of its largest value anywhere; None where it is all
    zero.
    """
    top = _tops.get(saliency)
    if top is None:
        top = _tops[saliency] = float(np.nanmax(saliency.map, initial=0.0))
    if top <= 0:
        return None
    cut = reslice_grid(np.asarray(saliency.map, np.float32), saliency.geometry, plane, "linear")
    return np.clip(cut / np.float32(top), 0, 1)


def saliency_image(
    saliency: SaliencyMap, plane: Plane, threshold: float = 0.3, opacity: float = 0.5, cmap: str = "inferno"
) -> NDArray[np.uint8] | None:
    """RGBA [y, x, 4] of a map over a plane; None where nothing of it lies above the threshold."""
    shares = saliency_shares(saliency, plane)
    if shares is None or not (shares >= max(threshold, 1e-6)).any():
        return None
    return map_rgba(shares, cmap, opacity, threshold)


def saliency_outlines(
    saliency: SaliencyMap, plane: Plane, threshold: float = 0.3
) -> list[tuple[float, list[Contour]]]:
    """(share, outlines) of a map at the threshold and at `MAP_OUTLINE_LEVELS`."""
    shares = saliency_shares(saliency, plane)
    if shares is None:
        return []
    levels = sorted({threshold, *(v for v in MAP_OUTLINE_LEVELS if v > threshold)})
    return [(level, outlines(shares >= max(level, 1e-6))) for level in levels]


def fused_image(
    volume: Volume,
    plane: Plane,
    window: Window,
    opacity: float = 0.5,
    cmap: str = "hot_metal",
    threshold: float = 0.02,
    slab: Slab | None = None,
    interpolation: Interpolation = "linear",
) -> NDArray[np.uint8]:
    """RGBA [y, x, 4] of a second volume on its own geometry over a plane: PET over CT, a probability over its
    image.

    Brightness under the window picks the colour; where it is below the threshold (a share), or outside the
    second volume, nothing is drawn.
    """
    cut = reslice(volume, plane, slab, interpolation)
    if volume.is_color:
        rgb, share = cut.stored, cut.stored.max(axis=2) / 255.0
    else:
        share = window.apply(cut.stored.astype(np.float64) * cut.scale[0] + cut.scale[1])
        rgb = colormap(cmap)[(share * 255 + 0.5).astype(np.uint8)]
    alpha = np.where(share >= threshold, opacity, 0.0)
    if cut.inside is not None:
        alpha[~cut.inside] = 0
    return np.concatenate([rgb, (alpha * 255 + 0.5).astype(np.uint8)[..., None]], axis=2)


def round_length(longest_mm: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten millimetres that is not above `longest_mm`."""
    power = 10.0 ** np.floor(np.log10(longest_mm))
    return float(max(n * power for n in (1, 2, 5) if n * power <= longest_mm * (1 + 1e-9)))


def scale_bar(plane: Plane, share: float = 0.3, px_per_mm: float | None = None) -> tuple[float, float]:
    """(length in mm, length in pixels) of a scale bar: a round length of at most that share of the picture's
    width.

    px_per_mm: of the screen, where the plane is shown larger or smaller than its own pixels.
    """
    scale = px_per_mm if px_per_mm is not None else 1.0 / plane.spacing[0]
    mm = round_length(plane.size[0] * plane.spacing[0] * share)
    return mm, mm * scale


def scale_bar_text(mm: float) -> str:
    """ "5 cm", "5 mm", "0.5 mm"."""
    return f"{mm / 10:g} cm" if mm >= 10 else f"{mm:g} mm"
