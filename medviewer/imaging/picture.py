"""Pictures without a window: the bare image, and the image with all that a picture that leaves must carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import ClassScore, Finding
from medviewer.core.plane import Plane, PlaneName, Slab
from medviewer.core.segmentation import SaliencyMap, Segmentation
from medviewer.core.units import length_text, position_text, signed, value_text
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.core.words import NOT_FOR_DIAGNOSIS, Language, Words
from medviewer.imaging import overlays as shapes
from medviewer.imaging.fonts import speaks
from medviewer.imaging.lut import GreyTable, to_grey, unsigned_colors
from medviewer.imaging.marks import AI, MUTED, Marks
from medviewer.imaging.presets import default_window
from medviewer.imaging.reslice import Interpolation, ResliceResult, reslice, reslice_stored, stored_plane

Pixels = NDArray[np.uint8]

PLANE_WORDS: dict[str, Words] = {
    "axial": Words("Axial", "轴位"),
    "coronal": Words("Coronal", "冠状位"),
    "sagittal": Words("Sagittal", "矢状位"),
    "film": Words("Image", "图像"),
}
SLAB_WORDS = {"max": Words("MIP", "MIP"), "min": Words("MinIP", "MinIP"), "mean": Words("Mean", "平均")}
SHORTEST_SIDE, LONGEST_SIDE = 768, 2048
"""Pictures with text are enlarged to at least the first and, where no size is asked for, kept below the
second.
"""


@dataclass(frozen=True, eq=False)
class PictureView:
    """What a picture shows. plane: through patient space; None: the stored slice or frame `frame`."""

    plane: Plane | None = None
    name: str = "film"
    frame: int = 0
    window: Window | None = None
    invert: bool = False
    slab: Slab | None = None
    interpolation: Interpolation = "linear"
    language: Language = "en"
    size: tuple[int, int] | None = None
    """Pixels (width, height) of the whole picture; the image keeps its shape, what is left stays black."""


@dataclass(frozen=True, eq=False)
class PictureOverlays:
    """What lies over the image, all optional."""

    segmentation: Segmentation | None = None
    findings: Sequence[Finding] = ()
    classes: Sequence[ClassScore] = ()
    saliency: SaliencyMap | None = None
    threshold: float = 0.3
    opacity: float = 0.5
    cmap: str = "inferno"
    notes: Sequence[Words] = field(default_factory=tuple)


def view_of(
    volume: Volume,
    name: PlaneName | None = None,
    through_lps: ArrayLike | None = None,
    window: Window | None = None,
) -> PictureView:
    """The view a picture has unless told otherwise: axial through the middle, or a film's own image."""
    if not volume.has_place:
        return PictureView(frame=default_frame(volume), window=window)
    name = name or "axial"
    through_lps = middle_of(volume, name) if through_lps is None else through_lps
    return PictureView(volume.geometry.plane(name, through_lps), name, window=window)


def middle_of(volume: Volume, name: PlaneName) -> NDArray[np.float64]:
    """LPS mm of the middle of the stored slice (along that plane's own axis) nearest to the volume's
    middle.
    """
    axis, _ = volume.geometry.slice_axis(name)
    ijk = (np.array(volume.size) - 1) / 2
    ijk[axis] = volume.size[axis] // 2
    return volume.geometry.to_lps(ijk)


def default_frame(volume: Volume) -> int:
    """The middle slice of a stack, the first frame of a cine."""
    return 0 if volume.kind == "cine" else volume.size[2] // 2


def plane_at_slice(volume: Volume, name: PlaneName, number: int) -> Plane:
    """The plane through stored slice `number`, counted from 0 from the right, the front or the foot.

    Raises MedViewerError "fit.slice" where there is none of that number.
    """
    axis, sign = volume.geometry.slice_axis(name)
    count = volume.size[axis]
    check_number(number, count)
    ijk = (np.array(volume.size) - 1) / 2
    ijk[axis] = number if sign > 0 else count - 1 - number
    return volume.geometry.plane(name, volume.geometry.to_lps(ijk))


def check_number(number: int, count: int) -> None:
    """Raise MedViewerError "fit.slice" where a slice or frame of that number is not there."""
    if not 0 <= number < count:
        raise MedViewerError(
            "fit.slice",
            Words(
                "There is no slice {number}; this series has 0 to {last}.",
                "没有第 {number} 层；该序列为 0 至 {last}。",
            ).format(number=number, last=count - 1),
        )


