"""How a network's input is made of an image: the `input` part of a package's viewer.json.

Training and viewer read the same recipe and prepare images with the same code (`medviewer.inference.prepare`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

Plane = Literal["axial", "best", "film"]
Fit = Literal["tiles", "pad_square"]
NormaliseKind = Literal["window", "percentile"]
Per = Literal["slice", "volume", "film"]

PLANES = ("axial", "best", "film")
FITS = ("tiles", "pad_square")
KINDS = ("window", "percentile")
PERS = ("slice", "volume", "film")
ORGANS = ("lung_ct",)
MOST_PIXELS = 2048 * 2048


class RecipeError(ValueError):
    """The recipe is wrong; `key` says where ("input.size"), the text what is allowed there."""

    def __init__(self, key: str, allowed: str, found: object) -> None:
        self.key = f"input.{key}" if key else "input"
        super().__init__(f"{self.key}: {allowed}, found {found!r:.80}")


@dataclass(frozen=True)
class Normalise:
    """Brings values to 0..1, clipped.

    window: `low` and `high` are values in the image's unit (HU for CT). percentile: they are percentiles (0..100) of
    the pixels of the slice, the volume or the film (`per`).
    """

    kind: NormaliseKind
    low: float
    high: float
    per: Per | None = None


@dataclass(frozen=True)
class Recipe:
    """From a slice or film to the network's tile.

    channels: of the tile. plane: axial; best (across the coarsest voxel axis); film (as stored).
    pixel_mm: in-plane pixel size the slice is resampled to; None: no resampling by mm.
    size: (H, W) of the graph's tile. fit: overlapping tiles over the slice, or the film padded to a square and resized.
    overlap: of neighbouring tiles, as a share of the tile. batch: tiles in one run.
    neighbours: slices on each side as further channels (0: plain 2D), neighbour_mm: their distance (None: own slices).
    mean, std: subtracted and divided by after `normalise`, one number for each channel.
    rgb: the grey plane repeated three times. invert_monochrome1: films stored with air bright are turned over.
    organ: "lung_ct" restricts where tiles run and where findings may lie.
    """

    channels: int
    plane: Plane
    size: tuple[int, int]
    fit: Fit
    normalise: Normalise
    pixel_mm: float | None = None
    overlap: float = 0.25
    batch: int = 1
    neighbours: int = 0
    neighbour_mm: float | None = None
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    rgb: bool = False
    invert_monochrome1: bool = False
    organ: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Raises RecipeError (a ValueError) that names the key and what is allowed there."""
        read = _Values(data)
        known = set(cls.__dataclass_fields__)
        for key in data:
            if key not in known:
                raise RecipeError(str(key), f"no such key, known are {', '.join(sorted(known))}", data[key])
        recipe = cls(
            channels=read.whole("channels", 1, 64),
            plane=cast("Plane", read.choice("plane", PLANES)),
            size=read.size(),
            fit=cast("Fit", read.choice("fit", FITS)),
            normalise=_normalise(read),
            pixel_mm=read.number_or_none("pixel_mm", 0.01, 100.0),
            overlap=read.number("overlap", 0.0, 0.9, 0.25),
            batch=read.whole("batch", 1, 256, 1),
            neighbours=read.whole("neighbours", 0, 16, 0),
            neighbour_mm=read.number_or_none("neighbour_mm", 0.01, 100.0),
            mean=read.by_channel("mean", -1e6, 0.0),
            std=read.by_channel("std", 1e-6, 1.0),
            rgb=read.flag("rgb"),
            invert_monochrome1=read.flag("invert_monochrome1"),
            organ=read.choice_or_none("organ", ORGANS),
        )
        planes = 3 if recipe.rgb else 2 * recipe.neighbours + 1
        if recipe.channels != planes:
            raise RecipeError("channels", f"{planes} follow from rgb and neighbours", recipe.channels)
        for key, values in (("mean", recipe.mean), ("std", recipe.std)):
            if len(values) not in (1, recipe.channels):
                raise RecipeError(key, f"one number or {recipe.channels}", list(values))
        return recipe

    def to_json(self) -> dict[str, Any]:
        """The `input` part of viewer.json; `from_json` of it gives an equal recipe."""
        found = asdict(self)
        found["size"] = list(self.size)
        for key in ("mean", "std"):
            values = getattr(self, key)
            found[key] = values[0] if len(values) == 1 else list(values)
        if self.normalise.per is None:
            del found["normalise"]["per"]
        return found


class _Values:
    def __init__(self, data: Mapping[str, Any], where: str = "") -> None:
        if not isinstance(data, Mapping):
            raise RecipeError(where.rstrip("."), "an object", data)
        self.data, self.where = data, where

    def wrong(self, key: str, allowed: str) -> RecipeError:
        return RecipeError(self.where + key, allowed, self.data.get(key))

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def number_or_none(self, key: str, low: float, high: float) -> float | None:
        return None if self.data.get(key) is None else self.number(key, low, high)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"a whole number from {low} to {high}")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.data.get(key)
        if value not in allowed:
            raise self.wrong(key, f"one of {', '.join(allowed)}")
        return str(value)

    def choice_or_none(self, key: str, allowed: tuple[str, ...]) -> str | None:
        return None if self.data.get(key) is None else self.choice(key, allowed)

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def size(self) -> tuple[int, int]:
        value = self.data.get("size")
        if (
            not isinstance(value, list | tuple)
            or len(value) != 2
            or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 8 for n in value)
            or value[0] * value[1] > MOST_PIXELS
        ):
            raise self.wrong("size", f"[rows, columns], each 8 or more, at most {MOST_PIXELS} pixels")
        return int(value[0]), int(value[1])

    def by_channel(self, key: str, low: float, default: float) -> tuple[float, ...]:
        value = self.data.get(key, default)
        values = list(value) if isinstance(value, list | tuple) else [value]
        if not 1 <= len(values) <= 64 or any(
            isinstance(v, bool) or not isinstance(v, int | float) or not low <= v <= 1e6 for v in values
        ):
            raise self.wrong(key, f"a number from {low:g}, or a list of one for each channel")
        return tuple(float(v) for v in values)


def _normalise(top: _Values) -> Normalise:
    read = _Values(top.data.get("normalise", None), "normalise.")
    for key in read.data:
        if key not in Normalise.__dataclass_fields__:
            raise read.wrong(str(key), "no such key, known are kind, low, high, per")
    kind = cast("NormaliseKind", read.choice("kind", KINDS))
    ends = (0.0, 100.0) if kind == "percentile" else (-1e9, 1e9)
    low, high = read.number("low", *ends), read.number("high", *ends)
    if not low < high:
        raise read.wrong("high", f"more than low ({low:g})")
    per = read.choice("per", PERS) if kind == "percentile" else read.choice_or_none("per", PERS)
    return Normalise(kind, low, high, cast("Per | None", per))
