"""Figures over all samples against numpy on the whole array."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.core.geometry import Geometry
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.io.statistics import values_of
from tests.io import phantoms

SHEARED = Geometry.from_axes((5, 6, 7), (0.75, 0, 0), (0, -0.5, 0.1), (0.2, 0.8, 2.4), (16, 12, 7))


def expected(volume: Volume, mask: np.ndarray) -> dict[str, object]:
    values = np.stack(
        [volume.array[k] * np.float64(volume.values.at(k)[0]) + volume.values.at(k)[1] for k in range(7)]
    )
    k, j, i = np.mgrid[:7, :12, :16]
    weight = np.where(mask, values - values[mask].min(), 0)
    center = (volume.geometry.to_lps(np.stack([i, j, k], axis=-1)) * weight[..., None]).sum(
        (0, 1, 2)
    ) / weight.sum()
    return {
        "min": values[mask].min(),
        "max": values[mask].max(),
        "mean": values[mask].mean(),
        "centroid_lps_mm": center,
    }


@pytest.mark.parametrize("padding", [None, (0, 300)])
@pytest.mark.parametrize("slopes", [[1.0], list(np.linspace(0.5, 2, 7))])
def test_figures(padding: tuple[int, int] | None, slopes: list[float]) -> None:
    values = Values(np.array(slopes), np.full(len(slopes), -1024.0), padding=padding)
    volume = Volume(phantoms.blocks(), SHEARED, values)
    mask = np.ones((7, 12, 16), bool) if padding is None else volume.array > 300
    got, want = values_of(volume), expected(volume, mask)
    assert [got[k] for k in ("min", "max", "mean")] == pytest.approx(
        [want[k] for k in ("min", "max", "mean")]
    )
    assert got["centroid_lps_mm"] == pytest.approx(want["centroid_lps_mm"], abs=1e-6)


def test_no_place_and_nothing_to_weigh() -> None:
    flat = Volume(np.full((7, 12, 16), 5, np.int16), SHEARED)
    assert values_of(flat) == {"min": 5, "max": 5, "mean": 5, "centroid_lps_mm": None}
    film = Volume(phantoms.blocks(), SHEARED, kind="stack")
    assert values_of(film)["centroid_lps_mm"] is None
    empty = Volume(np.zeros((7, 12, 16), np.int16), SHEARED, Values(padding=(0, 0)))
    assert values_of(empty)["mean"] is None
    nan = Volume(np.full((7, 12, 16), np.nan, np.float32), SHEARED)
    assert values_of(nan)["min"] is None


def test_colour() -> None:
    color = np.random.default_rng(0).integers(0, 256, (1, 4, 5, 3)).astype(np.uint8)
    got = values_of(Volume(color, Geometry(np.eye(4), (5, 4, 1)), kind="film"))
    assert got["mean"] == pytest.approx(color.mean()) and got["centroid_lps_mm"] is None
