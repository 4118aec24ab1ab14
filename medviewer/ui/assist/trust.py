"""How far a map can be trusted, in words: the verdict, a plain sentence, the four questions with their figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medviewer.core.segmentation import SaliencyMap
from medviewer.core.units import signed
from medviewer.core.words import Words

VERDICTS: dict[str, tuple[Words, str, str]] = {
    "no": (Words("Do not rely on it", "请勿依赖"), "octagon-alert", "bad"),
    "not measured": (Words("Not measured: treat as an illustration", "未测定：仅作示意"), "info", "text2"),
    "care": (Words("Use with care", "谨慎参考"), "triangle-alert", "care"),
    "fair": (Words("Fair", "尚可"), "circle-check", "good"),
}
"""Verdict -> (words, icon, tone). Never "high"."""

ANSWERS: dict[str | None, tuple[Words, str, str]] = {
    "yes": (Words("Yes", "是"), "circle-check", "good"),
    "barely": (Words("Barely", "勉强"), "triangle-alert", "care"),
    "no": (Words("No", "否"), "octagon-alert", "bad"),
    None: (Words("Unknown", "未测定"), "circle", "text3"),
}
QUESTIONS: dict[str, Words] = {
    "chance": Words("Better than chance?", "优于随机？"),
    "guess": Words("Better than a fixed guess?", "优于固定猜测？"),
    "training": Words("Tied to the training?", "与训练相关？"),
    "organ": Words("Inside the organ?", "位于器官内？"),
}
THIS_IMAGE = Words("this image", "本图像")
THIS_MODEL = Words("this model", "本模型")
MEASURING = Words("Measuring how far it can be trusted…", "正在评估可信度…")

HOT = Words("Hottest 10 % blurred", "最热 10 % 模糊后")
RANDOM = Words("Random areas blurred", "随机区域模糊后")
RANDOM95 = Words("95 % of random areas", "随机区域的 95 %")
HITS = Words("Hits, this map", "命中率，本图")
FIXED = Words("Hits, other images' spots", "命中率，他图热点")
ALIKE = Words("Alike if scrambled", "打乱后相似度")
ALLOWED = Words("Allowed at most", "允许上限")
IN_ORGAN = Words("Map inside the organ", "器官内的图占比")
ORGAN = Words("Organ's share of the image", "器官占图像比例")

_SAYS: dict[tuple[str, str | None], Words] = {
    ("chance", "yes"): Words("blurring its hottest tenth lowers the score more than blurring elsewhere",
                             "模糊其最热十分之一区域使评分下降，超过模糊其他区域"),
    ("chance", "barely"): Words("blurring its hottest tenth lowers the score hardly more than blurring elsewhere",
                                "模糊其最热十分之一区域的影响仅略大于其他区域"),
    ("chance", "no"): Words("blurring its hottest tenth lowers the score no more than blurring elsewhere",
                            "模糊其最热十分之一区域的影响并不大于其他区域"),
    ("guess", "yes"): Words("it finds the spot better than a fixed guess", "定位优于固定猜测"),
    ("guess", "barely"): Words("it finds the spot hardly better than a fixed guess", "定位仅略优于固定猜测"),
    ("guess", "no"): Words("it finds the spot no better than a fixed guess", "定位并不优于固定猜测"),
    ("training", "yes"): Words("it shows what the model learned", "反映模型所学内容"),
    ("training", "barely"): Words("it is only partly tied to what the model learned", "与模型所学内容仅部分相关"),
    ("training", "no"): Words("an untrained model would give nearly the same map", "未经训练的模型也会给出几乎相同的图"),
    ("organ", "yes"): Words("nearly all of it lies in the organ", "几乎全部位于器官内"),
    ("organ", "barely"): Words("a part of it lies outside the organ", "部分位于器官外"),
    ("organ", "no"): Words("much of it lies outside the organ", "大部分位于器官外"),
}  # fmt: skip
_MISSING = Words("Not yet measured for this model: {what}.", "本模型尚未测定：{what}。")


@dataclass(frozen=True)
class Figure:
    """One figure: words, number as text, length of its bar (0..1), whether it is the map's own or the baseline."""

    words: Words
    text: str
    share: float
    own: bool


