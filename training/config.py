"""A training's description: one YAML file, typed and checked; a fault names the key and what is allowed there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from medviewer.inference.recipe import Recipe, RecipeError


class ConfigError(ValueError):
    """The config is wrong; the text names each key and what is allowed there."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UNetSettings(_Strict):
    """width: channels at full resolution; depth: how often the resolution is halved."""

    kind: Literal["unet"]
    scores: int = Field(ge=1, le=64)
    width: int = Field(16, ge=4, le=64)
    depth: int = Field(4, ge=3, le=5)


class FilmEncoderSettings(_Strict):
    """EfficientNet-Lite0 with ImageNet weights."""

    kind: Literal["film_encoder"]
    scores: int = Field(ge=1, le=64)
    dropout: float = Field(0.2, ge=0, le=0.9)


class Training(_Strict):
    """AdamW with a linear warm-up and a cosine down to nothing over `steps`.

    batch: samples in a step. encoder_rate: factor on the learning rate of a pretrained encoder.
    validate_every, keep_every: steps between looks at the validation split and between checkpoints.
    precision: of the network's forward pass in training; bfloat16 is about twice as fast on processors that have it.
    """

    seed: int = Field(1, ge=0, le=2**31 - 1)
    steps: int = Field(ge=1, le=1_000_000)
    batch: int = Field(ge=1, le=512)
    learning_rate: float = Field(gt=0, le=1)
    encoder_rate: float = Field(1.0, gt=0, le=1)
    weight_decay: float = Field(0.01, ge=0, le=1)
    warmup: int = Field(50, ge=0)
    validate_every: int = Field(ge=1)
    keep_every: int = Field(100, ge=1)
    threads: int = Field(2, ge=1, le=256)
    precision: Literal["float32", "bfloat16"] = "float32"


class NoduleTask(_Strict):
    """Outline and centre of nodules. windows: sides of the training windows, taken in turn (multiples of 16).

    scan_share, negative_share: shares of a batch from whole scans without their lesions and from non-nodule crops.
    judged_share: share of nodule crops cut down to a random window of 48 pixels of the scan, as non-nodule crops are.
    """

    kind: Literal["nodules"]
    windows: tuple[int, ...] = (64, 64, 96)
    negative_share: float = Field(0.25, ge=0, le=1)
    scan_share: float = Field(0.2, ge=0, le=1)
    judged_share: float = Field(0.4, ge=0, le=1)
    noise_hu: float = Field(35.0, ge=0)
    scales: tuple[float, float] = (0.75, 1.35)


class TumourTask(_Strict):
    """Outline and type of brain tumours. side: of the training tiles (a multiple of 16).

    negative_share: share of a batch without a tumour (it is painted over from the other half of the head).
    stripped_share: share that is shown as if the skull were stripped.
    """

    kind: Literal["tumour"]
    side: int = Field(160, ge=32, multiple_of=16)
    negative_share: float = Field(0.3, ge=0, le=1)
    stripped_share: float = Field(0.35, ge=0, le=1)
    scales: tuple[float, float] = (0.8, 1.25)


class FilmTask(_Strict):
    """Labels of chest films. shares: of a batch, by set, so that the set is no shortcut for the label."""

    kind: Literal["film"]
    shares: dict[Literal["kermany", "nih256", "nih128"], float]
    positive_share: float = Field(0.5, ge=0, le=1)


class Config(_Strict):
    """Everything that one training, its export and its package follow from.

    data: folder of the set below the folder of all sets. input: `Recipe` as in viewer.json.
    viewer: the rest of viewer.json. about: authors, copyright, data source for the card and the metadata.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    data: str
    network: Annotated[UNetSettings | FilmEncoderSettings, Field(discriminator="kind")]
    task: Annotated[NoduleTask | TumourTask | FilmTask, Field(discriminator="kind")]
    training: Training
    input: dict[str, Any]
    viewer: dict[str, Any]
    about: dict[str, Any]

    @field_validator("input")
    @classmethod
    def _recipe(cls, value: dict[str, Any]) -> dict[str, Any]:
        Recipe.from_json(value)
        return value

    @property
    def recipe(self) -> Recipe:
        return Recipe.from_json(self.input)

    @property
    def sha256(self) -> str:
        """Of what the training follows from: a changed title or threshold leaves it as it is."""
        trained = {
            k: v for k, v in self.model_dump(mode="json").items() if k not in ("viewer", "about", "version")
        }
        trained["training"] = {
            k: v for k, v in trained["training"].items() if k not in ("threads", "keep_every")
        }
        return hashlib.sha256(json.dumps(trained, sort_keys=True).encode()).hexdigest()

    def viewer_json(self) -> dict[str, Any]:
        """viewer.json, but for calibration, figures and what the export fills in."""
        return {
            "schema": "medviewer/viewer/1",
            "name": self.name,
            "version": self.version,
            **self.viewer,
            "input": self.recipe.to_json(),
        }


def load_config(path: Path) -> Config:
    """Raises ConfigError; the text has one line for each wrong key."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise ConfigError(f"{path}: can't be read ({wrong.strerror})") from None
    except yaml.YAMLError as wrong:
        raise ConfigError(f"{path}: no YAML ({wrong})") from None
    return parse_config(content, str(path))


def parse_config(content: Any, name: str = "config") -> Config:
    """Config of parsed YAML. Raises ConfigError."""
    try:
        return Config.model_validate(content)
    except ValidationError as wrong:
        lines = []
        for error in wrong.errors():
            key = (
                ".".join(str(part) for part in error["loc"] if part not in ("unet", "film_encoder"))
                or "(top)"
            )
            allowed = error["msg"]
            inner = error.get("ctx", {}).get("error")
            if isinstance(inner, RecipeError):
                key, allowed = inner.key, str(inner)
            lines.append(f"{name}: {key}: {allowed}")
        raise ConfigError("\n".join(lines)) from None
