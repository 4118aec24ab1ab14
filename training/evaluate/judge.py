"""`evaluate`: an exported package, run by the viewer's own inference, on one split of a set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medviewer.inference.package import ModelPackage, find_package
from medviewer.inference.predict import predict as viewer_predict
from medviewer.inference.session import Session, open_session
from training.config import Config
from training.evaluate import Floats, Predict, films, nodules, tumours
from training.evaluate.statistics import Figure


@dataclass(frozen=True)
class Judged:
    """metrics by name (None: the labels do not allow it), and how many patients (or what stands for them)."""

    metrics: dict[str, Figure | None]
    patients: int


def judge(
    config: Config, data: Path, package: str | Path, split: str, out: Path | None = None, draws: int = 1000
) -> Judged:
    """Predict every row of the split (labels are not looked at), write the predictions, measure.

    The recipe, thresholds and calibration are the package's own. Raises MedViewerError where the package is faulty.
    """
    opened = find_package(package)
    session = open_session(opened, device="cpu", threads=config.training.threads)
    own = of_package(config, opened)
    predict = session_predictor(session)
    metrics: dict[str, Figure | None]
    if config.task.kind == "nodules":
        nodule = nodules.predicted(predict, own, data, split)
        if out is not None:
            nodules.write(nodule, data, split, out)
        metrics = nodules.figures(data, nodule, split, draws)
    elif config.task.kind == "tumour":
        tumour = tumours.predicted(predict, own, data, split)
        if out is not None:
            tumours.write(tumour, out)
        metrics = tumours.figures(data, tumour, split, draws)
    else:
        film = films.scored(predict, own, data, split, _map_of(session))
        if out is not None:
            films.write(film, out)
        metrics = films.figures(data, film, split, draws)
    return Judged(metrics, max([m["n_groups"] for m in metrics.values() if m] or [0]))


def of_package(config: Config, package: ModelPackage) -> Config:
    """The config with the input recipe and the outputs of the package instead of its own."""
    viewer: dict[str, Any] = json.loads(package.files["configs/viewer.json"])
    return config.model_copy(update={"input": viewer["input"], "viewer": viewer})


def session_predictor(session: Session) -> Predict:
    """The viewer's way from prepared planes to probabilities."""

    def predict(planes: Sequence[Floats]) -> list[Floats]:
        return viewer_predict(session, planes)

    return predict


def _map_of(session: Session) -> films.MapOf:
    def map_of(plane: Floats, channel: int) -> Floats:
        channels = session.package.spec.scores
        target = np.zeros((1, channels), np.float32)
        target[0, channel] = 1
        region = np.ones((1, 1, *plane.shape[1:]), np.float32)
        _, found = session.explain(plane[None], target, region, "grad-cam")
        return found[0]

    return map_of
