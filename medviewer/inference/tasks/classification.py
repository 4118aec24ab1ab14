"""Classification of a film: a probability for each label, with its threshold."""

from __future__ import annotations

import numpy as np

from medviewer.core.finding import ClassScore, Source
from medviewer.core.jobs import Progress
from medviewer.core.volume import Volume
from medviewer.inference.clock import Clock
from medviewer.inference.films import FilmReader
from medviewer.inference.predict import class_probabilities
from medviewer.inference.session import Session
from medviewer.inference.tasks import Outcome
from medviewer.inference.tiles import RUNNING


class ClassificationTask:
    """One run over the whole film."""

    def memory_bytes(self, session: Session, volume: Volume) -> float:
        """Some float copies of the film."""
        side = float(max(volume.array.shape[1:3]))
        return 4 * 4 * side * side

    def run(
        self, session: Session, volume: Volume, source: Source, progress: Progress, clock: Clock
    ) -> Outcome:
        spec = session.package.spec
        progress.step(0, 1, RUNNING)
        with clock.stage("prepare"):
            plane = FilmReader(volume, spec.input).prepare()
        with clock.stage("infer"):
            scores = session.run(plane[None], progress)
        with clock.stage("post"):
            chances = class_probabilities(spec, scores)[0]
            classes = [
                ClassScore(
                    label.name,
                    float(np.clip(chances[label.channel], 0, 1)),
                    label.threshold,
                    bool(chances[label.channel] >= label.threshold),
                    spec.calibration.calibrated and label.name in spec.calibration.per_label,
                    label.code,
                )
                for label in spec.labels
            ]
        progress.step(1, 1, RUNNING)
        return Outcome(classes=classes)