@dataclass(frozen=True)
class Question:
    """One of the four: answer (yes, barely, no or None), where the figures come from, the figures."""

    id: str
    words: Words
    answer: str | None
    source: Words
    figures: tuple[Figure, ...]


def questions(found: SaliencyMap) -> list[Question]:
    """The questions that apply to a map whose figures are there."""
    from medviewer.inference.explain.verdict import answers

    said = answers(found.this_image, found.this_model)
    figures = {
        "chance": (THIS_IMAGE, _chance(found.this_image)),
        "guess": (THIS_MODEL, _guess(found.this_model)),
        "training": (THIS_MODEL, _training(found.this_model)),
        "organ": (THIS_IMAGE, _organ(found.this_image)),
    }
    return [Question(q, QUESTIONS[q], said[q], *figures[q]) for q in QUESTIONS if q in said]


def sentence(asked: list[Question]) -> Words:
    """One plain sentence from what is known: what speaks for the map, then what speaks against it."""
    good = [_SAYS[q.id, q.answer] for q in asked if q.answer == "yes"]
    poor = [_SAYS[q.id, q.answer] for q in asked if q.answer in ("barely", "no")]
    missing = [q.words for q in asked if q.answer is None]
    parts: list[Words] = []
    if good or poor:
        en = ", and ".join(w.en for w in good)
        zh = "，且".join(w.zh for w in good)
        if poor:
            against_en, against_zh = ", and ".join(w.en for w in poor), "，且".join(w.zh for w in poor)
            en = f"{en}; but {against_en}" if en else against_en
            zh = f"{zh}；但{against_zh}" if zh else against_zh
        parts.append(Words(en[:1].upper() + en[1:] + ".", zh + "。"))
    if missing:
        en = ", ".join(w.en.rstrip("?").lower() for w in missing)
        zh = "、".join(w.zh.rstrip("？") for w in missing)
        parts.append(_MISSING.format(what=Words(en, zh)))
    return Words(" ".join(p.en for p in parts), "".join(p.zh for p in parts))


def _chance(image: Mapping[str, Any]) -> tuple[Figure, ...]:
    drop, mean, p95 = (image.get(k) for k in ("blur_drop", "random_drop_mean", "random_drop_p95"))
    if drop is None or mean is None or p95 is None:
        return ()
    return (
        Figure(HOT, _fall(drop), max(0.0, drop), True),
        Figure(RANDOM, _fall(mean), max(0.0, mean), False),
        Figure(RANDOM95, _fall(p95), max(0.0, p95), False),
    )


def _fall(drop: float) -> str:
    """A fall of the score as the change that it is: −0.31."""
    text = signed(-drop, 3 if abs(drop) < 0.01 else 2)
    return text if drop >= 0 or float(text.replace("\N{MINUS SIGN}", "-")) == 0 else f"+{text}"


def _guess(model: Mapping[str, Any]) -> tuple[Figure, ...]:
    hits, chance = model.get("pointing"), model.get("pointing_chance")
    if not hits or not chance:
        return ()
    return (
        Figure(HITS, _percent(hits["value"]), hits["value"], True),
        Figure(FIXED, _percent(chance["value"]), chance["value"], False),
    )


def _training(model: Mapping[str, Any]) -> tuple[Figure, ...]:
    like = model.get("randomisation_similarity")
    if not like:
        return ()
    value = float(like["value"])
    return (Figure(ALIKE, signed(value, 2), max(0.0, value), True), Figure(ALLOWED, "0.30", 0.30, False))


def _organ(image: Mapping[str, Any]) -> tuple[Figure, ...]:
    share, organ = image.get("share_in_organ"), image.get("organ_share")
    if share is None or organ is None:
        return ()
    return (
        Figure(IN_ORGAN, _percent(share), float(share), True),
        Figure(ORGAN, _percent(organ), float(organ), False),
    )


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"
