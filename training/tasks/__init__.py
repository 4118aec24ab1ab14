"""What each kind of training reads, how its batches are made, its loss and its look at the validation split."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from training.config import Config

Arrays = dict[str, np.ndarray]
Batch = dict[str, torch.Tensor]


class Task(Protocol):
    """One kind of training."""

    def __init__(self, config: Config, arrays: Arrays, data: Path) -> None: ...

    def batch(self, rng: np.random.Generator, step: int) -> Batch:
        """A batch that depends on the generator and the step alone."""
        ...

    def loss(self, network: nn.Module, batch: Batch) -> torch.Tensor: ...

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Figures of the validation split; "score" (the more the better) picks the best weights."""
        ...


def task_class(config: Config) -> Any:
    """The task's class; `prepare(config, data) -> Arrays` and `files(data) -> list[Path]` belong to it."""
    if config.task.kind == "nodules":
        from training.tasks.nodules import NoduleTraining

        return NoduleTraining
    if config.task.kind == "tumour":
        from training.tasks.tumour import TumourTraining

        return TumourTraining
    from training.tasks.film import FilmTraining

    return FilmTraining


def prepared(config: Config, data: Path, out: Path) -> tuple[Arrays, str]:
    """The set as arrays, made once for the same files and recipe, and the fingerprint of the files."""
    import hashlib
    import json

    from training.data.tables import fingerprint

    kind = task_class(config)
    files = fingerprint(kind.files(data))
    rule = json.dumps([config.input, config.task.model_dump(mode="json"), kind.PREPARED], sort_keys=True)
    key = hashlib.sha256((files + rule).encode()).hexdigest()[:16]
    stored = out / "prepared" / f"{config.name}-{key}.npz"
    if stored.is_file():
        with np.load(stored, allow_pickle=False) as found:
            return dict(found), files
    arrays: Arrays = kind.prepare(config, data)
    stored.parent.mkdir(parents=True, exist_ok=True)
    part = stored.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **arrays)
    part.replace(stored)
    return arrays, files
