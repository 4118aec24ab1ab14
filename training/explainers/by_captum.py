"""Maps on the tile's own pixels by captum: positive evidence, summed over the input channels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.explainers.rebuilt import network_of

if TYPE_CHECKING:
    from medviewer.core.jobs import Progress
    from medviewer.inference.session import Session

Floats = NDArray[np.float32]
SEED = 7


class _ByCaptum(ABC):
    """See `medviewer.inference.explain.explainers.Explainer`."""

    def map(
        self, session: Session, image: Floats, target: Floats, region: Floats, progress: Progress
    ) -> Floats:
        """(H, W), not negative: evidence in the tile (C, H, W) for sum(scores * target * region)."""
        network = network_of(session.package)
        import torch

        weights, place = torch.from_numpy(target), torch.from_numpy(region)

        def asked(x: Any) -> Any:
            """(n, C, H, W) → (n,): the sum that is explained; looks for a cancel at every pass."""
            progress.check()
            scores = network(x)
            if scores.dim() == 2:
                return (scores * weights).sum(1)
            return (scores * weights[:, None, None] * place).sum((1, 2, 3))

        torch.manual_seed(SEED)
        found = self.attribute(asked, torch.from_numpy(np.ascontiguousarray(image))[None])
        evidence = found.detach().sum(1)[0].clamp(min=0).numpy()
        return np.asarray(evidence, np.float32)

    @abstractmethod
    def attribute(self, asked: Any, image: Any) -> Any:
        """Attribution (1, C, H, W) of an image (1, C, H, W)."""


def _least(image: Any) -> Any:
    """A tile as dark as its darkest pixel, channel by channel: what stands for nothing."""
    return image.amin((2, 3), keepdim=True).expand_as(image)


class IntegratedGradients(_ByCaptum):
    """Gradients along the way from a dark tile to the image (Sundararajan M et al., ICML 2017)."""

    STEPS = 24

    def attribute(self, asked: Any, image: Any) -> Any:
        from captum.attr import IntegratedGradients as ByCaptum

        explainer = ByCaptum(asked)
        return explainer.attribute(
            image.requires_grad_(True), baselines=_least(image), n_steps=self.STEPS, internal_batch_size=4
        )


class SmoothGradient(_ByCaptum):
    """Gradient times input, averaged over noisy copies of the image (Smilkov D et al., arXiv 1706.03825)."""

    COPIES = 16
    NOISE = 0.1  # of the tile's range

    def attribute(self, asked: Any, image: Any) -> Any:
        from captum.attr import InputXGradient, NoiseTunnel

        noise = self.NOISE * float(image.max() - image.min())
        explainer = NoiseTunnel(InputXGradient(asked))
        return explainer.attribute(
            image.requires_grad_(True), nt_samples=self.COPIES, nt_samples_batch_size=4, stdevs=noise
        )


class Occlusion(_ByCaptum):
    """How far the score falls when a square is darkened (Zeiler MD, Fergus R, ECCV 2014)."""

    def attribute(self, asked: Any, image: Any) -> Any:
        import torch
        from captum.attr import Occlusion as ByCaptum

        channels, side = image.shape[1], max(4, min(image.shape[2:]) // 8)
        with torch.no_grad():
            return ByCaptum(asked).attribute(
                image,
                sliding_window_shapes=(channels, side, side),
                strides=(channels, side // 2, side // 2),
                baselines=_least(image),
                perturbations_per_eval=4,
            )
