"""Windows against pydicom's, over the whole range of centres, widths and values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.pixels import apply_windowing

from medviewer.core.window import Window

TOP = 65535


def by_pydicom(values: np.ndarray, window: Window) -> np.ndarray:
    """Brightness 0..1 as pydicom computes it (PS3.3 C.11.2.1.2)."""
    ds = Dataset()
    ds.PhotometricInterpretation, ds.BitsStored, ds.PixelRepresentation = "MONOCHROME2", 16, 0
    # written as they are: DS would round to 16 characters
    ds.add_new("WindowCenter", "DS", repr(round(window.center, 6)))
    ds.add_new("WindowWidth", "DS", repr(round(window.width, 6)))
    ds.VOILUTFunction = window.function
    return apply_windowing(values, ds) / TOP


numbers = st.floats(-2000, 60000).map(lambda v: round(v, 3))
stored = st.lists(st.integers(0, 65535), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(numbers, st.floats(1, 60000).map(lambda v: round(v, 3)), stored)
def test_linear(center, width, values):
    window = Window(center, width)
    array = np.array(values, np.uint16)
    assert np.allclose(window.apply(array), by_pydicom(array, window), atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(numbers, st.floats(0.01, 60000).map(lambda v: round(v, 3)), stored)
def test_linear_exact(center, width, values):
    window = Window(center, width, "LINEAR_EXACT")
    array = np.array(values, np.uint16)
    assert np.allclose(window.apply(array), by_pydicom(array, window), atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(numbers, st.floats(1, 60000).map(lambda v: round(v, 3)), stored)
def test_sigmoid(center, width, values):
    window = Window(center, width, "SIGMOID")
    array = np.array(values, np.uint16)
    with np.errstate(over="ignore"):
        expected = by_pydicom(array, window)
    assert np.allclose(window.apply(array), expected, atol=1e-6)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e5), st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]))
def test_brighter_values_are_never_darker(center, width, function):
    brightness = Window(center, width, function).apply(np.linspace(-2e5, 2e5, 501))
    assert (np.diff(brightness) >= 0).all()
    assert brightness.min() >= 0 and brightness.max() <= 1


def test_ends_of_the_standards_example():
    """PS3.3 C.11.2.1.2.1: centre 2048 and width 4096 take 0 to 4095; centre 0, width 1 is a step."""
    window = Window(2048, 4096)
    assert window.apply(np.array([0, 4095])).tolist() == [0, 1]
    assert Window(0, 1).apply(np.array([-1, -0.6, 0])).tolist() == [0, 0, 1]
    assert Window(0, 0.2).apply(np.array([-1, 1])).tolist() == [0, 1]


def test_of_range():
    window = Window.of_range(10, 30, "mine")
    assert window.apply(np.array([5, 10, 20, 30, 99])).tolist() == [0, 0, 0.5, 1, 1]
    assert window.name == "mine"
    assert Window.of_range(5, 5).apply(np.array([4, 6])) == pytest.approx([0, 1])
