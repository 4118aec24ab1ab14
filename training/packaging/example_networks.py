"""Small networks with drawn weights for the example packages.

One channel is led through by hand from the image to the scores, so that the untrained networks still do something
that can be foreseen: they mark what is brighter than half of the window. All other weights are small noise.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class ExampleUNet(nn.Module):
    """U-Net of two levels; the explained layer is the middle decoder, at half the tile's resolution."""

    def __init__(self, channels: int, scores: int, width: int = 4) -> None:
        super().__init__()
        self.enc1 = _block(channels, width)
        self.enc2 = _block(width, 2 * width)
        self.enc3 = _block(2 * width, 2 * width)
        self.dec2 = _block(4 * width, 2 * width)
        self.dec1 = _block(3 * width, width)
        self.head = nn.Conv2d(width, scores, 1)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) → dec2 (B, 2 width, H/2, W/2), enc1 (B, width, H, W)."""
        first = self.enc1(x)
        second = self.enc2(self.pool(first))
        third = self.enc3(self.pool(second))
        return self.dec2(torch.cat([self.up(third), second], 1)), first

    def rest(self, *features: Tensor) -> Tensor:
        """dec2, enc1 → logits (B, K, H, W)."""
        layer, first = features
        return self.head(self.dec1(torch.cat([self.up(layer), first], 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → logits (B, K, H, W)."""
        return self.rest(*self.features(x))


class ExampleClassifier(nn.Module):
    """Strided and depthwise convolutions, then pooling + linear; the explained layer is the last one."""

    def __init__(self, channels: int, scores: int, width: int = 12) -> None:
        super().__init__()
        self.stem = _block(channels, width)
        self.depthwise = nn.Conv2d(width, width, 3, stride=2, padding=1, groups=width, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU6(inplace=True)
        self.last = _block(width, width)
        self.pool = nn.AvgPool2d(2)
        self.head = nn.Linear(width, scores)

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) → (B, width, H/8, W/8)."""
        return (self.last(self.pool(self.pool(self.act(self.norm(self.depthwise(self.stem(x))))))),)

    def rest(self, *features: Tensor) -> Tensor:
        """The layer → logits (B, K)."""
        return self.head(features[0].mean((2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → logits (B, K)."""
        return self.rest(*self.features(x))


@torch.no_grad()
def _draw(network: nn.Module, seed: int, noise: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(
            module, nn.BatchNorm2d
        ):  # stay at identity, yet not exactly, so that folding it is tested
            module.running_mean.copy_(0.02 * torch.randn(module.num_features, generator=generator))
            module.running_var.copy_(1.0 + 0.1 * torch.rand(module.num_features, generator=generator))
        elif isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(noise * torch.randn(module.weight.shape, generator=generator))
            if module.bias is not None:
                module.bias.zero_()


def _lead(conv: nn.Conv2d, norm: nn.BatchNorm2d, output: int, source: int, kernel: Tensor) -> None:
    """Let channel `output` be `source` filtered with `kernel`, and nothing else."""
    conv.weight[output].zero_()
    conv.weight[output, source] = kernel
    norm.running_mean[output] = 0.0
    norm.running_var[output] = 1.0 - norm.eps


_DELTA = torch.zeros(3, 3)
_DELTA[1, 1] = 1.0
_BLUR = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16.0


@torch.no_grad()
def bright_unet(channels: int, slopes: list[float], offsets: list[float], seed: int = 5) -> ExampleUNet:
    """A U-Net whose score k is about `slopes[k] * image + offsets[k]` of the middle channel, lightly blurred.

    Half of the brightness reaches the scores through the explained layer, half through the skip connection.
    """
    network = ExampleUNet(channels, len(slopes))
    _draw(network, seed, noise=0.04)
    _lead(network.enc1[0], network.enc1[1], 0, channels // 2, _DELTA)
    _lead(network.enc2[0], network.enc2[1], 0, 0, _BLUR)
    up_channels = network.enc3[0].out_channels
    _lead(network.dec2[0], network.dec2[1], 0, up_channels, _BLUR)
    layer_channels = network.dec2[0].out_channels
    _lead(network.dec1[0], network.dec1[1], 0, 0, 0.5 * _DELTA)
    network.dec1[0].weight[0, layer_channels] = 0.5 * _DELTA
    network.head.weight[:, 0, 0, 0] = torch.tensor(slopes)
    network.head.bias.copy_(torch.tensor(offsets))
    return network.eval()


@torch.no_grad()
def bright_classifier(
    channels: int, slopes: list[float], offsets: list[float], seed: int = 6
) -> ExampleClassifier:
    """A classifier whose score k is about `slopes[k] * (mean of the image) + offsets[k]`."""
    network = ExampleClassifier(channels, len(slopes))
    _draw(network, seed, noise=0.04)
    _lead(network.stem[0], network.stem[1], 0, channels // 2, _DELTA)
    network.depthwise.weight[0, 0] = _BLUR
    network.norm.running_mean[0], network.norm.running_var[0] = 0.0, 1.0 - network.norm.eps
    _lead(network.last[0], network.last[1], 0, 0, _DELTA)
    network.head.weight[:, 0] = torch.tensor(slopes)
    network.head.bias.copy_(torch.tensor(offsets))
    return network.eval()
