"""Writes one model package as the viewer reads it; nothing half-written stays behind."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.export import runtime
from training.export.onnx_export import MOST_BYTES, Exported, export_onnx
from training.export.parity import parity
from training.export.saliency_graph import frozen
from training.packaging.card import card
from training.packaging.checksums import write_checksums, write_zip
from training.packaging.golden import TOLERANCE, golden_image
from training.packaging.metadata import About, metadata

GRAPH = "models/model.onnx"
HONESTY = ("randomisation_similarity", "repeatability", "pointing", "pointing_chance", "pointing_gain")


@dataclass(frozen=True)
class PackageParts:
    """What a package is made of.

    Attributes:
        network: torch module with `features` and `rest`; its weights are stored by their state_dict's names.
        viewer: viewer.json; `saliency.methods`, `.cell` and missing honesty figures are filled in here.
        figures: figures.json; the parity of the export is added here.
        about: authors, copyright, data source.
        licence: text of the file LICENSE.
        average_maps: mean saliency map by score channel, (K, h, w), or None.
        network_settings: kind and sizes of the network, so that it can be built again for fine-tuning, or None.
    """

    network: nn.Module
    viewer: Mapping[str, Any]
    figures: Mapping[str, Any]
    about: About
    licence: str
    average_maps: np.ndarray | None = None
    network_settings: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Written:
    """Where the package is, its SHA-256, the export's shapes and how far it is from torch."""

    folder: Path
    sha256: str
    exported: Exported
    parity: Mapping[str, Any]


def write_package(
    parts: PackageParts, folder: Path, *, replace: bool = False, zip_path: Path | None = None
) -> Written:
    """Write the package into `folder`, which must not exist unless `replace` is set.

    Raises:
        FileExistsError: the folder exists and may not be replaced.
        ValueError: the description does not belong to the network, the export is further from torch than the
            golden test allows, or a file would be over 20 MB.
    """
    if folder.exists() and not replace:
        raise FileExistsError(f"{folder} exists")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        sha256, exported, measured = _fill(part, parts)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    if zip_path is not None:
        write_zip(folder, zip_path)
    exported = dataclasses.replace(exported, path=folder / GRAPH)
    return Written(folder, sha256, exported, measured)


def _fill(part: Path, parts: PackageParts) -> tuple[str, Exported, dict[str, Any]]:
    for name in ("configs", "models", "docs", "golden"):
        (part / name).mkdir(parents=True)
    recipe = parts.viewer["input"]
    shape = (recipe["batch"], recipe["channels"], (recipe["size"][0], recipe["size"][1]))
    graph = part / GRAPH
    exported = export_onnx(parts.network, graph, *shape)
    viewer = completed_viewer(parts.viewer, exported)
    measured = parity(parts.network, graph, *shape)
    apart = measured["scores"]
    assert isinstance(apart, dict)
    if apart["max_abs"] > TOLERANCE["cpu"]:
        raise ValueError(f"scores of the exported graph are up to {apart['max_abs']:.2g} from torch")
    _write_weights(parts.network, part / "models" / "model.safetensors")
    if parts.average_maps is not None:
        _write_average_maps(parts.average_maps, exported, part / "models" / "average_maps.npy")
    _write_golden(parts.network, graph, viewer, part / "golden")
    figures = {"schema": "medviewer/figures/1", **parts.figures, "parity": measured}
    _write_json(
        part / "configs" / "metadata.json", metadata(viewer, parts.about, exported, parts.network_settings)
    )
    _write_json(part / "configs" / "viewer.json", viewer)
    _write_json(part / "docs" / "figures.json", figures)
    (part / "docs" / "README.md").write_text(card(viewer, figures, parts.about), encoding="utf-8")
    (part / "LICENSE").write_text(parts.licence, encoding="utf-8")
    return write_checksums(part), exported, measured


def completed_viewer(viewer: Mapping[str, Any], exported: Exported) -> dict[str, Any]:
    """The description with what only the exported graph knows; looks whether both belong together.

    Raises:
        ValueError: a label has no channel in the scores, or the kind of scores is not that of the task.
    """
    full: dict[str, Any] = copy.deepcopy(dict(viewer))
    channels = exported.score_shape[1]
    for label in full["output"]["labels"]:
        if not 0 <= label["channel"] < channels:
            raise ValueError(f"label {label['name']} has channel {label['channel']} of {channels}")
    if (full["task"] == "classification") != (len(exported.score_shape) == 2):
        raise ValueError(f"a network for {full['task']} gives scores of shape {exported.score_shape}")
    if len(exported.score_shape) == 4 and exported.score_shape[2:] != exported.input_shape[2:]:
        raise ValueError("score maps must have the size of the tile")
    methods = ["grad-cam"] if exported.closed_form else ["hires-cam", "grad-cam"]
    rows, columns = (exported.input_shape[i] / exported.feature_shape[i] for i in (2, 3))
    if rows != columns:
        raise ValueError("cells of the saliency map must be square")
    saliency = full.setdefault("saliency", {})
    saliency.update(methods=methods, default=methods[0], cell=int(rows) if rows == int(rows) else rows)
    full["honesty"] = {name: full.get("honesty", {}).get(name) for name in HONESTY}
    return full


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )


def _write_weights(network: nn.Module, path: Path) -> None:
    from safetensors.torch import save_file

    state = {
        name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()
    }
    save_file(state, path)
    path.chmod(0o644)  # safetensors writes for the owner alone
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"the weights have {path.stat().st_size / 2**20:.1f} MB; a package may hold 20 MB")


def _write_average_maps(maps: np.ndarray, exported: Exported, path: Path) -> None:
    expected = (exported.score_shape[1], *exported.feature_shape[2:])
    if maps.shape != expected:
        raise ValueError(f"average maps have shape {maps.shape}, not {expected}")
    np.save(path, maps.astype(np.float16), allow_pickle=False)


def _write_golden(network: nn.Module, graph: Path, viewer: Mapping[str, Any], folder: Path) -> None:
    """Scores are torch's, so that the golden test compares a runtime with something else than itself."""
    image = golden_image(viewer)
    with torch.no_grad():
        scores = frozen(network)(torch.from_numpy(image)).numpy()
    apart = float(np.abs(runtime.scores(graph, image) - scores).max())
    if apart > TOLERANCE["cpu"]:
        raise ValueError(f"scores of the golden image are {apart:.2g} from torch")
    np.savez_compressed(folder / "input.npz", image=image)
    np.savez_compressed(folder / "output.npz", scores=scores)
    _write_json(folder / "tolerance.json", TOLERANCE)
