"""Golden input: an image that nobody was examined for, on which every runtime has to give the same scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import ndimage

TOLERANCE = {"cpu": 1e-4, "cuda": 1e-2, "default": 2e-2}  # largest absolute difference of a raw score


def golden_image(viewer: Mapping[str, Any], seed: int = 20) -> np.ndarray:
    """Smooth noise with bright and dark discs, in the range that the network sees.

    Args:
        viewer: the package's viewer.json; `input` gives batch, channels, size, mean and std.
        seed: of the generator.

    Returns:
        float32 (B, C, H, W). Grey levels are multiples of 1/255, so that the file stays small.
    """
    recipe = viewer["input"]
    height, width = recipe["size"]
    batch, channels = recipe["batch"], recipe["channels"]
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    images = np.empty((batch, channels, height, width))
    for image in images:
        noise = ndimage.gaussian_filter(generator.standard_normal((height, width)), min(height, width) / 12)
        grey = 0.35 + 0.12 * noise / noise.std()
        for strength in (0.5, 0.35, -0.3, 0.6):
            centre = generator.uniform(0.15, 0.85, 2) * (height, width)
            radius = generator.uniform(0.02, 0.12) * min(height, width) + 1.5
            apart = np.hypot(rows - centre[0], columns - centre[1])
            grey = grey + strength / (1.0 + np.exp(2.0 * (apart - radius)))
        for depth in range(channels):  # neighbouring planes and colours differ a little
            image[depth] = (
                grey if recipe.get("rgb") else ndimage.shift(grey, (0.6 * depth, 0.0), mode="nearest")
            )
    levels = np.round(np.clip(images, 0.0, 1.0) * 255.0) / 255.0
    mean, std = (np.asarray(recipe[key], np.float64).reshape(-1, 1, 1) for key in ("mean", "std"))
    return ((levels - mean) / std).astype(np.float32)
