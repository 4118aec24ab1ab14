"""`configs/viewer.json`: what a package is for, how it reads an image and what its outputs mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from medviewer.core.finding import Code
from medviewer.core.words import Words
from medviewer.inference.package_files import fault
from medviewer.inference.recipe import Recipe

Task = str
Method = Literal["hires-cam", "grad-cam"]
MODEL_FIGURES = ("randomisation_similarity", "repeatability", "pointing", "pointing_chance", "pointing_gain")
T = TypeVar("T")


class _Reader:
    """Takes typed values out of untrusted JSON; every fault names the key."""

    def __init__(self, data: Any, where: str = "") -> None:
        self.where = where
        if not isinstance(data, dict):
            raise self.wrong("")
        self.data = cast("dict[str, Any]", data)

    def wrong(self, key: str) -> Exception:
        name = ".".join(p for p in (self.where, key) if p) or "viewer.json"
        return fault(
            "viewer",
            "The package's viewer.json is wrong at {name}.",
            "模型包的 viewer.json 在 {name} 处有误。",
            name=name,
        )

    def sub(self, key: str) -> _Reader:
        return _Reader(self.data.get(key), f"{self.where}.{key}".strip("."))

    def maybe(self, key: str) -> _Reader | None:
        return None if self.data.get(key) is None else self.sub(key)

    def text(self, key: str, allowed: tuple[str, ...] | None = None, default: str | None = None) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str) or len(value) > 2000 or (allowed and value not in allowed):
            raise self.wrong(key)
        return value

    def number(self, key: str, default: float | None = None, low: float = -1e9, high: float = 1e9) -> float:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key)
        return float(value)

    def number_or_none(self, key: str, low: float = -1e9, high: float = 1e9) -> float | None:
        return None if self.data.get(key) is None else self.number(key, None, low, high)

    def whole(self, key: str, default: int | None = None, low: int = 0, high: int = 1_000_000) -> int:
        value = self.number(key, default, low, high)
        if not float(value).is_integer():
            raise self.wrong(key)
        return int(value)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and len(v) < 100 for v in value):
            raise self.wrong(key)
        return tuple(value)

    def words(self, key: str, default: Words | None = None) -> Words:
        value = self.data.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, dict) and isinstance(value.get("en"), str) and isinstance(value.get("zh"), str):
            return Words(value["en"][:2000], value["zh"][:2000])
        raise self.wrong(key)


@dataclass(frozen=True)
class FitSpec:
    """Which series the model may be run on. Spacing limits in mm, None for none.

    without_modality: bounds of the least value by which a file without a Modality fits ("min_below",
    "min_at_least"), or None where such files never fit.
    """

    kinds: tuple[str, ...]
    modalities: tuple[str, ...]
    min_slices: int
    max_slice_spacing_mm: float | None
    min_slice_spacing_mm: float | None
    without_modality: dict[str, float] | None
    words: Words


@dataclass(frozen=True)
class LabelSpec:
    """One label: its score channel, colour (r, g, b), threshold with its reason, and role mask, centre or class."""

    name: str
    title: Words
    channel: int
    code: Code | None
    color: tuple[int, int, int]
    threshold: float
    why: Words
    role: str


@dataclass(frozen=True)
class DetectionSpec:
    """How peaks and outlines of slices become findings; lengths in mm."""

    score_from: str = "centre"
    min_score: float = 0.3
    merge_mm: float = 8.0
    min_diameter_mm: float = 3.0
    min_slices: int = 1
    max_findings: int = 30
    max_diameter_mm: float = 100.0
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SegmentationSpec:
    """How label maps of slices become findings. keep: "largest_per_label", "largest" or "all"."""

    min_volume_ml: float = 0.0
    keep: str = "all"
    smooth_slices: int = 1
    type_from: str | None = None
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SaliencySpec:
    """layer: the explained one. cell: image pixels of the tile to a map cell."""

    layer: str
    methods: tuple[str, ...]
    default: str
    cell: float
    words: Words


@dataclass(frozen=True)
class CalibrationSpec:
    """p = sigmoid(a * logit + b) by label; only then is a score called a probability."""

    calibrated: bool = False
    method: str | None = None
    per_label: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ViewerSpec:
    """The whole of viewer.json."""

    name: str
    version: str
    title: Words
    summary: Words
    task: Task
    fits: FitSpec
    input: Recipe
    activation: str
    labels: tuple[LabelSpec, ...]
    background_channel: int | None
    detection: DetectionSpec | None
    segmentation: SegmentationSpec | None
    saliency: SaliencySpec | None
    calibration: CalibrationSpec
    megapixels_per_s: float
    memory_mb: float
    honesty: dict[str, Any]
    not_for: Words

    @property
    def scores(self) -> int:
        """How many score channels the graph has to give."""
        return max([label.channel for label in self.labels] + [self.background_channel or 0]) + 1

    def label(self, name: str) -> LabelSpec | None:
        return next((label for label in self.labels if label.name == name), None)

    def labels_of(self, role: str) -> tuple[LabelSpec, ...]:
        return tuple(label for label in self.labels if label.role == role)


def parse_spec(data: Any) -> ViewerSpec:
    """ViewerSpec of the parsed JSON. Raises package.viewer with the key that is wrong."""
    top = _Reader(data)
    top.text("schema", ("medviewer/viewer/1",))
    name = top.text("name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise top.wrong("name")
    task = top.text("task")
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", task):
        raise top.wrong("task")
    output = top.sub("output")
    none = Words("", "")
    cost = top.maybe("cost")
    return ViewerSpec(
        name=name,
        version=top.text("version"),
        title=top.words("title"),
        summary=top.words("summary", none),
        task=task,
        fits=_fits(top.sub("fits")),
        input=_recipe(top),
        activation=output.text("activation", ("sigmoid", "softmax")),
        labels=_labels(output),
        background_channel=None if output.data.get("background_channel") is None
        else output.whole("background_channel", high=1000),
        detection=_detection(output.maybe("detection")),
        segmentation=_segmentation(output.maybe("segmentation")),
        saliency=_saliency(top.maybe("saliency")),
        calibration=_calibration(top.maybe("calibration")),
        megapixels_per_s=cost.number("megapixels_per_s_cpu2", 3.0, 1e-3, 1e6) if cost else 3.0,
        memory_mb=cost.number("memory_mb", 400, 0, 1e6) if cost else 400.0,
        honesty=_honesty(top.maybe("honesty")),
        not_for=top.words("not_for", none),
    )  # fmt: skip


def _recipe(top: _Reader) -> Recipe:
    read = top.sub("input")
    try:
        return Recipe.from_json(read.data)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise fault(
            "viewer", "The package's viewer.json is wrong at {name}.", "模型包的 viewer.json 在 {name} 处有误。",
            name="input", detail=repr(wrong),
        ) from None  # fmt: skip


def _fits(read: _Reader) -> FitSpec:
    without = read.data.get("without_modality")
    if without is not None and not (
        isinstance(without, dict)
        and set(without) <= {"min_below", "min_at_least"}
        and all(isinstance(v, int | float) for v in without.values())
    ):
        raise read.wrong("without_modality")
    kinds = read.texts("kinds")
    if not kinds or not set(kinds) <= {"volume", "film"}:
        raise read.wrong("kinds")
    return FitSpec(
        kinds, read.texts("modalities"), read.whole("min_slices", 1), read.number_or_none("max_slice_spacing_mm", 0),
        read.number_or_none("min_slice_spacing_mm", 0), without, read.words("words"),
    )  # fmt: skip


def _labels(output: _Reader) -> tuple[LabelSpec, ...]:
    rows = output.data.get("labels")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 1000:
        raise output.wrong("labels")
    found = []
    for n, row in enumerate(rows):
        read = _Reader(row, f"output.labels[{n}]")
        name = read.text("name")
        color = read.text("color", default="#E69F00")
        if not re.fullmatch("#[0-9a-fA-F]{6}", color):
            raise read.wrong("color")
        code = read.maybe("code")
        rgb = (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))
        coded = Code(code.text("scheme"), code.text("value"), code.text("meaning")) if code else None
        title, why = read.words("title", Words(name, name)), read.words("why", Words("", ""))
        role = read.text("role", ("mask", "centre", "class"))
        threshold = read.number("threshold", 0.5, 0, 1)
        found.append(
            LabelSpec(name, title, read.whole("channel", high=1000), coded, rgb, threshold, why, role)
        )
    return tuple(found)


def _extra(read: _Reader, known: tuple[str, ...]) -> dict[str, float]:
    return {k: float(v) for k, v in read.data.items() if k not in known and isinstance(v, int | float)}


def _detection(read: _Reader | None) -> DetectionSpec | None:
    if read is None:
        return None
    spec = DetectionSpec(
        read.text("score_from", ("centre", "mask"), "centre"), read.number("min_score", 0.3, 0, 1),
        read.number("merge_mm", 8.0, 0, 1000), read.number("min_diameter_mm", 3.0, 0, 1000),
        read.whole("min_slices", 1, 0, 1000), read.whole("max_findings", 30, 1, 10_000),
        read.number("max_diameter_mm", 100.0, 0, 10_000),
    )  # fmt: skip
    object.__setattr__(spec, "extra", _extra(read, tuple(DetectionSpec.__dataclass_fields__)))
    return spec


def _segmentation(read: _Reader | None) -> SegmentationSpec | None:
    if read is None:
        return None
    keep = read.text("keep", ("largest_per_label", "largest", "all"), "all")
    kind = read.data.get("type_from")
    if kind not in (None, "mean"):
        raise read.wrong("type_from")
    known = tuple(SegmentationSpec.__dataclass_fields__)
    return SegmentationSpec(
        read.number("min_volume_ml", 0, 0, 1e5),
        keep,
        read.whole("smooth_slices", 1, 0, 100),
        kind,
        _extra(read, known),
    )


def _saliency(read: _Reader | None) -> SaliencySpec | None:
    if read is None:
        return None
    methods = read.texts("methods")
    if not methods or not set(methods) <= {"hires-cam", "grad-cam"}:
        raise read.wrong("methods")
    default = read.text("default", methods, methods[0])
    return SaliencySpec(
        read.text("layer"),
        methods,
        default,
        read.number("cell", 1, 0.01, 1e5),
        read.words("words", Words("", "")),
    )


def _calibration(read: _Reader | None) -> CalibrationSpec:
    if read is None:
        return CalibrationSpec()
    pairs = {}
    for name, row in (read.data.get("per_label") or {}).items():
        one = _Reader(row, f"calibration.per_label.{name}"[:80])
        pairs[str(name)] = (one.number("a", 1.0), one.number("b", 0.0))
    method = read.data.get("method")
    return CalibrationSpec(read.flag("calibrated"), None if method is None else read.text("method"), pairs)


def _honesty(read: _Reader | None) -> dict[str, Any]:
    """The five figures of the model, each {"value", "ci95", "n"} or None."""
    found: dict[str, Any] = dict.fromkeys(MODEL_FIGURES)
    for key in MODEL_FIGURES if read else ():
        assert read is not None
        if read.data.get(key) is None:
            continue
        figure = read.sub(key)
        ends = figure.data.get("ci95")
        if not isinstance(ends, list) or len(ends) != 2 or not all(isinstance(v, int | float) for v in ends):
            raise figure.wrong("ci95")
        found[key] = {
            "value": figure.number("value", None, -1, 1),
            "ci95": [float(v) for v in ends],
            "n": figure.whole("n", high=10**9),
        }
    return found
