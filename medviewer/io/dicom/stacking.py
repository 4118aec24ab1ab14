"""From frames at places to one grid: order, tilt, gaps, uneven steps, and a report of it all.

Frames are ordered by position along their normal; InstanceNumber only breaks ties and SliceThickness is never used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medviewer.core.report import GeometryReport, ReportItem, Verdict
from medviewer.core.words import Words
from medviewer.io.dicom.instance import Frame

EVEN = 0.02
"""Steps that differ from a whole multiple of the usual one by less than this share are even."""
NEARLY_EVEN = 0.06
SAME_PLACE_MM = 2e-3
TILT_DEG = 0.1
MOST_MISSING = 0.34
"""A larger share of missing slices is no volume any more."""
LONGEST_GAP = 4
"""Steps of the longest gap that is filled."""

MISSING = Words(
    "{n} slices are missing; the gaps were filled by interpolation.", "缺失 {n} 层；间隙已用插值填充。"
)
MANY_MISSING = Words(
    "Too many slices are missing for a volume: shown as a stack.", "缺层过多，无法构成容积：按堆叠显示。"
)
UNEVEN = Words(
    "Slice spacing varies; resampled to an even {mm} mm.", "层间距不均匀；已重采样为均匀的 {mm} mm。"
)
SLIGHTLY = Words("Slice positions vary slightly (up to {mm} mm).", "层面位置略有偏差（最大 {mm} mm）。")
VERY_UNEVEN = Words(
    "Slice spacing varies too much for a volume: shown as a stack.",
    "层间距差异过大，无法构成容积：按堆叠显示。",
)
TILTED = Words(
    "Tilted by {deg}° (gantry); the planes are corrected exactly.", "机架倾斜 {deg}°；各平面已精确校正。"
)
STRAY = Words("The slices do not lie on one line: shown as a stack.", "各层面不在同一直线上：按堆叠显示。")
NO_PLACE = Words(
    "Slice positions are missing: shown as a stack, no lengths across slices.",
    "缺少层面位置：按堆叠显示，不提供层间长度。",
)
NO_SPACING = Words("Pixel spacing is missing: lengths in pixels.", "缺少像素间距：长度以像素计。")
DUPLICATES = Words("{n} duplicate images were left out.", "已略去 {n} 幅重复图像。")
ONE_PLACE = Words(
    "All frames show the same place: shown as a stack in time.", "所有帧位于同一位置：按时间序列堆叠显示。"
)


@dataclass(eq=False)
class Stack:
    """Frames in order and the grid they make.

    frames:  in order of position (or as given). affine: 4 x 4 ijk -> LPS mm of the grid, None where there is none.
    plan:    for each slice of the grid (a, b, weight): frame a, or a mix (1 - weight) a + weight b.
    """

    frames: list[Frame]
    affine: NDArray[np.float64] | None
    plan: list[tuple[int, int, float]]
    report: GeometryReport
    distance: float | None = None
    """Step from slice to slice in mm, along the line of positions."""

    @property
    def depth(self) -> int:
        return len(self.plan)


@dataclass
class _Notes:
    verdict: Verdict = "green"
    items: list[ReportItem] = field(default_factory=list)

    def add(self, verdict: Verdict, code: str, words: Words, slices: tuple[int, ...] = ()) -> None:
        order: list[Verdict] = ["green", "amber", "red"]
        self.verdict = max(self.verdict, verdict, key=order.index)
        self.items.append(ReportItem(code, words, slices))


def plain(
    frames: list[Frame], code: str, words: Words, verdict: Verdict = "red", duplicates: int = 0
) -> Stack:
    """Frames in the given order, without a place."""
    notes = _Notes()
    notes.add(verdict, code, words)
    if duplicates:
        notes.add(verdict, "duplicates", DUPLICATES.format(n=duplicates))
    plan = [(n, n, 0.0) for n in range(len(frames))]
    report = GeometryReport(notes.verdict, 0.0, 0, duplicates, tuple(notes.items))
    return Stack(frames, None, plan, report)


def normal_of(frame: Frame) -> NDArray[np.float64]:
    """Unit normal of a frame with orientation: rows' direction x columns'."""
    turn = frame.orientation
    if turn is None:
        raise ValueError("no orientation")
    normal = np.cross(turn[:3], turn[3:])
    return np.asarray(normal / np.linalg.norm(normal))


def along(frames: list[Frame]) -> NDArray[np.float64]:
    """Position of each frame along the first one's normal, mm."""
    places = np.array([f.position for f in frames], dtype=np.float64)
    return np.asarray(places @ normal_of(frames[0]))