def bare(volume: Volume, view: PictureView) -> Pixels:
    """uint8 [y, x] or [y, x, 3]: the image alone, one pixel per pixel of the view's plane.

    On the volume's own square pixels these are its stored numbers under the window, nothing else.
    """
    cut = _cut(volume, view)
    table = GreyTable(_window(volume, view), cut.scale, cut.stored.dtype, volume.invert != view.invert)
    return to_grey(cut.stored, table, cut.inside)


def _cut(volume: Volume, view: PictureView) -> ResliceResult:
    if view.plane is None:
        check_number(view.frame, volume.size[2])
        return reslice_stored(volume, view.frame, interpolation=view.interpolation, unrounded=True)
    if not volume.has_place:
        raise MedViewerError(
            "fit.plane",
            Words("This series has no place in the patient: only its own images can be shown.",
                  "该序列没有患者空间位置：只能显示其原始图像。"),
        )  # fmt: skip
    return reslice(volume, view.plane, view.slab, view.interpolation, unrounded=True)


def _window(volume: Volume, view: PictureView) -> Window:
    return view.window or default_window(volume)


def picture(volume: Volume, view: PictureView, overlays: PictureOverlays | None = None) -> Pixels:
    """RGB [y, x, 3]: the image with overlays, texts, letters, scale bar, trust mark and the line on its
    purpose.

    No patient's name, identifier or date.
    """
    if not speaks(view.language):
        view = replace(view, language="en")
    overlays = overlays or PictureOverlays()
    image = bare(volume, view)
    plane = view.plane or stored_plane(volume, view.frame)
    scale, left, top, canvas = _layout(plane.size, view.size)
    width, height = (max(1, round(n * scale)) for n in plane.size)
    rgb = np.zeros((canvas[1], canvas[0], 3), np.uint8)
    enlarged = Image.fromarray(image).convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    rgb[top : top + height, left : left + width] = np.asarray(enlarged)
    marks = Marks(rgb, view.language, unit=max(0.75, min(canvas) / 640))
    screen = _Screen(plane, (width, height), (left, top), canvas)
    _draw_overlays(marks, screen, overlays, view)
    _draw_texts(marks, screen, volume, view)
    return marks.array()


def _layout(size: tuple[int, int], wanted: tuple[int, int] | None) -> tuple[float, int, int, tuple[int, int]]:
    """(enlargement, left, top, canvas size)."""
    if wanted is None:
        scale = max(1.0, SHORTEST_SIDE / min(size))
        scale = min(scale, max(1.0, LONGEST_SIDE / max(size)))
        canvas = tuple(max(512, round(n * scale)) for n in size)
    else:
        canvas = wanted
        scale = min(wanted[0] / size[0], wanted[1] / size[1])
    width, height = (max(1, round(n * scale)) for n in size)
    return scale, (canvas[0] - width) // 2, (canvas[1] - height) // 2, (canvas[0], canvas[1])


