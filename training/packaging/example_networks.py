"""Small networks with drawn weights for the example packages.

One channel is led through by hand from the image to the scores, so that the untrained networks still do
something that can be foreseen: they mark what is brighter than half of the window. All else is small noise.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """3 × 3 convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H, W)."""
        out: Tensor = self.act(self.norm(self.conv(x)))
        return out


class ExampleUNet(nn.Module):
    """U-Net of two levels; the explained layer is the middle decoder, at half the tile's resolution."""

    def __init__(self, channels: int, scores: int, width: int = 4) -> None:
        super().__init__()
        self.enc1 = Block(channels, width)
        self.enc2 = Block(width, 2 * width)
        self.enc3 = Block(2 * width, 2 * width)
        self.dec2 = Block(4 * width, 2 * width)
        self.dec1 = Block(3 * width, width)
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
        self.stem = Block(channels, width)
        self.depthwise = nn.Conv2d(width, width, 3, stride=2, padding=1, groups=width, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU6(inplace=True)
        self.last = Block(width, width)
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
def draw_weights(network: nn.Module, seed: int, noise: float = 0.04) -> None:
    """Small random weights; batch norms near identity, yet not at it, so that folding them is tested."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            _mean(module).copy_(0.02 * torch.randn(module.num_features, generator=generator))
            _var(module).copy_(1.0 + 0.1 * torch.rand(module.num_features, generator=generator))
        elif isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(noise * torch.randn(module.weight.shape, generator=generator))
            if module.bias is not None:
                module.bias.zero_()


def _mean(norm: nn.BatchNorm2d) -> Tensor:
    assert norm.running_mean is not None
    return norm.running_mean


def _var(norm: nn.BatchNorm2d) -> Tensor:
    assert norm.running_var is not None
    return norm.running_var


def _lead(block: Block, output: int, parts: dict[int, Tensor]) -> None:
    """Let channel `output` be the sum of the given input channels, each filtered 3 × 3, and nothing else."""
    block.conv.weight[output].zero_()
    for source, kernel in parts.items():
        block.conv.weight[output, source] = kernel
    _pass(block.norm, output)


def _pass(norm: nn.BatchNorm2d, channel: int) -> None:
    """Let the norm leave this channel as it is."""
    _mean(norm)[channel] = 0.0
    _var(norm)[channel] = 1.0 - norm.eps


_DELTA = torch.zeros(3, 3)
_DELTA[1, 1] = 1.0
_BLUR = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16.0


@torch.no_grad()
def bright_unet(channels: int, slopes: list[float], offsets: list[float], seed: int = 5) -> ExampleUNet:
    """A U-Net whose score k is about `slopes[k] * image + offsets[k]` of the middle channel, lightly blurred.

    Half of the brightness reaches the scores through the explained layer, half through the skip connection.
    """
    network = ExampleUNet(channels, len(slopes))
    draw_weights(network, seed)
    _lead(network.enc1, 0, {channels // 2: _DELTA})
    _lead(network.enc2, 0, {0: _BLUR})
    _lead(network.dec2, 0, {network.enc3.conv.out_channels: _BLUR})
    _lead(network.dec1, 0, {0: 0.5 * _DELTA, network.dec2.conv.out_channels: 0.5 * _DELTA})
    network.head.weight[:, 0, 0, 0] = torch.tensor(slopes)
    network.head.bias = nn.Parameter(torch.tensor(offsets))
    return network.eval()


@torch.no_grad()
def bright_classifier(
    channels: int, slopes: list[float], offsets: list[float], seed: int = 6
) -> ExampleClassifier:
    """A classifier whose score k is about `slopes[k] * (mean of the image) + offsets[k]`."""
    network = ExampleClassifier(channels, len(slopes))
    draw_weights(network, seed)
    _lead(network.stem, 0, {channels // 2: _DELTA})
    network.depthwise.weight[0, 0] = _BLUR
    _pass(network.norm, 0)
    _lead(network.last, 0, {0: _DELTA})
    network.head.weight[:, 0] = torch.tensor(slopes)
    network.head.bias.copy_(torch.tensor(offsets))
    return network.eval()
