"""`configs/metadata.json`: what a MONAI bundle says of itself."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from training.export.onnx_export import Exported

SCHEMA = (
    "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
)


@dataclass(frozen=True)
class About:
    """What the maker states of a model: authors, copyright, the data's source with licence and citation."""

    authors: str
    copyright: str
    data_source: str
    intended_use: str
    references: tuple[str, ...] = ()
    changelog: Mapping[str, str] = field(default_factory=dict)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def metadata(
    viewer: Mapping[str, Any], about: About, exported: Exported, network: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The bundle's metadata, with the shapes of the exported graph and the settings the network is built from."""
    recipe = viewer["input"]
    labels = {str(label["channel"]): label["name"] for label in viewer["output"]["labels"]}
    background = viewer["output"].get("background_channel")
    if background is not None:
        labels[str(background)] = "background"
    classifier = len(exported.score_shape) == 2
    return {
        "schema": SCHEMA,
        "version": viewer["version"],
        "changelog": dict(about.changelog) or {viewer["version"]: "first release"},
        "monai_version": _version("monai"),
        "pytorch_version": _version("torch"),
        "numpy_version": _version("numpy"),
        "required_packages_version": {"onnxruntime": _version("onnxruntime")},
        "task": viewer["task"],
        "name": viewer["name"],
        "description": viewer["summary"]["en"],
        "authors": about.authors,
        "copyright": about.copyright,
        "data_source": about.data_source,
        "intended_use": about.intended_use,
        "references": list(about.references),
        "network": None if network is None else dict(network),
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "modality": ", ".join(viewer["fits"]["modalities"]),
                    "num_channels": recipe["channels"],
                    "spatial_shape": list(exported.input_shape[2:]),
                    "dtype": "float32",
                    "value_range": [0, 1],
                    "is_patch_data": recipe["fit"] == "tiles",
                    "channel_def": {str(i): f"plane {i}" for i in range(recipe["channels"])},
                }
            },
            "outputs": {
                "pred": {
                    "type": "probabilities" if classifier else "image",
                    "format": "classes" if classifier else "segmentation",
                    "num_channels": exported.score_shape[1],
                    "spatial_shape": list(exported.score_shape[2:]),
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": recipe["fit"] == "tiles",
                    "channel_def": dict(sorted(labels.items())),
                }
            },
        },
    }
