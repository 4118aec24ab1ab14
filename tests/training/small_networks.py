"""Small networks of every kind that ships or may ship, cut into features and rest, with drawn weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Cut(nn.Module):
    """Forward is features, then rest."""

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def rest(self, *features: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(*self.features(x))


def _unit(
    inputs: int, outputs: int, norm: nn.Module | None = None, act: nn.Module | None = None
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        norm if norm is not None else nn.BatchNorm2d(outputs),
        act if act is not None else nn.ReLU(inplace=True),
    )


class UNet(_Cut):
    """Two levels; explained at the bottleneck or at the middle decoder; any upsampling, pooling, norm and unit."""

    def __init__(
        self, up: nn.Module, pool: nn.Module, explained: str, scores: int = 2, norm: str = "batch"
    ) -> None:
        super().__init__()
        make = {"batch": nn.BatchNorm2d, "group": lambda n: nn.GroupNorm(2, n)}[norm]
        self.explained = explained
        self.enc1, self.enc2 = _unit(1, 8, make(8)), _unit(8, 8, make(8))
        self.middle = _unit(8, 8, make(8))
        self.dec2, self.dec1 = _unit(16, 8, make(8)), _unit(16, 8, make(8))
        self.head = nn.Conv2d(8, scores, 1)
        self.up2, self.up1, self.pool = up, up, pool

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        first = self.enc1(x)
        second = self.enc2(self.pool(first))
        if self.explained == "enc2":
            return second, first
        third = self.middle(self.pool(second))
        if self.explained == "middle":
            return third, second, first
        return self.dec2(torch.cat([self.up2(third), second], 1)), first

    def rest(self, *features: Tensor) -> Tensor:
        if self.explained == "enc2":
            second, first = features
            third = self.middle(self.pool(second))
        elif self.explained == "middle":
            third, second, first = features
        else:
            layer, first = features
            return self.head(self.dec1(torch.cat([self.up1(layer), first], 1)))
        layer = self.dec2(torch.cat([self.up2(third), second], 1))
        return self.head(self.dec1(torch.cat([self.up1(layer), first], 1)))


class Strided(_Cut):
    """Strided, dilated and depthwise convolutions behind the layer, odd sizes, a unit of the caller's choice."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.stem = _unit(1, 8)
        self.down = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.depthwise = nn.Conv2d(12, 12, 3, stride=2, padding=1, groups=12)
        self.dilated = nn.Conv2d(12, 12, 3, padding=2, dilation=2)
        self.norm = nn.BatchNorm2d(12)
        self.up = nn.ConvTranspose2d(12, 6, 4, stride=4, groups=2)
        self.head = nn.Conv2d(6, 2, 3, padding=1)
        self.act = act

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        return (self.stem(x),)

    def rest(self, *features: Tensor) -> Tensor:
        x = self.act(self.down(features[0]))
        x = self.act(self.norm(self.depthwise(x)))
        x = self.act(self.dilated(x))
        return self.head(functional.interpolate(self.up(x), size=features[0].shape[2:], mode="bilinear"))


class Residual(_Cut):
    """Residual blocks, then pooling + linear, or pooling + two layers (no closed form)."""

    def __init__(self, hidden: bool, scores: int = 5) -> None:
        super().__init__()
        self.stem = _unit(1, 12)
        self.branch = nn.Sequential(
            _unit(12, 12), nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.BatchNorm2d(12)
        )
        self.last = _unit(12, 16, act=nn.ReLU6(inplace=True))
        self.head: nn.Module = nn.Linear(16, scores)
        if hidden:
            self.head = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, scores))

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        x = functional.max_pool2d(self.stem(x), 2)
        x = functional.relu(x + self.branch(x))
        return (self.last(functional.avg_pool2d(x, 2)),)

    def rest(self, *features: Tensor) -> Tensor:
        return self.head(functional.dropout(features[0].mean((2, 3)), 0.3, self.training))


def _bilinear(align: bool = False) -> nn.Module:
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=align)


def _made(seed: int) -> dict[str, tuple[nn.Module, tuple[int, int]]]:
    torch.manual_seed(seed)
    two = nn.MaxPool2d(2)
    return {
        "unet_bilinear_late": (UNet(_bilinear(), two, "dec2"), (32, 48)),
        "unet_nearest_bottleneck": (UNet(nn.Upsample(scale_factor=2), two, "middle", scores=4), (32, 32)),
        "unet_aligned_overlapping_pool": (UNet(_bilinear(True), nn.MaxPool2d(3, 2, 1), "enc2"), (32, 32)),
        "unet_transposed": (UNet(nn.ConvTranspose2d(8, 8, 2, stride=2), two, "middle", scores=3), (32, 32)),
        "unet_transposed_wide": (
            UNet(nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1), two, "dec2"),
            (32, 32),
        ),
        "unet_average_pool": (UNet(_bilinear(), nn.AvgPool2d(2), "enc2"), (32, 32)),
        "unet_group_norm": (UNet(_bilinear(), two, "middle", norm="group"), (32, 32)),
        "strided_relu": (Strided(nn.ReLU(inplace=True)), (30, 36)),
        "strided_relu6": (Strided(nn.ReLU6(inplace=True)), (32, 32)),
        "strided_leaky": (Strided(nn.LeakyReLU(0.1)), (32, 32)),
        "strided_silu": (Strided(nn.SiLU()), (32, 32)),
        "classifier": (Residual(hidden=False), (40, 32)),
        "classifier_hidden": (Residual(hidden=True), (32, 32)),
    }


NAMES = tuple(_made(0))
CLOSED_FORM = ("classifier",)


def network(name: str, seed: int = 3) -> tuple[nn.Module, tuple[int, int]]:
    """The network in evaluation mode with norms that are not at identity, and its tile (rows, columns)."""
    made, size = _made(seed)[name]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
                module.weight.copy_(0.5 + torch.rand(module.weight.shape, generator=generator))
                module.bias.copy_(0.2 * torch.randn(module.bias.shape, generator=generator))
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.copy_(0.1 * torch.randn(module.running_mean.shape, generator=generator))
                module.running_var.copy_(0.2 + torch.rand(module.running_var.shape, generator=generator))
    return made.eval(), size
