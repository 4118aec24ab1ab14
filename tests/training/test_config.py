"""Configs: the shipped ones are right; a fault names the key and what is allowed there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pydantic", reason="needs the train extra (pydantic): training configs are NOT tested")
yaml = pytest.importorskip("yaml", reason="needs the train extra (pyyaml): training configs are NOT tested")

from training.config import ConfigError, load_config, parse_config  # noqa: E402

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
SHIPPED = ("lung_nodules", "brain_tumor_t1ce", "chest_film")


def content(name: str = "lung_nodules") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_are_right(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.yaml")
    assert config.name == name
    labels = config.viewer["output"]["labels"]
    assert {label["channel"] for label in labels} <= set(range(config.network.scores))
    for key in ("authors", "copyright", "data_source", "intended_use"):
        assert config.about[key]


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("training", "steps"), 0, "training.steps: Input should be greater than or equal to 1"),
        (("training", "stepz"), 3, "training.stepz: Extra inputs are not permitted"),
        (("training", "learning_rate"), "fast", "training.learning_rate: Input should be a valid number"),
        (("network", "kind"), "resnet", "network: "),
        (("network", "depth"), 9, "network.depth: Input should be less than or equal to 5"),
        (("input", "plane"), "coronal", "input.plane: one of axial, best, film"),
        (("input", "size"), [128], "input.size: [rows, columns]"),
        (
            ("input", "normalise"),
            {"kind": "window", "low": 5, "high": 5},
            "input.normalise.high: more than low",
        ),
        (("input", "channels"), 3, "input.channels: 1 follow"),
        (("name",), "Lung Nodules", "name: String should match pattern"),
    ],
)
def test_a_fault_names_the_key_and_what_is_allowed(where: tuple[str, ...], value: object, told: str) -> None:
    wrong = content()
    inner = wrong
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(ConfigError) as caught:
        parse_config(wrong, "some.yaml")
    assert told in str(caught.value)
    assert "some.yaml" in str(caught.value)


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(ConfigError, match="no YAML"):
        load_config(tmp_path / "bad.yaml")


def test_the_fingerprint_follows_from_what_is_trained_alone() -> None:
    first, other = content(), content()
    other["viewer"]["title"]["en"] = "Another title"
    other["training"]["threads"] = 7
    assert parse_config(first).sha256 == parse_config(other).sha256
    other["training"]["seed"] = 2
    assert parse_config(first).sha256 != parse_config(other).sha256