class _Screen:
    """Where the plane's pixels lie on the canvas."""

    def __init__(
        self, plane: Plane, size: tuple[int, int], corner: tuple[int, int], canvas: tuple[int, int]
    ) -> None:
        self.plane, self.size, self.corner, self.canvas = plane, size, corner, canvas
        self.scale = size[0] / plane.size[0]
        spacing = plane.spacing[0] * plane.size[0] / size[0], plane.spacing[1] * plane.size[1] / size[1]
        self.fine = plane.resized(size, spacing, plane.center_lps)

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        factor = np.array(self.size) / np.array(self.plane.size)
        placed: NDArray[np.float64] = (xy + 0.5) * factor - 0.5 + np.array(self.corner)
        return placed

    def framed(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """An image of the plane's fine size on a canvas of zeros."""
        out = np.zeros((self.canvas[1], self.canvas[0], *image.shape[2:]), image.dtype)
        (x, y), (width, height) = self.corner, self.size
        out[y : y + height, x : x + width] = image
        return out


def _draw_overlays(marks: Marks, screen: _Screen, overlays: PictureOverlays, view: PictureView) -> None:
    plane = screen.plane
    if overlays.saliency is not None:
        rgba = shapes.saliency_image(
            overlays.saliency, screen.fine, overlays.threshold, overlays.opacity, overlays.cmap
        )
        if rgba is not None:
            marks.image_over(screen.framed(rgba))
        lines = shapes.saliency_outlines(overlays.saliency, screen.fine, overlays.threshold)
        for _, contours in lines:
            marks.outline([c + np.array(screen.corner) for c in contours], (255, 236, 200), 1.0)
        height = screen.canvas[1] / 3
        place = screen.canvas[0] - 26 * marks.unit, (screen.canvas[1] - height) / 2
        marks.color_bar(place, (8 * marks.unit, height), unsigned_colors(overlays.cmap), overlays.threshold)
    if overlays.segmentation is not None:
        found = shapes.segment_shapes(overlays.segmentation, plane)
        for shape in found:
            if len(found) <= 8:
                fine = np.asarray(Image.fromarray(shape.fill).resize(screen.size, Image.Resampling.NEAREST))
                marks.fill(screen.framed(fine.astype(np.uint8)).astype(bool), shape.color)
            marks.outline([screen.points(c) for c in shape.contours], shape.color)
    thickness = view.slab.thickness_mm if view.slab else 0.0
    kept = [f for f in overlays.findings if f.review.state != "rejected"]
    for circle in shapes.finding_circles(kept, plane, thickness):
        x, y = (float(v) for v in screen.points(np.array(circle.xy)))
        radius = circle.radius_px * screen.scale + 3 * marks.unit
        marks.ring((x, y), radius)
        number = 1 + [f.id for f in overlays.findings].index(circle.id)
        figure = "" if circle.probability is None else f" {circle.probability:.2f}"
        marks.text((x + radius + 3 * marks.unit, y), f"{number}{figure}", 11, AI, "lm")
    y = screen.canvas[1] * 0.12
    for score in overlays.classes:
        line = (
            f"{score.label} {score.probability:.2f} ({'≥' if score.positive else '<'} {score.threshold:.2f})"
        )
        marks.text((screen.canvas[0] - 10 * marks.unit, y), line, 12, AI if score.positive else MUTED, "rt")
        y += 17 * marks.unit


def _draw_texts(marks: Marks, screen: _Screen, volume: Volume, view: PictureView) -> None:
    (w, h), u, lang = screen.canvas, marks.unit, view.language
    edge, line = 10 * u, 17 * u
    letters = plane_letters(volume, view)
    for side, at, anchor in (
        ("left", (edge, h / 2), "lm"), ("right", (w - edge, h / 2), "rm"),
        ("top", (w / 2, edge), "mt"), ("bottom", (w / 2, h - edge - line), "mb"),
    ):  # fmt: skip
        marks.text(at, letters.get(side, ""), 14, anchor=anchor)  # type: ignore[arg-type]
    name = PLANE_WORDS[view.name].text(lang)
    marks.text((edge, edge), " · ".join(t for t in (name, str(volume.meta.get("modality") or "")) if t), 12)
    if view.slab is not None and view.slab.thickness_mm > 0:
        slab = f"{SLAB_WORDS[view.slab.mode].text(lang)} {length_text(view.slab.thickness_mm)}"
        marks.text((w - edge, edge), slab, 12, anchor="rt")
    bottom = h - edge
    marks.text((w / 2, bottom), NOT_FOR_DIAGNOSIS.text(lang), 11, MUTED, "mb")
    marks.trust_mark((edge, bottom - line), volume.report.verdict, volume.report.words.text(lang))
    if not volume.is_color:
        window = _window(volume, view)
        marks.text((edge, bottom - 2 * line), window_text(window, volume.values.unit), 12, anchor="lb")
    if view.plane is not None:
        marks.text((w - edge, bottom - line), position_text(view.plane.center_lps), 12, anchor="rb")
    elif volume.size[2] > 1:
        marks.text((w - edge, bottom - line), f"{view.frame + 1} / {volume.size[2]}", 12, anchor="rb")
    if view.plane is not None or volume.pixel_spacing is not None:
        mm, px = shapes.scale_bar(screen.fine, 0.25)
        marks.bar((w - edge - px, bottom - 2.4 * line), px, shapes.scale_bar_text(mm))


def plane_letters(volume: Volume, view: PictureView) -> dict[str, str]:
    """Orientation letters at the picture's edges; none where the image does not say how the patient lies."""
    if view.plane is not None:
        return {str(side): letters for side, letters in view.plane.letters().items()}
    told = volume.meta.get("orientation")
    return dict(told) if isinstance(told, dict) else {}


def window_text(window: Window, unit: str) -> str:
    """ "C 40  W 400 HU", as short as the numbers allow."""

    def number(value: float) -> str:
        return (
            signed(round(value)) if abs(value) >= 10 or float(value).is_integer() else value_text(value, "")
        )

    return f"C {number(window.center)}  W {number(window.width)} {unit}".strip()
