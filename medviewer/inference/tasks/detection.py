"""Detection: a score map and an outline of each slice become three-dimensional findings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Finding, Source
from medviewer.core.jobs import Progress
from medviewer.core.segmentation import Segment, Segmentation
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.inference.clock import Clock
from medviewer.inference.measure import measure
from medviewer.inference.organs import organ_mask
from medviewer.inference.planes import PlaneReader
from medviewer.inference.session import Session
from medviewer.inference.slices import SliceStack
from medviewer.inference.spec import DetectionSpec, LabelSpec, ViewerSpec
from medviewer.inference.tasks import Outcome
from medviewer.inference.tasks.lesion_mask import own_mask
from medviewer.inference.tasks.parts import Lesion, Part, link, merge_near, parts_of_slice
from medviewer.inference.tasks.search import plan_search
from medviewer.inference.tiles import run_slices

Bools = NDArray[np.bool_]


class DetectionTask:
    """Lesions by a centre (or mask) score and an outline, slice by slice, joined across slices."""

    def memory_bytes(self, session: Session, volume: Volume) -> float:
        """The label map and organ mask on the volume's grid, and a slab of scores."""
        voxels = float(np.prod(volume.array.shape[:3]))
        return 3 * voxels + 8 * session.package.spec.scores * float(np.prod(volume.array.shape[1:3])) * 4

    def run(
        self, session: Session, volume: Volume, source: Source, progress: Progress, clock: Clock
    ) -> Outcome:
        spec = session.package.spec
        with clock.stage("prepare"):
            stack = SliceStack.of(volume, spec.input.plane)
            reader = PlaneReader(stack, spec.input)
            organ = organ_mask(spec.input.organ, volume, progress.check)
            allowed = None if organ is None else stack.oriented(organ)
            plans = plan_search(reader, session, allowed)
        settings = spec.detection or DetectionSpec()
        outline = _channel(spec, "mask")
        scored = _channel(spec, settings.score_from)
        parts: list[Part] = []

        def collect(index: int, chances: NDArray[np.float32]) -> None:
            where = None if allowed is None else reader.nearest(allowed[index])
            parts.extend(
                parts_of_slice(
                    index,
                    chances[outline.channel],
                    chances[scored.channel],
                    outline.threshold,
                    settings.min_score,
                    where,
                )
            )

        run_slices(session, plans, reader.prepare, collect, progress, clock)
        with clock.stage("post"):
            lesions = choose(join(parts, reader, settings), reader, settings)
            outcome = _findings(lesions, reader, spec, settings, outline, source)
        if organ is not None and not organ.any():
            outcome.notes.append(Words("No lung was found in this series.", "该序列中未找到肺。"))
        return outcome


def _channel(spec: ViewerSpec, role: str) -> LabelSpec:
    found = spec.labels_of(role)
    return found[0] if found else spec.labels[0]


def join(parts: list[Part], reader: PlaneReader, settings: DetectionSpec) -> list[Lesion]:
    """Parts of neighbouring slices as lesions; those without any slice from the least score up are left out."""
    linked = link(parts, settings.extra.get("link_share", 0.3))
    scored = [lesion for lesion in linked if max(p.score for p in lesion.parts) >= settings.min_score]
    return merge_near(scored, reader.pixel_mm, abs(reader.stack.slice_mm), settings.merge_mm)


def lesion_score(lesion: Lesion, slice_mm: float, settings: DetectionSpec) -> float:
    """Mean of the best slices' scores over `score_over_mm` (default 6 mm, at least one slice)."""
    over = max(1, round(settings.extra.get("score_over_mm", 6.0) / max(slice_mm, 0.1)))
    return lesion.score(over)


def choose(lesions: list[Lesion], reader: PlaneReader, settings: DetectionSpec) -> list[tuple[float, Lesion]]:
    """Lesions with their scores, best first: those of enough slices that are no long tubes."""
    slice_mm = abs(reader.stack.slice_mm)
    pixel = float(np.mean(reader.pixel_mm))
    chosen = []
    for lesion in lesions:
        score = lesion_score(lesion, slice_mm, settings)
        across = 2 * np.sqrt(max(p.area for p in lesion.parts) / np.pi) * pixel
        # a lesion of that width crosses this many slices at least once it is a ball; thick slices ask for fewer
        needed = min(settings.min_slices, max(1, int(across / max(slice_mm, 0.1))))
        if score < settings.min_score or len(lesion.slices) < needed:
            continue
        if lesion.elongation(reader.pixel_mm, slice_mm) > settings.extra.get("max_elongation", np.inf):
            continue
        chosen.append((score, lesion))
    chosen.sort(key=lambda pair: (-pair[0], pair[1].center()))
    return chosen


def _findings(
    lesions: list[tuple[float, Lesion]],
    reader: PlaneReader,
    spec: ViewerSpec,
    settings: DetectionSpec,
    label: LabelSpec,
    source: Source,
) -> Outcome:
    volume = reader.stack.volume
    findings: list[Finding] = []
    kept: list[tuple[tuple[int, int, int], Bools]] = []
    too_many = False
    for score, lesion in lesions:
        mask, offset = own_mask(lesion, reader, label.threshold)
        measured = measure(mask, offset, volume)
        if not settings.min_diameter_mm <= measured.diameter_mm <= settings.max_diameter_mm:
            continue
        if len(findings) == settings.max_findings:
            too_many = True
            break
        number = len(findings) + 1
        kept.append((offset, mask))
        findings.append(
            Finding(
                id=f"{spec.name}-{number}", kind="detection", label=label.name, code=label.code, probability=score,
                calibrated=spec.calibration.calibrated, center_lps_mm=measured.center_lps_mm,
                center_ijk=measured.center_ijk, diameter_mm=measured.diameter_mm, volume_ml=measured.volume_ml,
                mean_value=measured.mean_value, unit=volume.values.unit, bbox_lps_mm=measured.bbox_lps_mm,
                source=source, segment=number,
            )
        )  # fmt: skip
    labels = np.zeros(volume.array.shape[:3], np.uint8 if len(kept) < 256 else np.uint16)
    for number in range(len(kept), 0, -1):  # the best-scored last, so that it keeps shared pixels
        (k, j, i), mask = kept[number - 1]
        labels[k : k + mask.shape[0], j : j + mask.shape[1], i : i + mask.shape[2]][mask] = number
    segments = [Segment(n, f"{label.name} {n}", label.color, label.code) for n in range(1, len(kept) + 1)]
    notes = []
    if too_many:
        notes.append(
            Words("Only the {n} best-scored findings are listed.", "仅列出得分最高的 {n} 个所见。").format(
                n=settings.max_findings
            )
        )
    return Outcome(findings, [], Segmentation(labels, volume.geometry, segments), notes)
