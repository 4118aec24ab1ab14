"""Makes the package of a finished training run: weights, measured figures, honesty of its maps, card."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.checkpoints import Trained, load_best
from training.config import Config
from training.honesty.measure import Honesty
from training.packaging.metadata import About
from training.packaging.writer import PackageParts, Written, write_package

LICENCE = """SPDX-License-Identifier: Apache-2.0

The weights and the description in this package may be used under the Apache License, Version 2.0:
https://www.apache.org/licenses/LICENSE-2.0

Made from data under its own terms:
"""


def package_run(
    run: Path,
    folder: Path,
    figures: Mapping[str, Any],
    honesty: Honesty | None = None,
    *,
    config: Config | None = None,
    replace: bool = False,
    zip_path: Path | None = None,
) -> Written:
    """Write the package of the run's best weights.

    Args:
        run: folder of the run, as `training.loop.train` gives it.
        folder: of the package, for example models/<name>.
        figures: what `evaluate` measured: split, data, n_patients, metrics, baseline, notes. "training" is filled in.
        honesty: what was measured of the maps; None leaves those figures null.
        config: the description as it is now (titles, thresholds, about); None: as it was when the run began.
        replace, zip_path: as in `write_package`.
    """
    trained = described_anew(load_best(run), config)
    return write_package(parts_of(trained, run, figures, honesty), folder, replace=replace, zip_path=zip_path)


def described_anew(trained: Trained, config: Config | None) -> Trained:
    """The run with a later description of the same training.

    Raises:
        ValueError: the config would train something else.
    """
    if config is None:
        return trained
    if config.sha256 != trained.config.sha256:
        raise ValueError(f"{config.name}: the config now trains something else than the run did")
    return dataclasses.replace(trained, config=config)


def parts_of(
    trained: Trained, run: Path, figures: Mapping[str, Any], honesty: Honesty | None
) -> PackageParts:
    """What the package is made of."""
    config = trained.config
    viewer = config.viewer_json()
    told = dict(figures)
    told["training"] = {**_training(trained, run), **dict(figures.get("training") or {})}
    told["notes"] = [*figures.get("notes", ()), *config.about.get("notes", ())]
    told.setdefault("data", config.about.get("data", ""))
    if honesty is not None:
        viewer["honesty"] = honesty.figures
        told["maps"] = {**honesty.figures, **honesty.card}
        told["notes"] += honesty.notes
    about = about_of(config)
    licence = LICENCE + "\n".join(f"- {line}" for line in (about.data_source, *about.references)) + "\n"
    maps = None if honesty is None else honesty.average_maps
    settings = config.network.model_dump(mode="json")
    return PackageParts(trained.network, viewer, told, about, licence, maps, settings)


def about_of(config: Config) -> About:
    """The config's `about`; authors, copyright, data_source and intended_use are needed, the rest may be left out.

    Raises:
        ValueError: a key is missing.
    """
    given = dict(config.about)
    missing = [key for key in ("authors", "copyright", "data_source", "intended_use") if not given.get(key)]
    if missing:
        raise ValueError(f"{config.name}: about.{', about.'.join(missing)} missing in the config")
    known = {f.name for f in dataclasses.fields(About)}
    given["references"] = tuple(given.get("references", ()))
    return About(**{key: value for key, value in given.items() if key in known})


def _training(trained: Trained, run: Path) -> dict[str, Any]:
    about = trained.run
    spent = [line["seconds"] for line in _curves(run) if "seconds" in line]
    return {
        "seed": about.get("seed"),
        "hours": round(max(spent) / 3600, 2) if spent else None,
        "machine": about.get("machine"),
        "config_sha256": about.get("config_sha256"),
        "data_sha256": about.get("data_sha256"),
        "best_step": trained.step,
    }


def _curves(run: Path) -> list[dict[str, Any]]:
    path = run / "curves.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
