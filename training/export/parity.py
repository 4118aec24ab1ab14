"""How far the exported graph is from torch: largest differences of scores and maps on random inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.export import runtime
from training.export.saliency_graph import Example, example_inputs, frozen, saliency_function


def random_inputs(example: Example, draws: int, seed: int) -> list[Example]:
    """Inputs of the same shapes: smooth noise, each time another target channel and another region."""
    generator = torch.Generator().manual_seed(seed)
    batch, channels = example.target.shape
    height, width = example.image.shape[2:]
    made = []
    for draw in range(draws):
        coarse = torch.rand(batch, example.image.shape[1], 6, 6, generator=generator)
        image = torch.nn.functional.interpolate(
            coarse, size=(height, width), mode="bicubic", align_corners=False
        )
        image = image + 0.1 * torch.randn(example.image.shape, generator=generator)
        target = torch.zeros(batch, channels)
        target[torch.arange(batch), (torch.arange(batch) + draw) % channels] = 1.0
        region = torch.ones_like(example.region)
        if draw % 2:  # every other time only a part is asked for
            top, left = (
                int(torch.randint(0, side // 2, (1,), generator=generator)) for side in (height, width)
            )
            region = torch.zeros_like(example.region)
            region[:, :, top : top + height // 3, left : left + width // 3] = 1.0
        made.append(Example(image, target, region))
    return made


def parity(
    network: nn.Module,
    model: Path,
    batch: int,
    channels: int,
    size: tuple[int, int],
    draws: int = 6,
    seed: int = 1,
) -> dict[str, object]:
    """Largest difference between torch and ONNX Runtime (CPU) for every output, over `draws` random inputs.

    Returns:
        {"draws", "seed", "runtime", "scores": {"max_abs", "max_rel", "median_rel"}, …}; relative to the
        largest value of that output in torch, the median over the draws. Maps by gradient may differ
        by more than rounding where a unit stands exactly at its kink: float32 then puts it on one side here,
        on the other there (torch in float32 and in float64 differ likewise).
    """
    still = frozen(network)
    example = example_inputs(still, batch, channels, size)
    function = saliency_function(still, example)
    opened = runtime.session(model)
    apart: dict[str, list[tuple[float, float]]] = {name: [] for name in function.outputs}
    for inputs in random_inputs(example, draws, seed):
        with torch.no_grad():
            expected = function.call(*inputs.arguments())
        feeds = {
            "image": inputs.image.numpy(),
            "target": inputs.target.numpy(),
            "region": inputs.region.numpy(),
        }
        found = runtime.run(opened, list(function.outputs), feeds)
        for name, want, got in zip(function.outputs, expected, found, strict=True):
            reference = want.numpy()
            largest = float(np.abs(reference - got).max())
            scale = float(np.abs(reference).max())
            apart[name].append((largest, largest / scale if scale > 0.0 else 0.0))
    import onnxruntime

    measured = {
        name: {
            "max_abs": max(absolute for absolute, _ in pairs),
            "max_rel": max(relative for _, relative in pairs),
            "median_rel": float(np.median([relative for _, relative in pairs])),
        }
        for name, pairs in apart.items()
    }
    return {
        "draws": draws,
        "seed": seed,
        "runtime": f"onnxruntime {onnxruntime.__version__}, CPU",
        **measured,
    }
