"""Captum's explainers for packages whose network can be built again; they come with the `train` extra.

Plugged into the viewer by the entry point "medviewer.explainers", which uses nothing private: another package can do
the same with an explainer of its own.
"""

from training.explainers.by_captum import IntegratedGradients, Occlusion, SmoothGradient

__all__ = ["IntegratedGradients", "Occlusion", "SmoothGradient"]
