"""Scores and class activation maps of a network as one function of image, target and region.

A network that can be explained is cut in two: `features(x)` gives a tuple whose first entry is the explained
layer (the others are what else the rest needs, such as skip connections), `rest(*features)` gives the scores.

Grad-CAM: Selvaraju et al. 2017, doi 10.1109/ICCV.2017.74. HiResCAM: Draelos and Carin 2020, arXiv 2011.08891.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from training.export.backward import backward_table

GRAD_CAM = "saliency_grad_cam"
HIRES_CAM = "saliency_hires_cam"
INPUT_NAMES = ("image", "target", "region")


class ExplainedNetwork(Protocol):
    """What export needs of a network, beside being a `torch.nn.Module`."""

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) → the explained layer (B, F, h, w), then whatever else `rest` takes."""
        ...

    def rest(self, *features: Tensor) -> Tensor:
        """The features → raw logits, (B, K) of a classifier or (B, K, H, W) of masks and heat maps."""
        ...


@dataclass(frozen=True)
class Example:
    """Inputs of the fixed shapes that a graph is traced with.

    image (B, C, H, W); target (B, K), weights of the score channels; region (B, 1, H, W), the pixels meant.
    """

    image: Tensor
    target: Tensor
    region: Tensor

    def arguments(self) -> tuple[Tensor, Tensor, Tensor]:
        """In the order of `INPUT_NAMES`."""
        return self.image, self.target, self.region


@dataclass(frozen=True)
class SaliencyFunction:
    """`call(image, target, region)` gives the tensors that `outputs` names, in that order."""

    call: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]
    outputs: tuple[str, ...]
    closed_form: bool

    def maps(self) -> tuple[str, ...]:
        """Names of those outputs that are saliency maps (B, 1, h, w)."""
        return tuple(name for name in self.outputs if name in (GRAD_CAM, HIRES_CAM))


def frozen(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode: parameters take no gradient, units do not overwrite their input."""
    still = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    for module in still.modules():
        if hasattr(module, "inplace"):
            module.__dict__["inplace"] = False  # overwriting in place cannot be traced through a gradient
    return still


def example_inputs(network: nn.Module, batch: int, channels: int, size: tuple[int, int]) -> Example:
    """Inputs for tracing: a grey image, the first score channel, every pixel."""
    image = torch.zeros(batch, channels, *size)
    with torch.no_grad():
        explained = cast(ExplainedNetwork, network)
        channels_out = explained.rest(*explained.features(image)).shape[1]
    target = torch.zeros(batch, channels_out)
    target[:, 0] = 1.0
    return Example(image, target, torch.ones(batch, 1, *size))


def linear_head(network: nn.Module, image: Tensor, tolerance: float = 1e-5) -> Tensor | None:
    """Weights (K, F) by which a cell enters the scores if the head is pooling + linear, else None.

    Found by looking at what the head does, not at its name: its derivative is the same at two random places
    and in every cell. That derivative is the linear layer's weight divided by the number of cells.
    """
    explained = cast(ExplainedNetwork, network)
    with torch.no_grad():
        layer, *others = explained.features(image[:1])
        if explained.rest(layer, *others).dim() != 2 or others:
            return None

    def scores(single: Tensor) -> Tensor:
        return explained.rest(single[None])[0]

    generator = torch.Generator().manual_seed(0)
    draws = [torch.randn(layer.shape[1:], generator=generator).to(layer.dtype) for _ in range(2)]
    first, second = (torch.func.jacrev(scores)(draw) for draw in draws)  # each (K, F, h, w)
    weights = first.mean((2, 3))
    limit = tolerance * float(first.abs().max())
    constant = float((first - weights[:, :, None, None]).abs().max()) <= limit
    same = float((first - second).abs().max()) <= limit
    return weights.detach() if constant and same else None


def saliency_function(network: nn.Module, example: Example) -> SaliencyFunction:
    """The network as `f(image, target, region) -> (scores, features, maps…)`.

    With A the explained layer and g the gradient of `sum(scores * target * region)` to it:
    grad-cam = relu(sum over channels of (mean of g over cells) * A),
    hires-cam = relu(sum over channels of g * A).
    Where the head is pooling + linear both are the same and g is known in closed form; a classifier ignores
    the region.

    Args:
        network: as `frozen` gives it; has `features` and `rest`.
        example: inputs of the fixed shapes.
    """
    explained = cast(ExplainedNetwork, network)
    weights = linear_head(network, example.image)
    if weights is not None:
        cell_weights = weights

        def closed(image: Tensor, target: Tensor, region: Tensor) -> tuple[Tensor, ...]:
            (layer,) = explained.features(image)
            evidence = (target @ cell_weights)[:, :, None, None] * layer
            return explained.rest(layer), layer, torch.relu(evidence.sum(1, keepdim=True))

        return SaliencyFunction(closed, ("scores", "features", GRAD_CAM), closed_form=True)

    def by_gradient(image: Tensor, target: Tensor, region: Tensor) -> tuple[Tensor, ...]:
        layer, *others = explained.features(image)
        scores, back, *_ = torch.func.vjp(lambda first: explained.rest(first, *others), layer)
        (gradient,) = back(target if scores.dim() == 2 else target[:, :, None, None] * region)
        grad_cam = torch.relu((gradient.mean((2, 3), keepdim=True) * layer).sum(1, keepdim=True))
        hires_cam = torch.relu((gradient * layer).sum(1, keepdim=True))
        return scores, layer, grad_cam, hires_cam

    return SaliencyFunction(by_gradient, ("scores", "features", GRAD_CAM, HIRES_CAM), closed_form=False)


def traced(function: SaliencyFunction, example: Example) -> GraphModule:
    """The function as a graph of forward operators only, for inputs of the example's shapes.

    Raises:
        ValueError: a backward operator is left that has no forward form here.
    """
    graph = make_fx(function.call, decomposition_table=backward_table())(*example.arguments())
    _keep_resizing(graph)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    left = sorted(
        {str(n.target) for n in graph.graph.nodes if n.op == "call_function" and "backward" in str(n.target)}
    )
    if left:
        raise ValueError(f"no forward form for {', '.join(left)}: add one to training/export/backward.py")
    return graph


def _keep_resizing(graph: GraphModule) -> None:
    """The exporter takes bilinear upsampling to pieces unless it comes in the form with a list of factors."""
    for node in graph.graph.nodes:
        if node.op == "call_function" and node.target is torch.ops.aten.upsample_bilinear2d.default:
            x, size, align_corners = node.args[:3]
            node.target = torch.ops.aten.upsample_bilinear2d.vec
            node.args = (x, size, align_corners, None)
            node.kwargs = {}
