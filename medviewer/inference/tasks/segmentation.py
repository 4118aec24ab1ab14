"""Segmentation: label probabilities of each slice become coherent structures through the volume."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Finding, Source
from medviewer.core.jobs import Progress
from medviewer.core.segmentation import Segment, Segmentation
from medviewer.core.volume import Volume
from medviewer.inference.clock import Clock
from medviewer.inference.measure import Measures, measure
from medviewer.inference.organs import organ_mask
from medviewer.inference.planes import PlaneReader
from medviewer.inference.session import Session
from medviewer.inference.slices import SliceStack
from medviewer.inference.spec import LabelSpec, SegmentationSpec, ViewerSpec
from medviewer.inference.tasks import Outcome
from medviewer.inference.tasks.lesion_mask import own_mask
from medviewer.inference.tasks.parts import Lesion, Part, link, parts_of_slice
from medviewer.inference.tasks.search import plan_search
from medviewer.inference.tiles import run_slices

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


class SegmentationTask:
    """Labels by probability, smoothed across slices, as connected structures of enough volume."""

    def memory_bytes(self, session: Session, volume: Volume) -> float:
        """The label map on the volume's grid, and a slab of probabilities."""
        voxels = float(np.prod(volume.array.shape[:3]))
        slab = (session.package.spec.segmentation or SegmentationSpec()).smooth_slices + 4
        return 2 * voxels + 4 * slab * session.package.spec.scores * 4 * float(
            np.prod(volume.array.shape[1:3])
        )

    def run(
        self, session: Session, volume: Volume, source: Source, progress: Progress, clock: Clock
    ) -> Outcome:
        spec = session.package.spec
        settings = spec.segmentation or SegmentationSpec()
        with clock.stage("prepare"):
            stack = SliceStack.of(volume, spec.input.plane)
            reader = PlaneReader(stack, spec.input)
            organ = organ_mask(spec.input.organ, volume, progress.check)
            allowed = None if organ is None else stack.oriented(organ)
            plans = plan_search(reader, session, allowed)
        parts = PartsByLabel(
            spec, settings, None if allowed is None else lambda s: reader.nearest(allowed[s])
        )
        smoother = SliceSmoother(settings.smooth_slices, parts.take)
        run_slices(session, plans, reader.prepare, smoother.add, progress, clock)
        with clock.stage("post"):
            smoother.finish()
            return _outcome(parts, reader, spec, settings, source)


