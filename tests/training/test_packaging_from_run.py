"""A run folder becomes a package: its best weights, what the run knows of itself, what was measured of its maps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (torch): packaging of a run is NOT tested")
pytest.importorskip("pydantic", reason="needs the train extra (pydantic): packaging of a run is NOT tested")
pytest.importorskip(
    "onnxscript", reason="needs the train extra (onnxscript): packaging of a run is NOT tested"
)

import yaml  # noqa: E402

from medviewer.inference.package import ModelPackage  # noqa: E402
from training.checkpoints import BEST, load_best, save  # noqa: E402
from training.config import Config, parse_config  # noqa: E402
from training.honesty.measure import Honesty  # noqa: E402
from training.networks import build  # noqa: E402
from training.packaging.from_run import about_of, described_anew, package_run  # noqa: E402
from training.packaging.writer import Written  # noqa: E402

pytestmark = pytest.mark.torch
CONFIG = Path(__file__).parents[2] / "training" / "configs" / "lung_nodules.yaml"
FIGURE = {"value": 0.4, "ci95": [0.3, 0.5], "n": 60}


def small_config(**changes: Any) -> Config:
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["network"].update(width=4, depth=3)
    content["input"].update(size=[32, 32], batch=1)
    content["about"] = {
        "authors": "A. Author",
        "copyright": "Copyright A. Author",
        "data_source": "A set, CC BY 4.0",
        "intended_use": "Teaching.",
        "references": ["doi 10.0000/0"],
        "data": "Crops of a set.",
        "notes": ["A fault of the set."],
    }
    return parse_config({**content, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config, folder = small_config(), tmp_path_factory.mktemp("runs") / "lung_nodules-s1"
    folder.mkdir()
    torch.manual_seed(4)
    save(folder / BEST, {"network": build(config).state_dict(), "step": 700, "score": 1.5})
    (folder / "config.json").write_text(json.dumps(config.model_dump(mode="json")), encoding="utf-8")
    known = {"seed": 1, "config_sha256": config.sha256, "data_sha256": "d" * 64, "machine": "2 CPU cores"}
    (folder / "run.json").write_text(json.dumps(known), encoding="utf-8")
    (folder / "curves.jsonl").write_text(
        '{"step": 50, "loss": 1.0, "seconds": 1800}\n{"step": 50, "validation": {}}\n'
    )
    return folder


@pytest.fixture(scope="module")
def written(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    honesty = Honesty(
        {"randomisation_similarity": FIGURE, "repeatability": None},
        {"seconds": 3.0},
        None,
        ["Maps: 60 images."],
    )
    figures = {"split": "val", "n_patients": 30, "metrics": {"cpm_all": FIGURE}, "notes": ["Measured once."]}
    return package_run(run, tmp_path_factory.mktemp("models") / "lung_nodules", figures, honesty)


def test_the_package_tells_of_the_run(written: Written) -> None:
    package = ModelPackage.open(written.folder)
    assert package.name == "lung_nodules" and package.metrics == {"cpm_all": FIGURE}
    assert package.spec.honesty["randomisation_similarity"] == FIGURE
    assert package.spec.honesty["pointing"] is None
    told = package.figures
    assert told["training"]["hours"] == 0.5 and told["training"]["best_step"] == 700
    assert told["training"]["config_sha256"] == small_config().sha256
    assert told["data"] == "Crops of a set."
    assert told["notes"] == ["Measured once.", "A fault of the set.", "Maps: 60 images."]
    licence = (written.folder / "LICENSE").read_text(encoding="utf-8")
    assert "Apache-2.0" in licence and "CC BY 4.0" in licence and "doi 10.0000/0" in licence


def test_weights_are_those_of_the_best_step(run: Path, written: Written) -> None:
    from safetensors.numpy import load_file

    stored = load_file(written.folder / "models" / "model.safetensors")
    best = torch.load(run / BEST, weights_only=True)["network"]
    assert set(stored) == set(best)
    assert all(np.array_equal(stored[name], tensor.numpy()) for name, tensor in best.items())


def test_a_later_description_of_the_same_training_is_taken(run: Path) -> None:
    content = small_config().model_dump(mode="json")
    later = parse_config(
        {**content, "version": "0.2.0", "about": {**content["about"], "authors": "B. Author"}}
    )
    assert described_anew(load_best(run), later).config.about["authors"] == "B. Author"
    other = parse_config({**content, "training": {**content["training"], "steps": 5}})
    with pytest.raises(ValueError, match="something else"):
        described_anew(load_best(run), other)


def test_a_config_that_does_not_say_whose_data_it_is_gives_no_package() -> None:
    with pytest.raises(ValueError, match=r"about\.authors, about\.copyright, about\.data_source"):
        about_of(small_config(about={"intended_use": "Teaching."}))