def stack(frames: list[Frame], duplicates: int = 0) -> Stack:
    """The grid of at least two frames of one orientation, each at a place of its own."""
    depth = along(frames)
    order = np.argsort(depth, kind="stable")
    frames = [frames[n] for n in order]
    depth = depth[order]
    places = np.array([f.position for f in frames], dtype=np.float64)
    notes = _Notes()
    steps = np.diff(depth)
    base = _usual_step(steps)
    multiples = np.maximum(np.rint(steps / base), 1)
    span = places[-1] - places[0]
    tilt = _angle(normal_of(frames[0]), span)
    if not _on_a_line(places, depth, frames[0]):
        return _red(frames, "geometry.line", STRAY, tilt, duplicates)
    off = float(np.abs(steps - multiples * base).max() / base)
    if off <= NEARLY_EVEN:
        missing = int((multiples - 1).sum())
        total = len(frames) + missing
        if missing and (missing > MOST_MISSING * total or multiples.max() > LONGEST_GAP or len(frames) < 4):
            return _red(frames, "geometry.missing", MANY_MISSING, tilt, duplicates, missing)
        if off > EVEN:
            notes.add("amber", "geometry.uneven", SLIGHTLY.format(mm=f"{off * base:.2f}"))
        plan, holes = _plan_with_gaps(multiples)
        if missing:
            notes.add("amber", "geometry.missing", MISSING.format(n=missing), holes)
    else:
        missing = 0
        if (
            len(frames) < 4
            or steps.max() > LONGEST_GAP * max(steps.min(), 0.05 * base)
            or steps.max() > LONGEST_GAP * base
        ):
            return _red(frames, "geometry.uneven", VERY_UNEVEN, tilt, duplicates)
        plan = _even_plan(depth)
        notes.add(
            "amber", "geometry.uneven", UNEVEN.format(mm=f"{(depth[-1] - depth[0]) / (len(plan) - 1):.2f}")
        )
    if tilt > TILT_DEG:
        notes.add("amber", "geometry.tilt", TILTED.format(deg=f"{tilt:.1f}"))
    if duplicates:
        notes.add("amber", "geometry.duplicates", DUPLICATES.format(n=duplicates))
    if frames[0].spacing is None:
        notes.add("red", "geometry.spacing", NO_SPACING)
        report = GeometryReport("red", tilt, missing, duplicates, tuple(notes.items))
        return Stack(frames, None, [(n, n, 0.0) for n in range(len(frames))], report)
    affine = _affine(frames[0], span / (len(plan) - 1))
    report = GeometryReport(notes.verdict, tilt, missing, duplicates, tuple(notes.items))
    return Stack(frames, affine, plan, report, float(np.linalg.norm(span)) / (len(plan) - 1))


def _red(
    frames: list[Frame], code: str, words: Words, tilt: float, duplicates: int, missing: int = 0
) -> Stack:
    items = [ReportItem(code, words)]
    if duplicates:
        items.append(ReportItem("geometry.duplicates", DUPLICATES.format(n=duplicates)))
    report = GeometryReport("red", tilt, missing, duplicates, tuple(items))
    return Stack(frames, None, [(n, n, 0.0) for n in range(len(frames))], report)


def _usual_step(steps: NDArray[np.float64]) -> float:
    """The smallest step that at least a quarter of all steps have (to 6 %); else the median."""
    for step in np.sort(steps):
        near = np.abs(steps - step) <= NEARLY_EVEN * step
        if near.sum() >= max(1, 0.25 * len(steps)):
            return float(np.median(steps[near]))
    return float(np.median(steps))


def _angle(normal: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    cross = np.linalg.norm(np.cross(normal, line))
    degrees = float(np.degrees(np.arctan2(cross, abs(float(normal @ line)))))
    return 0.0 if degrees < 0.02 else degrees


def _on_a_line(places: NDArray[np.float64], depth: NDArray[np.float64], frame: Frame) -> bool:
    """Whether no position is further from the line first-last than a fifth of a pixel (0.05 mm at least)."""
    share = (depth - depth[0]) / (depth[-1] - depth[0])
    off = places - (places[0] + share[:, None] * (places[-1] - places[0]))
    allowed = max(0.05, 0.2 * min(frame.spacing)) if frame.spacing else 0.2
    return bool(np.linalg.norm(off, axis=1).max() <= allowed)


def _plan_with_gaps(multiples: NDArray[np.float64]) -> tuple[list[tuple[int, int, float]], tuple[int, ...]]:
    plan, holes = [(0, 0, 0.0)], []
    for n, jump in enumerate(multiples.astype(int)):
        for inner in range(1, jump):
            holes.append(len(plan))
            plan.append((n, n + 1, inner / jump))
        plan.append((n + 1, n + 1, 0.0))
    return plan, tuple(holes)


def _even_plan(depth: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """A grid of the median step over the whole range, each slice mixed from its two neighbours."""
    count = max(2, round(float((depth[-1] - depth[0]) / np.median(np.diff(depth)))) + 1)
    wanted = np.linspace(depth[0], depth[-1], count)
    below = np.clip(np.searchsorted(depth, wanted, side="right") - 1, 0, len(depth) - 2)
    weight = (wanted - depth[below]) / (depth[below + 1] - depth[below])
    plan = []
    for a, w in zip(below.tolist(), weight.tolist(), strict=True):
        if w < 1e-3:
            plan.append((a, a, 0.0))
        elif w > 1 - 1e-3:
            plan.append((a + 1, a + 1, 0.0))
        else:
            plan.append((a, a + 1, w))
    return plan


def _affine(frame: Frame, step: NDArray[np.float64]) -> NDArray[np.float64]:
    turn, spacing = frame.orientation, frame.spacing
    if turn is None or spacing is None or frame.position is None:
        raise ValueError("no place")
    affine = np.eye(4)
    affine[:3, 0] = np.array(turn[:3]) * spacing[1]
    affine[:3, 1] = np.array(turn[3:]) * spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = frame.position
    return affine
