"""The model card docs/README.md, made from viewer.json and figures.json: no figure is typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from medviewer.core.words import NOT_FOR_DIAGNOSIS
from training.packaging.metadata import About

_HONESTY = {
    "randomisation_similarity": (
        "Likeness of the map to that of the same network with weights drawn anew (Spearman; low is good)",
        "显著图与随机权重网络之显著图的相似度（Spearman，越低越好）",
    ),
    "repeatability": (
        "Likeness between two trainings that differ by seed",
        "不同随机种子两次训练之间的相似度",
    ),
    "pointing": (
        "Share of images in which the map's maximum lies inside the finding",
        "显著图最大值落在病灶内的比例",
    ),
    "pointing_chance": (
        "The same with the maxima of other images (a fixed guess)",
        "以其他图像的最大值位置代替（固定猜测）",
    ),
    "pointing_gain": ("Difference of the two", "两者之差"),
}


def card(viewer: Mapping[str, Any], figures: Mapping[str, Any], about: About) -> str:
    """Markdown: an English card with a Chinese summary."""
    parts = [
        f"# {viewer['title']['en']} · {viewer['title']['zh']}",
        f"`{viewer['name']}` {viewer['version']}, {viewer['task']}. **{NOT_FOR_DIAGNOSIS.en}.**",
        viewer["summary"]["en"],
        _chinese_summary(viewer, figures),
        "## What it is for, and what not",
        about.intended_use,
        viewer["not_for"]["en"],
        "## Data",
        f"{figures.get('data', 'not stated')}\n\n{_split(figures)}",
        "## Figures",
        _metrics(figures.get("metrics", {})) or "None: nothing was measured.",
        *_section("## Baselines on the same data", _metrics(figures.get("baseline") or {})),
        "## Labels and thresholds",
        _labels(viewer),
        "## Maps",
        _maps(viewer),
        "## Training",
        _training(figures.get("training") or {}),
        "## Export",
        _parity(figures.get("parity") or {}),
        *_section("## Notes", "\n".join(f"- {note}" for note in figures.get("notes", []))),
        "## Sources and licence",
        "\n".join(f"- {line}" for line in (about.data_source, *about.references, about.copyright)),
        "Every number on this page comes from `figures.json` beside it or from `../configs/viewer.json`.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, body: str) -> Iterable[str]:
    return (title, body) if body else ()


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _interval(figure: Mapping[str, Any]) -> str:
    ends = figure.get("ci95")
    return f"{_number(ends[0])} to {_number(ends[1])}" if ends else "–"


def _split(figures: Mapping[str, Any]) -> str:
    patients = figures.get("n_patients")
    known = f"{patients} patients" if patients is not None else "number of patients not known"
    return f"Figures below: split `{figures.get('split', 'none')}`, {known}."


def _metrics(metrics: Mapping[str, Any]) -> str:
    if not metrics:
        return ""
    rows = [
        [f"`{name}`", "not measured", "–", "–"]
        if figure is None
        else [f"`{name}`", _number(figure["value"]), _interval(figure), str(figure.get("n", "–"))]
        for name, figure in metrics.items()
    ]
    return _table(("figure", "value", "95 % interval", "n"), rows)


def _labels(viewer: Mapping[str, Any]) -> str:
    rows = [
        [
            f"{label['name']} · {label['title']['zh']}",
            str(label["channel"]),
            _number(label["threshold"]),
            label["why"]["en"],
        ]
        for label in viewer["output"]["labels"]
    ]
    calibration = viewer["calibration"]
    said = (
        f"Scores are calibrated probabilities ({calibration['method']})."
        if calibration["calibrated"]
        else "Scores are not calibrated: they are not probabilities."
    )
    return _table(("label", "channel", "threshold", "how it was chosen"), rows) + "\n\n" + said


def _maps(viewer: Mapping[str, Any]) -> str:
    saliency = viewer["saliency"]
    rows = []
    for name, (words, _) in _HONESTY.items():
        figure = viewer["honesty"][name]
        told = ["not measured", "–", "–"]
        if figure is not None:
            told = [_number(figure["value"]), _interval(figure), str(figure["n"])]
        rows.append([words, *told])
    return (
        f"Layer `{saliency['layer']}`; methods {', '.join(saliency['methods'])}; one cell of the map covers "
        f"{saliency['cell']} pixels of the tile.\n\n"
        + _table(("figure", "value", "95 % interval", "n"), rows)
    )


def _training(training: Mapping[str, Any]) -> str:
    return (
        "\n".join(f"- {name.replace('_', ' ')}: {_number(value)}" for name, value in training.items())
        or "Not trained."
    )


def _parity(parity: Mapping[str, Any]) -> str:
    outputs = {name: found for name, found in parity.items() if isinstance(found, Mapping)}
    if not outputs:
        return "Not measured."
    rows = [
        [f"`{name}`", *(f"{found[key]:.1e}" for key in ("max_abs", "median_rel", "max_rel"))]
        for name, found in outputs.items()
    ]
    return (
        f"Largest difference between the exported graph ({parity['runtime']}) and torch over "
        f"{parity['draws']} random inputs; relative to the output's largest value, median and "
        "maximum over the inputs.\n\n"
        + _table(("output", "largest", "relative, median", "relative, largest"), rows)
    )


def _chinese_summary(viewer: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    lines = [f"**中文摘要**：{viewer['summary']['zh']}", viewer["not_for"]["zh"]]
    measured = {name: f for name, f in figures.get("metrics", {}).items() if f is not None}
    if measured:
        told = "；".join(
            f"`{name}` {_number(figure['value'])}" for name, figure in list(measured.items())[:6]
        )
        patients = figures.get("n_patients")
        count = f"，{patients} 例患者" if patients is not None else ""
        lines.append(f"在 `{figures.get('split')}` 划分上{count}：{told}。")
    for name, (_, words) in _HONESTY.items():
        figure = viewer["honesty"][name]
        if figure is not None:
            lines.append(f"{words}：{_number(figure['value'])}。")
    lines.append(f"{NOT_FOR_DIAGNOSIS.zh}。")
    return "\n".join(f"> {line}  " for line in lines)
