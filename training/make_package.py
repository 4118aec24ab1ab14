"""From a finished run to its package: calibrated, exported, judged through the viewer, described."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training.calibrate import calibrated_viewer
from training.checkpoints import Trained, load_best
from training.config import Config
from training.evaluate.by_torch import torch_predictor
from training.evaluate.judge import judge
from training.evaluate.statistics import Figure
from training.loop import say_on_stderr
from training.packaging.from_run import package_run
from training.packaging.writer import Written

SPLIT = "val"


def make_package(
    config: Config, data: Path, run: Path, folder: Path, *, replace: bool = False, honesty: bool = True,
    say: Callable[[str], None] = say_on_stderr,
) -> Written:  # fmt: skip
    """Write the package of the run's best weights with the figures of the validation split.

    `config` may differ from the run's in what is not trained (titles, thresholds, texts): it is what counts then.
    Raises ValueError where it differs in more, FileExistsError where the folder may not be replaced.
    """
    if folder.exists() and not replace:
        raise FileExistsError(f"{folder} exists (use --replace)")
    trained = described(run, config)
    if config.task.kind == "film":
        say(f"{config.name}: calibrating")
        predict = torch_predictor(trained.network, config.viewer_json())
        trained = described(
            run, config.model_copy(update={"viewer": calibrated_viewer(config, predict, data, SPLIT)})
        )
    with tempfile.TemporaryDirectory() as scratch:
        say(f"{config.name}: exporting")
        first = package_run(run, Path(scratch) / config.name, {})
        say(f"{config.name}: judging the exported package on {SPLIT}")
        judged = judge(config, data, str(first.folder), SPLIT)
    figures = {
        "split": SPLIT,
        "n_patients": judged.patients,
        "metrics": {name: _plain(figure) for name, figure in judged.metrics.items()},
        "baseline": config.about.get("baseline"),
    }
    measured = None
    if honesty:
        from training.honesty.of_run import honesty_of

        say(f"{config.name}: measuring the saliency maps")
        measured = honesty_of(trained, data, judged.metrics, SPLIT)
    return package_run(run, folder, figures, measured, replace=replace)


def described(run: Path, config: Config) -> Trained:
    """The run's best weights under this config; the run's own copy of it is brought up to date.

    Raises ValueError where the config would have been trained otherwise.
    """
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    if about["config_sha256"] != config.sha256:
        raise ValueError(f"{run} was trained with another config: train it anew or name another run")
    text = json.dumps(config.model_dump(mode="json"), ensure_ascii=False, indent=1)
    (run / "config.json").write_text(text, encoding="utf-8")
    return load_best(run)


def _plain(figure: Figure | None) -> Mapping[str, Any] | None:
    """Value, interval and n, as figures.json has them."""
    return None if figure is None else {k: figure[k] for k in ("value", "ci95", "n")}
