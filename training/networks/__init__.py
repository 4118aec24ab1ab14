"""Networks that export to ONNX with their saliency maps: plain layers, BatchNorm, ReLU.

Each has `features(x) -> tuple` (first entry: the layer that a saliency map explains; then what else is needed) and
`rest(*features) -> raw scores`; `forward` is the one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.networks.film_encoder import FilmEncoder
from training.networks.unet import UNet

if TYPE_CHECKING:
    from torch import nn

    from training.config import Config


def build(config: Config, pretrained: bool = False) -> nn.Module:
    """The config's network, freshly drawn; `pretrained` loads the encoder's ImageNet weights where it has any."""
    network, recipe = config.network, config.recipe
    if network.kind == "unet":
        return UNet(recipe.channels, network.scores, network.width, network.depth)
    return FilmEncoder(network.scores, network.dropout, pretrained)
