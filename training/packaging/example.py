"""Three small untrained packages for tests: `python -m training.packaging.example OUT_DIR`.

Their networks (example_networks.py) mark what is brighter than half of the window; nothing else is claimed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.packaging.example_networks import bright_classifier, bright_unet
from training.packaging.metadata import About
from training.packaging.writer import PackageParts, Written, write_package

SLOPE = 24.0  # logits a unit of brightness: the edge of what is marked is about two grey levels of ten wide

_ABOUT = About(
    authors="The MedViewer authors",
    copyright="Copyright the MedViewer authors; Apache-2.0",
    data_source="none: the weights are drawn and set by hand, nothing was trained",
    intended_use="Tests of the viewer.",
)
_LICENCE = "SPDX-License-Identifier: Apache-2.0\nhttps://www.apache.org/licenses/LICENSE-2.0\n"
_FIGURES: dict[str, Any] = {
    "split": "none",
    "data": "none",
    "n_patients": None,
    "metrics": {},
    "baseline": {},
    "training": {},
    "notes": ["Untrained: marks what is brighter than half of the window."],
}
_WHY = {"en": "Fixed by hand; nothing was measured.", "zh": "手工设定，未经测量。"}
_WINDOW = {"kind": "window", "low": -1000.0, "high": 400.0}


def _label(name: str, zh: str, channel: int, role: str, color: str, code: tuple[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "title": {"en": name.capitalize(), "zh": zh},
        "channel": channel,
        "code": {"scheme": "SCT", "value": code[0], "meaning": code[1]},
        "color": color,
        "threshold": 0.5,
        "why": _WHY,
        "role": role,
    }


def _viewer(
    name: str,
    zh: str,
    task: str,
    input_: Mapping[str, Any],
    output: Mapping[str, Any],
    fits: Mapping[str, Any],
) -> dict[str, Any]:
    title = name.replace("_", " ").capitalize()
    return {
        "schema": "medviewer/viewer/1",
        "name": name,
        "version": "0.1.0",
        "title": {"en": title, "zh": zh},
        "summary": {
            "en": "An untrained example that marks what is brighter than half of the window.",
            "zh": "未经训练的示例：标出亮度超过窗口一半的区域。",
        },
        "task": task,
        "fits": {
            "min_slices": 1,
            "max_slice_spacing_mm": None,
            "min_slice_spacing_mm": None,
            "without_modality": {},
            **fits,
        },
        "input": {
            "plane": "axial",
            "pixel_mm": 1.0,
            "fit": "tiles",
            "overlap": 0.25,
            "neighbours": 0,
            "neighbour_mm": None,
            "normalise": _WINDOW,
            "mean": 0.0,
            "std": 1.0,
            "rgb": False,
            "invert_monochrome1": True,
            "organ": None,
            **input_,
        },
        "output": {"background_channel": None, "detection": None, "segmentation": None, **output},
        "saliency": {"layer": "dec2" if task != "classification" else "last", "words": {"en": "", "zh": ""}},
        "calibration": {"calibrated": False, "method": None, "per_label": {}},
        "cost": {"megapixels_per_s_cpu2": 3.0, "memory_mb": 200},
        "not_for": {"en": "For tests only.", "zh": "仅供测试。"},
    }


_CT = {"kinds": ["volume"], "modalities": ["CT"], "words": {"en": "CT", "zh": "CT"}}
_FILM = {"kinds": ["film"], "modalities": ["CR", "DX", "RG"], "words": {"en": "Film", "zh": "平片"}}
_LESION = ("52988006", "Lesion")


def tiny_detector() -> PackageParts:
    """Detection: two score maps (outline, centre), tiles of 96 × 96 one by one."""
    viewer = _viewer(
        "tiny_detector",
        "微型检测示例",
        "detection",
        {"channels": 1, "size": [96, 96], "batch": 1},
        {
            "activation": "sigmoid",
            "labels": [
                _label("nodule", "结节", 0, "mask", "#FFA24D", ("27925004", "Nodule")),
                _label("centre", "中心", 1, "centre", "#FFA24D", ("27925004", "Nodule")),
            ],
            "detection": {
                "score_from": "centre",
                "min_score": 0.3,
                "merge_mm": 8.0,
                "min_diameter_mm": 3.0,
                "min_slices": 1,
                "max_findings": 30,
                "max_diameter_mm": 100.0,
            },
        },
        _CT,
    )
    network = bright_unet(1, [SLOPE, SLOPE], [-SLOPE / 2, -0.55 * SLOPE])
    return PackageParts(network, viewer, _FIGURES, _ABOUT, _LICENCE)


def tiny_segmenter() -> PackageParts:
    """Segmentation by softmax: background, bright (0.5 to 0.8 of the window), brightest; 64 × 64, batch 2."""
    viewer = _viewer(
        "tiny_segmenter",
        "微型分割示例",
        "segmentation",
        {"channels": 1, "size": [64, 64], "batch": 2},
        {
            "activation": "softmax",
            "background_channel": 0,
            "labels": [
                _label("bright", "亮区", 1, "mask", "#4DC3FF", _LESION),
                _label("brightest", "最亮区", 2, "mask", "#FFA24D", _LESION),
            ],
            "segmentation": {"min_volume_ml": 0.1, "keep": "all", "smooth_slices": 1, "type_from": None},
        },
        _CT,
    )
    network = bright_unet(1, [0.0, SLOPE, 2 * SLOPE], [0.0, -0.5 * SLOPE, -1.3 * SLOPE])
    return PackageParts(network, viewer, _FIGURES, _ABOUT, _LICENCE)


def tiny_classifier() -> PackageParts:
    """Classification of films by their mean brightness: two labels, 64 × 64, three channels, batch 2."""
    viewer = _viewer(
        "tiny_classifier",
        "微型分类示例",
        "classification",
        {
            "channels": 3,
            "size": [64, 64],
            "batch": 2,
            "plane": "film",
            "pixel_mm": None,
            "fit": "pad_square",
            "normalise": {"kind": "percentile", "low": 0.5, "high": 99.8, "per": "film"},
            "rgb": True,
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        {
            "activation": "sigmoid",
            "labels": [
                _label("bright", "偏亮", 0, "class", "#FFA24D", _LESION),
                _label("dark", "偏暗", 1, "class", "#4DC3FF", _LESION),
            ],
        },
        _FILM,
    )
    network = bright_classifier(3, [4.0, -4.0], [-2.0, 2.0])
    return PackageParts(network, viewer, _FIGURES, _ABOUT, _LICENCE)


EXAMPLES = {
    "tiny_detector": tiny_detector,
    "tiny_segmenter": tiny_segmenter,
    "tiny_classifier": tiny_classifier,
}


def write_examples(folder: Path) -> list[Written]:
    """The example packages as sub-folders of `folder`; those of the same name are replaced."""
    return [write_package(make(), folder / name, replace=True) for name, make in EXAMPLES.items()]


def main(arguments: list[str]) -> int:
    """Write the examples to the folder named on the command line."""
    if len(arguments) != 1:
        print("usage: python -m training.packaging.example OUT_DIR", file=sys.stderr)
        return 2
    for written in write_examples(Path(arguments[0])):
        size = sum(p.stat().st_size for p in written.folder.rglob("*") if p.is_file())
        print(f"{written.folder}  {size / 1000:.0f} kB  {written.sha256}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
