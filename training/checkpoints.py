"""Run folders: `last.pt` (everything to go on from) and `best.pt` (the weights that did best on validation)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.config import Config, parse_config
from training.networks import build

LAST, BEST = "last.pt", "best.pt"


@dataclass(frozen=True)
class Trained:
    """A run's best network in eval mode, its config and what is known of the run (run.json, last validation)."""

    network: nn.Module
    config: Config
    run: dict[str, Any]
    step: int
    score: float


def save(path: Path, content: dict[str, Any]) -> None:
    """Written beside and put in place at once, so that a killed run never leaves half a checkpoint."""
    part = path.with_suffix(".part")
    torch.save(content, part)
    os.replace(part, path)


def load(path: Path) -> dict[str, Any]:
    """A checkpoint of our own; read without pickled code."""
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found


def load_best(run: Path) -> Trained:
    """Raises FileNotFoundError where the run has no best weights yet."""
    best = load(run / BEST)
    config = parse_config(
        json.loads((run / "config.json").read_text(encoding="utf-8")), str(run / "config.json")
    )
    network = build(config)
    network.load_state_dict(best["network"])
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return Trained(network.eval(), config, about, int(best["step"]), float(best["score"]))
