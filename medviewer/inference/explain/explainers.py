"""Methods that make maps. Others may be plugged in by the entry point "medviewer.explainers"."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.inference.session import OUTPUT_OF_METHOD, Session

Floats = NDArray[np.float32]
GROUP = "medviewer.explainers"


class Explainer(Protocol):
    """An entry point of the group, named like the method, gives a class without arguments that does this."""

    def map(
        self, session: Session, image: Floats, target: Floats, region: Floats, progress: Progress
    ) -> Floats:
        """(h, w), not negative: evidence in one prepared tile (C, H, W) for sum(scores * target * region).

        target: (K,) weights of the score channels; region: (H, W). Any h, w that cover the tile evenly.
        """
        ...


class _FromGraph:
    """The maps that the package's own graph holds, forward and backward in ONNX operators."""

    method = ""

    def map(
        self, session: Session, image: Floats, target: Floats, region: Floats, progress: Progress
    ) -> Floats:
        _, found = session.explain(image[None], target[None], region[None, None], self.method, progress)
        return found[0]


class GradCam(_FromGraph):
    """Gradients averaged over the layer, times activation (Selvaraju RR et al., ICCV 2017)."""

    method = "grad-cam"


class HiResCam(_FromGraph):
    """Gradient times activation at each place, then summed (Draelos RL, Carin L, arXiv 2011.08891)."""

    method = "hires-cam"


_IN_TREE = {"grad-cam": GradCam, "hires-cam": HiResCam}


def explainer_names(session: Session) -> list[str]:
    """Methods that can be asked for: those of the graph, then those plugged in."""
    plugged = sorted({p.name for p in entry_points(group=GROUP)} - set(OUTPUT_OF_METHOD))
    return [*session.methods, *plugged]


def find_explainer(method: str) -> Explainer:
    """Raises usage.method for an unknown one."""
    for point in entry_points(group=GROUP, name=method):
        plugged: Explainer = point.load()()
        return plugged
    if method in _IN_TREE:
        return _IN_TREE[method]()
    known = ", ".join(sorted({*_IN_TREE, *(p.name for p in entry_points(group=GROUP))}))
    raise MedViewerError(
        "usage.method",
        Words("There is no method {name}; known: {known}.", "没有方法 {name}；可选：{known}。").format(
            name=method[:40], known=known
        ),
    )
