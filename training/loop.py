"""The training loop: deterministic by seed, resumable after a kill at the last checkpoint, curves as JSON lines."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.checkpoints import BEST, LAST, load, save
from training.config import Config
from training.networks import build
from training.tasks import Task, prepared, task_class

Say = Callable[[str], None]


def say_on_stderr(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


def train(
    config: Config, data: Path, out: Path, stop_after: int | None = None, say: Say = say_on_stderr
) -> Path:
    """Train to the end and return the run's folder, `out/<name>-s<seed>`; goes on where that run was cut off.

    stop_after: leave the loop after that many steps in all (tests).
    """
    run = out / f"{config.name}-s{config.training.seed}"
    run.mkdir(parents=True, exist_ok=True)
    settings = config.training
    torch.set_num_threads(settings.threads)
    started = time.monotonic()
    arrays, data_sha256 = prepared(config, data, out)
    say(f"{config.name}: data ready in {time.monotonic() - started:.0f} s")
    torch.manual_seed(settings.seed)
    network = build(config, pretrained=True).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = _optimiser(config, network)
    task: Task = task_class(config)(config, arrays, data)
    first, best, seconds = 0, -math.inf, 0.0
    if (run / LAST).is_file():
        first, best, seconds = _resume(run, config, data_sha256, network, optimiser)
        say(f"{config.name}: going on after step {first}")
    else:
        _describe(run, config, data_sha256)
    clock = time.monotonic()
    smooth = None
    for step in range(first, settings.steps):
        if stop_after is not None and step >= stop_after:
            break
        loss = _step(task, network, optimiser, config, step)
        smooth = loss if smooth is None else 0.98 * smooth + 0.02 * loss
        done = step + 1
        last = done == settings.steps
        if done % 50 == 0 or last:
            pace = (time.monotonic() - clock) / (done - first)
            left = pace * (settings.steps - done)
            say(f"{config.name}: step {done}/{settings.steps}  loss {smooth:.4f}  {left / 60:.1f} min left")
            _note(
                run,
                {
                    "step": done,
                    "loss": round(smooth, 5),
                    "seconds": round(seconds + time.monotonic() - clock),
                },
            )
        if done % settings.validate_every == 0 or last:
            network.eval()
            figures = task.validate(network)
            network.train()
            _note(run, {"step": done, "validation": {k: round(v, 5) for k, v in figures.items()}})
            say(f"{config.name}: " + "  ".join(f"{k} {v:.4f}" for k, v in figures.items()))
            if figures["score"] >= best:
                best = figures["score"]
                save(run / BEST, {"network": network.state_dict(), "step": done, "score": best})
        if done % settings.keep_every == 0 or done % settings.validate_every == 0 or last:
            spent = seconds + time.monotonic() - clock
            state = {"network": network.state_dict(), "optimiser": optimiser.state_dict()}
            save(run / LAST, {**state, "step": done, "best": best, "seconds": spent, "config": config.sha256})
    return run


def _step(
    task: Task, network: nn.Module, optimiser: torch.optim.Optimizer, config: Config, step: int
) -> float:
    """Everything random of a step follows from (seed, step): a resumed run repeats what was lost."""
    settings = config.training
    torch.manual_seed(settings.seed * 1_000_003 + step)
    batch = task.batch(np.random.default_rng([settings.seed, step]), step)
    for group in optimiser.param_groups:
        group["lr"] = group["rate"] * _rate(step, settings.warmup, settings.steps)
    network.train()
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bfloat16"):
        loss = task.loss(network, batch)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _rate(step: int, warmup: int, steps: int) -> float:
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def _optimiser(config: Config, network: nn.Module) -> torch.optim.Optimizer:
    settings = config.training
    pretrained = getattr(network, "encoder", None)
    encoder = {id(p) for p in pretrained.parameters()} if isinstance(pretrained, nn.Module) else set()
    groups: list[dict[str, Any]] = []
    for slow in (False, True):
        for decays in (False, True):
            own = [p for p in network.parameters() if (id(p) in encoder) == slow and (p.ndim > 1) == decays]
            if own:
                rate = settings.learning_rate * (settings.encoder_rate if slow else 1.0)
                groups.append(
                    {"params": own, "rate": rate, "weight_decay": settings.weight_decay if decays else 0.0}
                )
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _resume(
    run: Path, config: Config, data_sha256: str, network: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[int, float, float]:
    last = load(run / LAST)
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    if last["config"] != config.sha256 or about["data_sha256"] != data_sha256:
        raise ValueError(
            f"{run} was trained with another config or other data: name another seed or remove it"
        )
    network.load_state_dict(last["network"])
    optimiser.load_state_dict(last["optimiser"])
    return int(last["step"]), float(last["best"]), float(last["seconds"])


def _describe(run: Path, config: Config, data_sha256: str) -> None:
    (run / "config.json").write_text(
        json.dumps(config.model_dump(mode="json"), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    packages = ("torch", "numpy", "scipy", "medviewer")
    about = {
        "seed": config.training.seed,
        "config_sha256": config.sha256,
        "data_sha256": data_sha256,
        "git": _git_state(),
        "versions": {"python": platform.python_version(), **{p: _version(p) for p in packages}},
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
    }
    (run / "run.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    (run / "curves.jsonl").unlink(missing_ok=True)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except Exception:  # not installed as a package: the checkout itself
        return None


def _git_state() -> dict[str, Any]:
    here = Path(__file__).resolve().parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True
        )
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "--", "training", "medviewer"],
            cwd=here.parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "changed": None}
    return {"commit": commit.stdout.strip(), "changed": bool(dirty.stdout.strip())}


def _note(run: Path, line: dict[str, Any]) -> None:
    with (run / "curves.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
