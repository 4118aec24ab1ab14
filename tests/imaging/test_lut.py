"""Brightness and colour of stored numbers."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from medviewer.core.window import Window
from medviewer.imaging.lut import (
    COLORMAPS,
    GreyTable,
    blend,
    colormap,
    map_rgba,
    over,
    to_grey,
    unsigned_colors,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([np.int8, np.uint8, np.int16, np.uint16]),
    st.floats(-2000, 2000), st.floats(1, 5000),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    st.floats(-3, 3).filter(lambda v: abs(v) > 0.01), st.floats(-2000, 2000), st.booleans(),
)  # fmt: skip
def test_a_table_is_the_window_of_every_stored_number(
    dtype, center, width, function, slope, intercept, invert
):
    window = Window(center, width, function)
    info = np.iinfo(dtype)
    stored = np.arange(info.min, info.max + 1, 1 if info.bits == 8 else 97).astype(dtype)
    got = to_grey(stored, GreyTable(window, (slope, intercept), dtype, invert))
    meant = window.apply(stored.astype(float) * slope + intercept) * 255
    meant = 255 - meant if invert else meant
    assert np.abs(got - meant).max() <= 0.5 + 1e-6
    assert got.dtype == np.uint8 and got.shape == stored.shape


def test_the_table_has_65536_entries_and_is_made_once():
    one = GreyTable(Window(40, 400), (1.0, -1024.0), np.int16)
    again = GreyTable(Window(40, 400), (1.0, -1024.0), np.int16)
    assert one.table.shape == (65536,) and one.table is again.table and one == again
    assert GreyTable(Window(40, 401), (1.0, -1024.0), np.int16) != one and one != 3
    assert GreyTable(Window(40, 400), (1, 0), np.uint8).table.shape == (256,)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.float32, np.float64])
def test_numbers_too_wide_for_a_table(dtype):
    stored = np.array([[0, 40, 240, 70000]], dtype)
    table = GreyTable(Window(40, 400), (1, 0), dtype)
    assert table.table is None
    assert to_grey(stored, table).tolist() == [[102, 128, 255, 255]]
    out = np.zeros((1, 4), np.uint8)
    assert to_grey(stored, table, out=out) is out and out[0, 3] == 255


def test_no_number_and_endless_ones_are_dark_or_bright():
    stored = np.array([np.nan, -np.inf, np.inf, -3e38], np.float32)
    assert to_grey(stored, GreyTable(Window(40, 400), (1, 0), np.float32)).tolist() == [0, 0, 255, 0]


def test_outside_is_black_also_when_inverted():
    stored = np.array([[-1000, 1000]], np.int16)
    inside = np.array([[False, True]])
    table = GreyTable(Window(40, 400), (1, 0), np.int16, invert=True)
    assert to_grey(stored, table).tolist() == [[255, 0]]
    assert to_grey(stored, table, inside).tolist() == [[0, 0]]


def test_views_and_colour():
    stored = np.random.default_rng(0).integers(-900, 900, (9, 8)).astype(np.int16)
    table = GreyTable(Window(40, 400), (1, 0), np.int16)
    turned = to_grey(stored[::-1, ::-1], table)
    assert np.array_equal(turned, to_grey(stored, table)[::-1, ::-1]) and turned.flags.c_contiguous
    assert np.array_equal(to_grey(stored.T, table), to_grey(stored, table).T)
    color = np.random.default_rng(0).integers(0, 255, (4, 5, 3)).astype(np.uint8)
    assert np.array_equal(to_grey(color[:, ::-1], table), color[:, ::-1])


@pytest.mark.parametrize("name", ["inferno", "cividis"])
def test_colour_maps_are_the_published_ones(name):
    expected = np.rint(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255)
    assert np.abs(colormap(name).astype(int) - expected).max() <= 1


def test_lightness_rises_evenly():
    for name in ("inferno", "cividis"):
        lightness = rgb2lab(unsigned_colors(name)[None] / 255.0)[0, :, 0]
        assert (np.diff(lightness) > -0.6).all() and lightness[-1] > 85
    lightness = rgb2lab(colormap("diverging")[None] / 255.0)[0, :, 0]
    assert lightness.argmin() == 128
    assert abs(lightness[0] - lightness[-1]) < 2
    assert all(colormap(name).shape == (256, 3) for name in COLORMAPS)


def test_opacity_is_the_same_everywhere_above_the_threshold():
    shares = np.array([[0.0, 0.2, 0.26, 0.3, 0.5, 1.0, np.nan]])
    rgba = map_rgba(shares, "inferno", 0.5, 0.3)
    assert rgba[0, :, 3].tolist() == [0, 0, pytest.approx(26, abs=1), 128, 128, 128, 0]
    assert map_rgba(shares, threshold=0)[0, :, 3].tolist() == [0, 128, 128, 128, 128, 128, 0]
    assert np.array_equal(rgba[0, 5, :3], colormap("inferno")[255])


def test_blending():
    grey = np.full((1, 3), 100, np.uint8)
    mixed = blend(grey, np.array([[0.0, 0.5, 1.0]]), "inferno", 0.5, 0.3)
    assert mixed[0, 0].tolist() == [100, 100, 100]
    assert np.abs(mixed[0, 2] - (100 + colormap("inferno")[255].astype(int)) / 2).max() <= 1
    rgb = np.zeros((1, 1, 3), np.uint8)
    assert over(rgb, np.array([[[10, 20, 30, 255]]], np.uint8)).tolist() == [[[10, 20, 30]]]
