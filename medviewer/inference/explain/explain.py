"""One map: what is explained, the map on the image's own grid, and the figures beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import Finding
from medviewer.core.jobs import Progress
from medviewer.core.segmentation import SaliencyMap
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.inference import memory
from medviewer.inference.explain.explainers import find_explainer
from medviewer.inference.explain.figures import DRAWS, SEED, drops, organ_figures
from medviewer.inference.explain.image import ExplainedFilm, ExplainedImage, ExplainedSlice, tile_round
from medviewer.inference.explain.verdict import verdict
from medviewer.inference.fit import require_fit
from medviewer.inference.organs import organ_mask
from medviewer.inference.package import ModelPackage
from medviewer.inference.planes import PlaneReader
from medviewer.inference.run import RunRequest, RunResult, run, session_for
from medviewer.inference.session import Session
from medviewer.inference.slices import SliceStack
from medviewer.inference.spec import MODEL_FIGURES, DetectionSpec, LabelSpec, ViewerSpec

Bools = NDArray[np.bool_]
SCHEMA = "medviewer/saliency/1"
_MAPPING = Words("Finding the evidence", "正在计算依据图")
_TRUST = Words("Measuring how far it can be trusted", "正在评估可信度")
_PLACE_MM = 10.0
"""A place named by the person stands for a disc of this diameter."""


def explain(
    package: ModelPackage,
    volume: Volume,
    progress: Progress | None = None,
    label: str | None = None,
    finding: str | None = None,
    at_lps: ArrayLike | None = None,
    method: str | None = None,
    run_result: RunResult | None = None,
    device: str = "auto",
    threads: int | None = None,
    on_map: Callable[[SaliencyMap], None] | None = None,
) -> SaliencyMap:
    """The map of a label of a film, or of a finding of a volume, with the honesty figures of this image.

    label: a class or structure; None: the likeliest class, or the label of the first finding. finding: an id of the
    run. at_lps: a place in LPS mm instead (the finding there, else a disc of 10 mm). method: grad-cam, hires-cam or
    one that is plugged in; None: the package's default. run_result: the findings; without it the model is run first.
    on_map: called with the map before its figures are measured. The same call gives the same map and figures.

    Raises MedViewerError: fit.*, fit.label, fit.finding, fit.place, package.no_map, usage.method; Cancelled.
    """
    progress = progress or Progress()
    spec = package.spec
    require_fit(spec, volume)
    if spec.saliency is None:
        raise MedViewerError("package.no_map", Words("This model gives no map.", "该模型不提供依据图。"))
    method = method or spec.saliency.default
    explainer = find_explainer(method)
    memory.check(spec.memory_mb * 1e6, spec.title)
    session = session_for(package, device, threads)
    if spec.task == "classification":
        image: ExplainedImage = _film(session, volume, label)
        told = image.label.name  # type: ignore[attr-defined]
    else:
        if run_result is None:
            run_result = run(RunRequest(package, volume, device, threads), progress)
        image, told = _slice(session, volume, run_result, label, finding, at_lps)
    progress.step(0, DRAWS + 2, _MAPPING)
    tile = (session.tile[1], session.tile[2])
    cells = explainer.map(session, image.tiles([image.stored])[0], image.target, image.region(tile), progress)
    on_image = image.on_image(np.asarray(cells, np.float32))
    size, unit = image.cell((cells.shape[0], cells.shape[1]))
    found = SaliencyMap(
        map=image.placed(on_image),
        geometry=volume.geometry,
        label=told,
        method=method,
        layer=spec.saliency.layer,
        cell=size,
        cell_unit=unit,
        this_model={key: spec.honesty.get(key) for key in MODEL_FIGURES},
    )
    if on_map is not None:
        on_map(found)

    def scores_of(images: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        progress.check()
        return image.p(session.run(image.tiles(images), progress))

    def step(done: int, total: int) -> None:
        progress.step(1 + done, total + 1, _TRUST)

    inside = image.organ
    figures = drops(image.stored, on_image, scores_of, inside, max(8, session.batch), step)
    found.this_image = {**figures, **organ_figures(on_image, inside)}
    found.verdict = verdict(found.this_image, found.this_model)
    return found


def saliency_json(found: SaliencyMap, package: ModelPackage) -> dict[str, Any]:
    """The object of saliency.json (schema: resources/schemas/saliency.schema.json)."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(float(value), 6)

    return {
        "schema": SCHEMA,
        "model": {"name": package.name, "version": package.version, "sha256": package.sha256},
        "label": found.label,
        "method": found.method,
        "layer": found.layer,
        f"cell_{found.cell_unit}": rounded(found.cell),
        "this_image": {key: rounded(value) for key, value in found.this_image.items()},
        "this_model": found.this_model,
        "verdict": found.verdict,
        "draws": DRAWS,
        "seed": SEED,
    }


def _film(session: Session, film: Volume, label: str | None) -> ExplainedFilm:
    spec = session.package.spec
    if label is not None:
        return ExplainedFilm(spec, film, named_label(spec, label))
    first = ExplainedFilm(spec, film, spec.labels[0])
    scores = session.run(first.tiles([first.stored]))
    likeliest = max(spec.labels, key=lambda one: float(ExplainedFilm(spec, film, one).p(scores)[0]))
    return ExplainedFilm(spec, film, likeliest)


