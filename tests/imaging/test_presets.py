"""Windows to begin with."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.core.errors import MedViewerError
from medviewer.core.geometry import Geometry
from medviewer.core.values import Values
from medviewer.core.volume import Volume
from medviewer.core.window import Window
from medviewer.imaging.presets import default_window, parse_window, percentile_window, window_presets
from tests.imaging.phantoms import grid, noise


@pytest.mark.parametrize(
    "text, center, width",
    [("-600/1500", -600, 1500), ("lung", -600, 1500), (" Lung ", -600, 1500), ("\u221240/80", -40, 80),
     ("0.5/1e-3", 0.5, 1e-3), ("brain", 40, 80), ("844/1600", 844, 1600)],
)  # fmt: skip
def test_windows_as_typed(text, center, width):
    assert (parse_window(text).center, parse_window(text).width) == (center, width)


@pytest.mark.parametrize(
    "text", ["", "40", "40/", "/400", "40/0", "40/-3", "a/b", "nan/400", "40/inf", "1/2/3", "lungs"]
)
def test_what_is_no_window(text):
    with pytest.raises(MedViewerError) as fault:
        parse_window(text)
    assert (
        fault.value.exit_code == 2 and "lung" in fault.value.sentence.en and "窗" in fault.value.sentence.zh
    )


def test_presets_by_unit():
    volume = noise(grid())
    names = [p.id for p in window_presets(volume)]
    assert {
        "lung",
        "mediastinum",
        "bone",
        "abdomen",
        "liver",
        "brain",
        "stroke",
        "subdural",
        "vessels",
    } == set(names)
    assert all(p.name.zh and p.name.en for p in window_presets())
    volume.values = Values(unit="a.u.")
    assert window_presets(volume) == ()
    volume.values = Values(unit="SUVbw")
    assert [p.id for p in window_presets(volume)] == ["suv5", "suv10"]


def test_the_files_own_window_comes_first():
    volume = noise(grid())
    volume.windows = [Window(5, 0), Window(float("nan"), 3), Window(30, 90)]
    assert default_window(volume) == Window(30, 90)
    volume.windows = []
    assert default_window(volume) == parse_window("abdomen")


def test_without_one_the_middle_values_decide():
    array = np.linspace(0, 1000, 100 * 100).reshape(1, 100, 100)
    film = Volume(array, Geometry(np.eye(4), (100, 100, 1)), kind="film")
    window = default_window(film)
    low, high = np.percentile(array, (0.5, 99.5))
    assert window.center - window.width / 2 == pytest.approx(low, abs=2)
    assert window.center + window.width / 2 == pytest.approx(high, abs=2)
    film.values = Values(np.array([2.0]), np.array([-5.0]), padding=(0, 400))
    inner = default_window(film)
    assert inner.center - inner.width / 2 > 400 * 2 - 5


def test_all_alike_all_padding_and_colour():
    film = Volume(np.full((1, 4, 4), 7, np.uint8), Geometry(np.eye(4), (4, 4, 1)), kind="film")
    assert default_window(film).apply(np.array([6, 7, 8])) == pytest.approx([0, 0.5, 1])
    film.values = Values(padding=(7, 7))
    assert percentile_window(film, 1, 99) == Window.of_range(0, 1)
    color = Volume(np.zeros((1, 4, 4, 3), np.uint8), Geometry(np.eye(4), (4, 4, 1)), kind="film")
    assert default_window(color) == Window.of_range(0, 255)
    few = np.zeros((1, 100, 100), np.float32)
    few[0, 0, 0] = 9
    rare = Volume(few, Geometry(np.eye(4), (100, 100, 1)), kind="film")
    assert default_window(rare).apply(np.array([0.0, 9.0])).tolist() == [0, 1]


def test_big_volumes_are_sampled():
    volume = noise(grid("aligned", (160, 150, 140)), unit="a.u.")
    window = percentile_window(volume, 10, 90)
    low, high = np.percentile(volume.array, (10, 90))
    assert window.center - window.width / 2 == pytest.approx(low, abs=30)
    assert window.center + window.width / 2 == pytest.approx(high, abs=30)
