"""Short trainings on generated sets: they run, a cut-off run goes on exactly, and a changed config is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (torch): training is NOT tested")
yaml = pytest.importorskip("yaml", reason="needs the train extra (pyyaml): training is NOT tested")
pytest.importorskip("pydantic", reason="needs the train extra (pydantic): training is NOT tested")

from tests.training.tiny_sets import brain_set, film_set, nodule_set  # noqa: E402
from training.checkpoints import LAST, load, load_best  # noqa: E402
from training.config import Config, load_config, parse_config  # noqa: E402
from training.loop import train  # noqa: E402
from training.tasks import prepared, task_class  # noqa: E402

pytestmark = pytest.mark.torch
CONFIGS = Path(__file__).parents[2] / "training" / "configs"
SETS = {"lung_nodules": nodule_set, "brain_tumor_t1ce": brain_set}


def quick(name: str, **training: Any) -> Config:
    content = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    content["network"].update(width=4, depth=3)
    content["training"].update(
        steps=4, batch=4, validate_every=4, keep_every=1, precision="float32", **training
    )
    if name == "brain_tumor_t1ce":
        content["task"]["side"] = 64
    else:
        content["task"]["windows"] = [32, 48]
    return parse_config(content)


def silent(_: str) -> None:
    return None


@pytest.mark.parametrize("name", SETS)
def test_a_run_that_was_cut_off_ends_as_if_it_had_not_been(name: str, tmp_path: Path) -> None:
    config, data = quick(name), SETS[name](tmp_path / "set")
    whole = train(config, data, tmp_path / "whole", say=silent)
    train(config, data, tmp_path / "cut", stop_after=2, say=silent)
    cut = train(config, data, tmp_path / "cut", say=silent)
    first, second = load(whole / LAST), load(cut / LAST)
    assert first["step"] == second["step"] == 4
    for key, tensor in first["network"].items():
        assert torch.equal(tensor, second["network"][key]), key
    best = load_best(whole)
    assert best.step == 4 and not best.network.training and best.config.sha256 == config.sha256
    lines = [json.loads(line) for line in (whole / "curves.jsonl").read_text().splitlines()]
    assert any("validation" in line for line in lines) and any("loss" in line for line in lines)
    known = json.loads((whole / "run.json").read_text())
    assert known["config_sha256"] == config.sha256 and len(known["data_sha256"]) == 64


def test_a_run_does_not_go_on_with_another_config(tmp_path: Path) -> None:
    data = nodule_set(tmp_path / "set")
    train(quick("lung_nodules"), data, tmp_path / "runs", stop_after=1, say=silent)
    with pytest.raises(ValueError, match="another config"):
        train(quick("lung_nodules", learning_rate=0.1), data, tmp_path / "runs", say=silent)


def test_a_batch_follows_from_seed_and_step_alone(tmp_path: Path) -> None:
    config, data = quick("lung_nodules"), nodule_set(tmp_path / "set")
    arrays, _ = prepared(config, data, tmp_path)
    task = task_class(config)(config, arrays, data)
    first, again, other = (task.batch(np.random.default_rng([1, n]), 3) for n in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["image"], other["image"])


def test_outline_and_centre_move_with_the_picture(tmp_path: Path) -> None:
    """Whatever the turn, scale and shift: the bright disc of the generated crops lies under mask and heat."""
    config, data = quick("lung_nodules"), nodule_set(tmp_path / "set")
    arrays, _ = prepared(config, data, tmp_path)
    task = task_class(config)(config, arrays, data)
    batch = task._nodules(np.random.default_rng(5), 24, 48)
    bright = batch["image"] > 0.35
    inside = batch["mask"] > 0
    valid = batch["valid"] > 0
    agree = (bright & inside & valid).sum() / ((bright | inside) & valid).sum()
    assert agree > 0.8
    for k in range(24):
        if batch["heat"][k].max() > 0.95:
            row, column = np.unravel_index(int(batch["heat"][k, 0].argmax()), (48, 48))
            assert batch["mask"][k, 0, row, column] == 1


def test_film_batches_keep_the_sets_apart_and_mask_what_is_unknown(tmp_path: Path) -> None:
    config, data = load_config(CONFIGS / "chest_film.yaml"), film_set(tmp_path / "set")
    arrays, _ = prepared(config, data, tmp_path)
    task = task_class(config)(config, arrays, data)
    batch = task.batch(np.random.default_rng(1), 0)
    assert batch["image"].shape == (32, 3, 128, 128)
    unknown = (batch["labels"] == -1).sum(1)
    assert set(unknown.tolist()) <= {0, 13}

    class Same(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.score = torch.nn.Parameter(torch.zeros(14))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.score.expand(len(x), 14)

    network = Same()
    of_children = {k: v[unknown == 13] for k, v in batch.items()}
    task.loss(network, of_children).backward()
    assert network.score.grad is not None
    assert network.score.grad.nonzero().flatten().tolist() == [12]  # Pneumonia alone


def test_unet_and_encoder_split_into_features_and_rest() -> None:
    from training.networks.unet import UNet

    network = UNet(1, 2, width=4, depth=3).eval()
    x = torch.randn(2, 1, 32, 48)
    features = network.features(x)
    assert features[0].shape == (2, 16, 8, 12)
    assert torch.equal(network.rest(*features), network(x))
    assert network(x).shape == (2, 2, 32, 48)
    pytest.importorskip(
        "efficientnet_lite_pytorch", reason="needs the train extra: the film encoder is NOT tested"
    )
    from training.networks.film_encoder import FilmEncoder

    film = FilmEncoder(14).eval()
    y = torch.randn(1, 3, 64, 64)
    assert film.features(y)[0].shape == (1, 1280, 2, 2)
    assert torch.equal(film.rest(*film.features(y)), film(y))
