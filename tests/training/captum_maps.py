"""Captum's maps of a network that is cut into features and rest: the independent answer."""

from __future__ import annotations

import torch
from captum.attr import LayerGradCam, LayerGradientXActivation
from torch import Tensor, nn

from training.export.saliency_graph import Example


class _Asked(nn.Module):
    """One number an image: the sum of scores * target * region; captum is shown the layer as a module of its own."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.layer = nn.Identity()

    def forward(self, image: Tensor, target: Tensor, region: Tensor) -> Tensor:
        first, *others = self.network.features(image)
        scores = self.network.rest(self.layer(first), *others)
        if scores.dim() == 2:
            return (scores * target).sum(1)
        return (scores * target[:, :, None, None] * region).sum((1, 2, 3))


def captum_maps(network: nn.Module, inputs: Example) -> dict[str, Tensor]:
    """{"saliency_grad_cam", "saliency_hires_cam"}, each (B, 1, h, w), not negative."""
    asked = _Asked(network)
    image = inputs.image.clone().requires_grad_(True)
    extra = (inputs.target, inputs.region)
    grad_cam = LayerGradCam(asked, asked.layer).attribute(
        image, additional_forward_args=extra, relu_attributions=True
    )
    product = LayerGradientXActivation(asked, asked.layer).attribute(image, additional_forward_args=extra)
    return {
        "saliency_grad_cam": grad_cam.detach(),
        "saliency_hires_cam": torch.relu(product.sum(1, keepdim=True)).detach(),
    }