def named_label(spec: ViewerSpec, name: str) -> LabelSpec:
    """The label of that name, whatever its capitals. Raises fit.label."""
    wanted = name.strip().casefold()
    for label in spec.labels:
        if wanted in (label.name.casefold(), label.title.en.casefold(), label.title.zh):
            return label
    raise MedViewerError(
        "fit.label",
        Words(
            "This model has no label {name}; it has {known}.", "该模型没有标签 {name}；可选：{known}。"
        ).format(name=name[:40], known=", ".join(one.name for one in spec.labels)[:150]),
    )


def _slice(
    session: Session,
    volume: Volume,
    result: RunResult,
    label: str | None,
    finding: str | None,
    at_lps: ArrayLike | None,
) -> tuple[ExplainedSlice, str]:
    spec = session.package.spec
    wanted = None if label is None else named_label(spec, label)
    stack = SliceStack.of(volume, spec.input.plane)
    reader = PlaneReader(stack, spec.input)
    chosen = _chosen(result, wanted, finding, at_lps)
    if chosen is not None:
        index, mask = _finding_slice(stack, result, chosen)
        named = wanted or spec.label(chosen.label) or spec.labels[0]
    elif at_lps is not None:
        index, mask = _place_slice(stack, at_lps)
        named = wanted or next((one for one in spec.labels if one.role != "centre"), spec.labels[0])
    else:
        raise MedViewerError(
            "fit.finding",
            Words(
                "The model found nothing to explain here; a place can be named with --at.",
                "模型在此未发现可解释的所见；可用 --at 指定位置。",
            ),
        )
    by_peak = spec.task == "detection"
    score = named
    if by_peak:
        by = (spec.detection or DetectionSpec()).score_from
        score = next(iter(spec.labels_of(by)), named) if wanted is None or wanted.role == "mask" else wanted
    tile = (session.tile[1], session.tile[2])
    organ = organ_mask(spec.input.organ, volume)
    inside = None if organ is None else stack.oriented(organ)[index]
    start = tile_round(reader, mask, tile)
    return ExplainedSlice(spec, reader, index, start, tile, mask, score, by_peak, inside), named.name


def _chosen(
    result: RunResult, label: LabelSpec | None, finding: str | None, at_lps: ArrayLike | None
) -> Finding | None:
    """The finding asked for: by id, by place, by label, or the first; None where a place holds none."""
    findings = result.findings
    if finding is not None:
        found = next((f for f in findings if f.id == finding), None)
        if found is None and finding.isascii() and finding.isdigit() and 1 <= int(finding) <= len(findings):
            found = findings[int(finding) - 1]
        if found is None:
            known = ", ".join(f.id for f in findings)[:150] or "-"
            raise MedViewerError(
                "fit.finding",
                Words(
                    "There is no finding {id}; the run has {known}.", "没有所见 {id}；本次运行有：{known}。"
                ).format(id=finding[:40], known=known),
            )
        return found
    if at_lps is not None:
        at = np.asarray(at_lps, float)
        near = [
            f
            for f in findings
            if f.bbox_lps_mm is not None and (f.bbox_lps_mm[0] <= at).all() and (at <= f.bbox_lps_mm[1]).all()
        ]
        return near[0] if near else None
    if label is not None:
        return next((f for f in findings if f.label == label.name), findings[0] if findings else None)
    return findings[0] if findings else None


def _finding_slice(stack: SliceStack, result: RunResult, finding: Finding) -> tuple[int, Bools]:
    """The slice in which the finding is largest, and its pixels there."""
    if result.segmentation is None or finding.segment is None:
        assert finding.center_lps_mm is not None
        return _place_slice(stack, finding.center_lps_mm)
    own = stack.oriented(result.segmentation.labels)
    box = _slice_box(stack, finding)
    mask = own[box] == finding.segment
    if not mask.any():  # hidden below better-scored ones
        return _place_slice(stack, np.asarray(finding.center_lps_mm))
    best = int(mask.sum((1, 2)).argmax())
    full = np.zeros(stack.shape, bool)
    full[box[1], box[2]] = mask[best]
    return box[0].start + best, full


def _slice_box(stack: SliceStack, finding: Finding) -> tuple[slice, slice, slice]:
    """Slices, rows and columns of the stack that hold the finding's box."""
    low, high = np.asarray(finding.bbox_lps_mm, float)
    corners = np.array(
        [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    )
    ijk = stack.geometry.to_ijk(corners)
    first = np.maximum(np.floor(ijk.min(0)).astype(int), 0)
    last = np.minimum(np.ceil(ijk.max(0)).astype(int) + 1, stack.geometry.size)
    return slice(first[2], last[2]), slice(first[1], last[1]), slice(first[0], last[0])


def _place_slice(stack: SliceStack, at_lps: ArrayLike) -> tuple[int, Bools]:
    """The slice through a place, and a disc round it. Raises fit.place outside the series."""
    i, j, k = stack.geometry.to_ijk(np.asarray(at_lps, float))
    rows, columns = stack.shape
    if not (-0.5 <= k <= stack.count - 0.5 and -0.5 <= j <= rows - 0.5 and -0.5 <= i <= columns - 0.5):
        raise MedViewerError(
            "fit.place", Words("That place lies outside the series.", "该位置在序列范围之外。")
        )
    x, y = stack.pixel_mm
    r, c = np.ogrid[:rows, :columns]
    disc: Bools = ((r - j) * y) ** 2 + ((c - i) * x) ** 2 <= (_PLACE_MM / 2) ** 2
    disc[min(max(0, round(j)), rows - 1), min(max(0, round(i)), columns - 1)] = True
    return round(float(k)), disc
