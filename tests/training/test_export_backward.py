"""Each backward operator written in forward ones equals torch's own gradient, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip(
    "torch", reason="needs the train extra (torch): backward operators are NOT tested"
)

from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402
from torch.nn import functional as f  # noqa: E402

from training.export.backward import backward_table  # noqa: E402

pytestmark = pytest.mark.torch


def draw(*shape: int) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


CONVOLUTIONS = {
    f"stride{s}_pad{p}_dilation{d}_kernel{k}_groups{g}_side{n}": (s, p, d, k, g, n)
    for s, p, d, k, g, n in [
        (1, 1, 1, 3, 1, 9),
        (2, 1, 1, 3, 1, 9),
        (2, 1, 1, 3, 1, 10),
        (2, 2, 1, 5, 4, 11),
        (3, 0, 1, 4, 2, 12),
        (1, 2, 2, 3, 4, 9),
        (2, 3, 2, 3, 1, 13),
        (4, 0, 1, 4, 1, 14),
        (1, 0, 1, 1, 1, 7),
    ]
}


@pytest.mark.parametrize("case", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys())
def test_convolutions(case: tuple[int, ...]) -> None:
    stride, padding, dilation, kernel, groups, side = case
    weight = draw(8, 4 // groups, kernel, kernel)
    same_gradient(
        lambda x: f.conv2d(x, weight, None, stride, padding, dilation, groups), draw(2, 4, side, side + 1)
    )


@pytest.mark.parametrize(("stride", "padding", "extra", "groups"), [(2, 0, 0, 1), (2, 1, 1, 2), (4, 0, 0, 4)])
def test_transposed_convolutions(stride: int, padding: int, extra: int, groups: int) -> None:
    weight = draw(4, 6 // min(groups, 2), 4, 4)
    same_gradient(
        lambda x: f.conv_transpose2d(x, weight, None, stride, padding, extra, groups=groups), draw(2, 4, 6, 5)
    )


SCALE, SHIFT, MEAN, VARIANCE = draw(4), draw(1, 4)[0], draw(2, 4)[0], draw(3, 4)[0].abs() + 0.1
OPERATORS: dict[str, Callable[[Any], Any]] = {
    "relu": f.relu,
    "relu6": lambda x: f.relu6(6.0 * x),
    "leaky_relu": lambda x: f.leaky_relu(x, 0.2),
    "elu": f.elu,
    "silu": f.silu,
    "gelu": f.gelu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hardswish": lambda x: f.hardswish(4.0 * x),
    "softmax": lambda x: torch.softmax(x, 1),
    "nearest": lambda x: f.interpolate(x, scale_factor=2, mode="nearest"),
    "nearest_uneven": lambda x: f.interpolate(x, size=(24, 16), mode="nearest"),
    "bilinear": lambda x: f.interpolate(x, scale_factor=2, mode="bilinear"),
    "bilinear_aligned": lambda x: f.interpolate(x, size=(19, 30), mode="bilinear", align_corners=True),
    "bilinear_smaller": lambda x: f.interpolate(x, size=(5, 6), mode="bilinear"),
    "max_pool": lambda x: f.max_pool2d(x, 2),
    "max_pool_overlapping": lambda x: f.max_pool2d(x, 3, 2, 1),
    "max_pool_ties": lambda x: f.max_pool2d(f.relu(x - 1.0), 2),
    "avg_pool": lambda x: f.avg_pool2d(x, 2),
    "adaptive_mean": lambda x: f.adaptive_avg_pool2d(x, 1),
    "mean": lambda x: x.mean((2, 3)),
    "batch_norm": lambda x: f.batch_norm(x, MEAN, VARIANCE, SCALE, SHIFT),
    "batch_norm_bare": lambda x: f.batch_norm(x, MEAN, VARIANCE),
    "group_norm": lambda x: f.group_norm(x, 2, SCALE, SHIFT),
    "concatenation": lambda x: torch.cat([x, 2.0 * x], 1)[:, 2:7],
    "crop": lambda x: f.relu(x[..., 1:-2, -5:]),
    "padding": lambda x: f.relu(f.pad(x, (1, 2, 0, 3))),
    "residual": lambda x: f.relu(x + f.relu(-x)),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name: str) -> None:
    same_gradient(OPERATORS[name], draw(2, 4, 12, 8))


def test_unsupported_forms_are_refused() -> None:
    x = draw(1, 2, 9, 9)
    with pytest.raises(ValueError, match="overlapping"):
        gradient_graph(lambda x: f.avg_pool2d(x, 3, 1), x)
    with pytest.raises(ValueError, match="whole number"):
        gradient_graph(lambda x: f.interpolate(x, size=(13, 13), mode="nearest"), x)
    with pytest.raises(ValueError, match="step"):
        gradient_graph(lambda x: x[:, :, ::2], x)
    mean, variance = MEAN[:2].clone(), VARIANCE[:2].clone()
    with pytest.raises(ValueError, match="training mode"):
        gradient_graph(lambda x: f.batch_norm(x, mean, variance, training=True), x)


def gradient_graph(function: Callable[[Any], Any], x: Any) -> Any:
    """Vector-Jacobian product of the function at x as a traced graph of (x, cotangent)."""

    def product(x: Any, cotangent: Any) -> Any:
        return torch.func.vjp(function, x)[1](cotangent)[0]

    graph = make_fx(product, decomposition_table=backward_table())(x, torch.ones_like(function(x)))
    graph.graph.eliminate_dead_code()
    return graph


def same_gradient(function: Callable[[Any], Any], x: Any) -> None:
    graph = gradient_graph(function, x)
    assert not [n for n in graph.graph.nodes if "backward" in str(n.target)]
    # Traced on one input, asked on another: nothing of the first may be baked in.
    other = x.flip(2).clone().requires_grad_(True)
    out = function(other)
    cotangent = draw(*out.shape)
    (expected,) = torch.autograd.grad(out, other, cotangent)
    torch.testing.assert_close(graph(other.detach(), cotangent), expected, rtol=1e-10, atol=1e-12)
