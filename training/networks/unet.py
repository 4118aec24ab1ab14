"""2-D U-Net of plain convolutions, BatchNorm and ReLU."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n in (inputs, outputs):
        layers += [nn.Conv2d(n, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """`depth` levels below the full resolution, channels doubling from `width`, at most 8 times as many.

    The explained layer is the decoder at a quarter of the resolution. Sides must be multiples of 2 ** depth.
    """

    EXPLAINED = 2  # level of the explained decoder: 2 ** 2 pixels a cell

    def __init__(self, channels: int, scores: int, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        if depth <= self.EXPLAINED:
            raise ValueError(f"depth must be over {self.EXPLAINED}")
        wide = [width * min(8, 2**level) for level in range(depth + 1)]
        self.depth = depth
        self.enc = nn.ModuleList(
            _block(channels if k == 0 else wide[k - 1], wide[k]) for k in range(depth + 1)
        )
        self.dec = nn.ModuleList(_block(wide[k + 1] + wide[k], wide[k]) for k in range(depth))
        self.head = nn.Conv2d(wide[0], scores, 1)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) → decoder at 1/4 (B, 4 width, H/4, W/4), then the skips at full and half resolution."""
        skips = []
        for level in range(self.depth):
            x = self.enc[level](x)
            skips.append(x)
            x = self.pool(x)
        x = self.enc[self.depth](x)
        for level in range(self.depth - 1, self.EXPLAINED - 1, -1):
            x = self.dec[level](torch.cat([self.up(x), skips[level]], 1))
        return (x, *skips[: self.EXPLAINED])

    def rest(self, *features: Tensor) -> Tensor:
        """→ raw scores (B, K, H, W)."""
        x, skips = features[0], features[1:]
        for level in range(self.EXPLAINED - 1, -1, -1):
            x = self.dec[level](torch.cat([self.up(x), skips[level]], 1))
        return self.head(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → raw scores (B, K, H, W)."""
        return self.rest(*self.features(x))
