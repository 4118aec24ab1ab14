"""The torch network of a package, built from its metadata and its safetensors weights (no pickle, no code)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words

if TYPE_CHECKING:
    from torch import nn

    from medviewer.inference.package import ModelPackage
    from training.config import Config

WEIGHTS = "models/model.safetensors"


@dataclass(frozen=True)
class _Described:
    """The two parts of a config that a network follows from."""

    network: Any
    recipe: Any


def network_of(package: ModelPackage) -> nn.Module:
    """The package's network with its weights, in evaluation mode, on the CPU.

    Raises MedViewerError: usage.extra without torch; package.no_network where the package does not say how its
    network is built or brings no weights beside the graph.
    """
    try:
        from safetensors.torch import load
        from torch import nn as _  # noqa: F401

        from training.config import FilmEncoderSettings, UNetSettings
        from training.networks import build
    except ImportError as missing:
        raise MedViewerError(
            "usage.extra",
            Words(
                "This method needs the extra “train”: pip install 'medviewer[train]'.",
                "该方法需要附加组件“train”：pip install 'medviewer[train]'。",
            ),
            detail=str(missing),
        ) from None
    settings = json.loads(package.files.get("configs/metadata.json", b"{}")).get("network")
    kinds: dict[str, Any] = {"unet": UNetSettings, "film_encoder": FilmEncoderSettings}
    if not isinstance(settings, dict) or settings.get("kind") not in kinds or WEIGHTS not in package.files:
        raise _no_network()
    try:
        described = _Described(kinds[settings["kind"]].model_validate(settings), package.spec.input)
        network = build(cast("Config", described))
        network.load_state_dict(load(package.files[WEIGHTS]))
    except (ValueError, RuntimeError, KeyError) as wrong:
        raise _no_network(str(wrong)[:500]) from None
    return network.eval().requires_grad_(False)


def _no_network(detail: str = "") -> MedViewerError:
    return MedViewerError(
        "package.no_network",
        Words(
            "This model's network can't be built again, so this method can't be used with it.",
            "无法重建该模型的网络，因此不能使用该方法。",
        ),
        detail=detail,
    )
