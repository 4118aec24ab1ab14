"""Which model fits which series, and why not, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.inference.slices import best_plane
from medviewer.inference.spec import FitSpec, ViewerSpec
from medviewer.io.study import SeriesInfo

KIND_WORDS = {
    "volume": Words("a volume", "容积序列"),
    "stack": Words("a stack without positions", "无位置信息的堆叠"),
    "film": Words("a single image", "单幅图像"),
    "cine": Words("a cine", "电影序列"),
    "derived": Words("a derived object", "衍生对象"),
    "document": Words("a document", "文档"),
}


@dataclass(frozen=True)
class Fit:
    """Whether a model fits, and the reason where it does not (code "fit.…"); `reason` is for people."""

    ok: bool
    code: str
    reason: Words


@dataclass(frozen=True)
class _Facts:
    kind: str
    modality: str | None
    geometry: Geometry | None
    color: bool
    least: float | None
    """The smallest value, None where pixels were not read."""


def fits(spec: ViewerSpec, series: SeriesInfo | Volume) -> Fit:
    """Whether the model may be run on the series.

    A series known by its headers alone is judged by them; what only its pixels can tell (files without a Modality)
    counts as fitting until the volume itself is asked.
    """
    facts = _of_volume(series) if isinstance(series, Volume) else _of_info(series)
    rule = spec.fits
    if facts.kind not in rule.kinds:
        wanted = (
            " / ".join(KIND_WORDS[k].en for k in rule.kinds),
            " / ".join(KIND_WORDS[k].zh for k in rule.kinds),
        )
        return _no(
            "kind", Words("Needs {wanted}; this is {kind}", "需要{wanted}；当前为{kind}"),
            wanted=Words(*wanted), kind=KIND_WORDS.get(facts.kind, Words(facts.kind, facts.kind)),
        )  # fmt: skip
    if facts.color and "film" not in rule.kinds:
        return _no("color", Words("Needs grey values; this is a colour image", "需要灰度值；当前为彩色图像"))
    wrong = _modality(rule, facts) or (_slices(spec, facts.geometry) if facts.geometry is not None else None)
    return wrong or Fit(True, "", Words("Fits: {what}", "适用：{what}").format(what=rule.words))


def require_fit(spec: ViewerSpec, volume: Volume) -> None:
    """Raise MedViewerError fit.* (exit 4) where the model does not fit."""
    fit = fits(spec, volume)
    if not fit.ok:
        raise MedViewerError(
            f"fit.{fit.code}",
            Words("{model} does not fit this series: {reason}.", "{model}不适用于该序列：{reason}。").format(
                model=spec.title, reason=fit.reason
            ),
        )


def _no(code: str, words: Words, **values: Any) -> Fit:
    return Fit(False, code, words.format(**values))


def _modality(rule: FitSpec, facts: _Facts) -> Fit | None:
    if facts.modality:
        if facts.modality in rule.modalities:
            return None
        return _no(
            "modality", Words("Needs {wanted}; this is {found}", "需要{wanted}；当前为{found}"),
            wanted=", ".join(rule.modalities) or "-", found=facts.modality,
        )  # fmt: skip
    if rule.without_modality is None:
        return _no("modality", Words("Needs {wanted}; this file does not say what it is", "需要{wanted}；该文件未注明类型"),
                   wanted=", ".join(rule.modalities))  # fmt: skip
    if facts.least is None:
        return None
    below = rule.without_modality.get("min_below")
    least = rule.without_modality.get("min_at_least")
    if (below is not None and not facts.least < below) or (least is not None and not facts.least >= least):
        return _no(
            "values", Words("Needs {what}; the values of this file do not look like it", "需要{what}；该文件的数值不符"),
            what=rule.words,
        )  # fmt: skip
    return None


def _slices(spec: ViewerSpec, geometry: Geometry) -> Fit | None:
    rule, plane = spec.fits, spec.input.plane
    if plane == "film":
        return None
    name = best_plane(geometry) if plane == "best" else "axial"
    axis, _ = geometry.slice_axis(name)
    count, apart = geometry.size[axis], geometry.spacing[axis]
    if count < rule.min_slices:
        return _no(
            "slices",
            Words("Needs at least {n} slices; here {m}", "至少需要 {n} 层；当前 {m} 层"),
            n=rule.min_slices,
            m=count,
        )
    if rule.max_slice_spacing_mm is not None and apart > rule.max_slice_spacing_mm + 1e-3:
        return _no("spacing", Words("Needs slices of {n:g} mm or less; here {m:.3g}", "层距需不超过 {n:g} mm；当前 {m:.3g}"),
                   n=rule.max_slice_spacing_mm, m=apart)  # fmt: skip
    if rule.min_slice_spacing_mm is not None and apart < rule.min_slice_spacing_mm - 1e-3:
        return _no("spacing", Words("Needs slices of {n:g} mm or more; here {m:.3g}", "层距需不小于 {n:g} mm；当前 {m:.3g}"),
                   n=rule.min_slice_spacing_mm, m=apart)  # fmt: skip
    return None


def _of_volume(volume: Volume) -> _Facts:
    least = None
    if not volume.is_color and not volume.meta.get("modality"):
        least = min(float(volume.slice_values(k).min()) for k in range(volume.size[2]))
        least = least if np.isfinite(least) else None
    modality = volume.meta.get("modality")
    geometry = volume.geometry if volume.kind == "volume" else None
    return _Facts(volume.kind, modality, geometry, volume.is_color, least)


def _of_info(series: SeriesInfo) -> _Facts:
    geometry = None
    if series.affine_lps is not None and series.kind == "volume":
        geometry = Geometry(series.affine_lps, series.size)
    return _Facts(series.kind, series.modality, geometry, series.channels == 3, None)