class SliceSmoother:
    """Averages each slice with its neighbours (triangular weights over `width` slices) as they come.

    Keeps no more than `width` slices. add(index, (K, h, w)) in rising order; a gap in the order ends the averaging.
    """

    def __init__(self, width: int, hand_on: Callable[[int, Floats], None]) -> None:
        self.reach = max(0, (width - 1) // 2)
        self._hand_on = hand_on
        self._kept: deque[tuple[int, Floats]] = deque()
        self._next = 0  # how many at the front of `_kept` are already handed on

    def add(self, index: int, chances: Floats) -> None:
        if self.reach == 0:
            self._hand_on(index, chances)
            return
        if self._kept and index != self._kept[-1][0] + 1:
            self.finish()
        self._kept.append((index, chances.copy()))
        if len(self._kept) - self._next > self.reach:
            self._emit()

    def finish(self) -> None:
        """Hand on what still waits for neighbours that will not come."""
        while self._next < len(self._kept):
            self._emit()
        self._kept.clear()
        self._next = 0

    def _emit(self) -> None:
        index, _ = self._kept[self._next]
        total, weights = np.zeros_like(self._kept[0][1]), 0.0
        for other, chances in self._kept:
            weight = self.reach + 1 - abs(other - index)
            if weight > 0:
                total += np.float32(weight) * chances
                weights += weight
        self._hand_on(index, total / np.float32(weights))
        self._next += 1
        while self._next > self.reach:
            self._kept.popleft()
            self._next -= 1


class PartsByLabel:
    """Collects the parts of each slice: one group where the type is told by the whole structure, else one a label."""

    def __init__(
        self, spec: ViewerSpec, settings: SegmentationSpec, allowed: Callable[[int], Bools] | None
    ) -> None:
        self.labels = [label for label in spec.labels if label.role != "centre"]
        self.by_structure = settings.type_from == "mean" and len(self.labels) > 1
        self.groups: dict[str, list[Part]] = (
            {"": []} if self.by_structure else {label.name: [] for label in self.labels}
        )
        self._spec = spec
        self._allowed = allowed

    @property
    def threshold(self) -> float:
        """Where one structure holds all labels: the least of their thresholds, on the sum of their probabilities."""
        return min(label.threshold for label in self.labels)

    def take(self, index: int, chances: Floats) -> None:
        """Parts of one slice's probabilities (K, h, w)."""
        where = None if self._allowed is None else self._allowed(index)
        for name, threshold, outline in self._outlines(chances):
            least = min(threshold, 1.0)
            found = parts_of_slice(index, outline, outline, threshold, least, where)
            for part in found:
                r0, r1, c0, c1 = part.box
                crop = chances[:, r0:r1, c0:c1][:, part.mask]
                part.sums = crop.sum(1)
            self.groups[name] += found

    def _outlines(self, chances: Floats) -> Iterator[tuple[str, float, Floats]]:
        channels = [label.channel for label in self.labels]
        softmax = self._spec.activation == "softmax"
        if self.by_structure:
            together = chances[channels].sum(0) if softmax else chances[channels].max(0)
            yield "", self.threshold, np.minimum(together, 1.0)
            return
        best = chances.argmax(0) if softmax and self._spec.background_channel is not None else None
        for label in self.labels:
            outline = chances[label.channel]
            if best is not None and len(channels) > 1:
                outline = np.where(
                    best == label.channel, outline, np.minimum(outline, label.threshold * 0.999)
                )
            yield label.name, label.threshold, outline


@dataclass(frozen=True, eq=False)
class _Structure:
    """A connected structure on the volume's own grid. chance: its label's mean probability.

    evidence: ml times how far the probability of any label lies above one half, summed over its pixels.
    """

    label: LabelSpec
    chance: float
    evidence: float
    measures: Measures
    mask: Bools
    offset: tuple[int, int, int]


def _outcome(
    parts: PartsByLabel, reader: PlaneReader, spec: ViewerSpec, settings: SegmentationSpec, source: Source
) -> Outcome:
    volume = reader.stack.volume
    structures = _chosen(list(_structures(parts, reader, settings)), settings)
    labels = np.zeros(volume.array.shape[:3], np.uint8)
    findings = []
    for n, one in enumerate(structures, 1):
        number = parts.labels.index(one.label) + 1
        (k, j, i), mask, measured = one.offset, one.mask, one.measures
        labels[k : k + mask.shape[0], j : j + mask.shape[1], i : i + mask.shape[2]][mask] = number
        findings.append(
            Finding(
                id=f"{spec.name}-{n}",
                kind="lesion",
                label=one.label.name,
                code=one.label.code,
                probability=float(np.clip(one.chance, 0, 1)),
                calibrated=spec.calibration.calibrated,
                center_lps_mm=measured.center_lps_mm,
                center_ijk=measured.center_ijk,
                diameter_mm=measured.diameter_mm,
                volume_ml=measured.volume_ml,
                mean_value=measured.mean_value,
                unit=volume.values.unit,
                bbox_lps_mm=measured.bbox_lps_mm,
                source=source,
                segment=number,
            )
        )
    segments = [Segment(n, label.name, label.color, label.code) for n, label in enumerate(parts.labels, 1)]
    return Outcome(findings, [], Segmentation(labels, volume.geometry, segments))


def _structures(parts: PartsByLabel, reader: PlaneReader, settings: SegmentationSpec) -> Iterator[_Structure]:
    """Those of enough volume and with a sure enough peak."""
    volume = reader.stack.volume
    for name, group in parts.groups.items():
        for lesion in link(group, least_share=0.0):
            if max(p.score for p in lesion.parts) < settings.extra.get("min_peak", 0.0):
                continue
            label, chance = _typed(lesion, parts, name)
            threshold = parts.threshold if parts.by_structure else label.threshold
            mask, offset = own_mask(lesion, reader, threshold)
            volume_ml = float(mask.sum()) * volume.geometry.voxel_volume_mm3 / 1000
            if volume_ml < settings.min_volume_ml:
                continue
            above = sum(float(np.maximum(p.chance[p.mask] - 0.5, 0).sum()) for p in lesion.parts)
            pixels = sum(p.area for p in lesion.parts)
            evidence = volume_ml * above / pixels
            yield _Structure(label, chance, evidence, measure(mask, offset, volume), mask, offset)


def _chosen(found: list[_Structure], settings: SegmentationSpec) -> list[_Structure]:
    """Strongest evidence first, as many as `keep` says; without those far weaker than the first (min_evidence_share)."""
    found = sorted(found, key=lambda one: (-one.evidence, one.measures.center_ijk.tolist()))
    if settings.keep == "largest":
        return found[:1]
    if settings.keep == "largest_per_label":
        names = [one.label.name for one in found]
        return [one for n, one in enumerate(found) if one.label.name not in names[:n]]
    least = settings.extra.get("min_evidence_share", 0.0) * (found[0].evidence if found else 0.0)
    return [one for one in found if one.evidence >= least]


def _typed(lesion: Lesion, parts: PartsByLabel, name: str) -> tuple[LabelSpec, float]:
    """The lesion's label and that label's mean probability over it."""
    area = sum(p.area for p in lesion.parts)
    means = np.sum([p.sums for p in lesion.parts if p.sums is not None], axis=0) / area
    if not parts.by_structure:
        label = next(label for label in parts.labels if label.name == name)
    else:
        label = max(parts.labels, key=lambda one: float(means[one.channel]))
    return label, float(means[label.channel])
