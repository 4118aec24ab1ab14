"""The compiled kernel gives what VTK gives; without numba, or before it is warm, VTK does the work."""

from __future__ import annotations

import sys
import threading
import warnings

import numpy as np
import pytest

from medviewer.core.plane import Slab
from medviewer.core.values import Values
from medviewer.imaging import fast_linear, sampling
from medviewer.imaging.reslice import reslice
from medviewer.imaging.sampling import IndexPlane
from tests.imaging.phantoms import GRIDS, grid, noise
from tests.imaging.test_reslice import tilted_planes


@pytest.fixture(scope="module")
def warm():
    try:
        import numba  # noqa: F401
    except ImportError:
        warnings.warn("numba is not installed: the compiled kernel is not tested", stacklevel=1)
        pytest.skip("numba is not installed")
    assert fast_linear.warm_up((np.int16, np.float32)) and fast_linear.warm_up((np.int16,), unrounded=True)
    yield
    fast_linear._ready.clear()


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("slab", [None, Slab(5.0, "max"), Slab(5.0, "min"), Slab(5.0, "mean")])
@pytest.mark.parametrize("dtype, unrounded", [(np.int16, False), (np.int16, True), (np.float32, False)])
def test_as_vtk(warm, name, slab, dtype, unrounded):
    volume = noise(grid(name))
    array = volume.array.astype(dtype)
    for plane in tilted_planes(volume.geometry):
        cut = IndexPlane.of(volume.geometry, plane.resized((61, 47), plane.spacing, plane.center_lps))
        ours = fast_linear.linear(array, cut, slab, 0, unrounded)
        theirs = sampling.through_vtk(array, cut, "linear", 0, slab, unrounded)
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        off = np.abs(ours.astype(float) - theirs)
        # a sample on the very edge of the voxels may count as inside or not
        assert (off > (0.1 if ours.dtype == np.float32 else 1.01)).mean() < 0.003


def test_flat_volumes(warm):
    volume = noise(grid("aligned", (9, 8, 1)))
    plane = volume.geometry.plane("axial").rotated((0, 0, 1), 30, volume.geometry.center_lps)
    cut = IndexPlane.of(volume.geometry, plane)
    ours = fast_linear.linear(volume.array, cut, None, -1, True)
    assert np.abs(ours - sampling.through_vtk(volume.array, cut, "linear", -1, None, True)).max() < 0.1
    beside = IndexPlane.of(volume.geometry, plane.moved(99))
    assert (fast_linear.linear(volume.array, beside, Slab(3.0), -7, False) == -7).all()


def test_reslice_takes_it_once_warm_and_many_threads_may(warm):
    volume = noise(grid("oblique"))
    planes = list(tilted_planes(volume.geometry))
    expected = [reslice(volume, p).stored for p in planes]
    wrong = []

    def many():
        for _ in range(20):
            wrong.extend(
                n for n, p in enumerate(planes) if not np.array_equal(reslice(volume, p).stored, expected[n])
            )

    threads = [threading.Thread(target=many) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_before_it_is_warm_vtk_does_the_work(monkeypatch):
    monkeypatch.setattr(fast_linear, "_ready", set())
    monkeypatch.setattr(fast_linear, "linear", None)
    volume = noise(grid("oblique"))
    assert reslice(volume, next(tilted_planes(volume.geometry))).stored.dtype == np.int16
    assert Values().is_uniform


def test_without_numba(monkeypatch):
    monkeypatch.setattr(fast_linear, "find_spec", lambda name: None)
    assert fast_linear.warm_up() is False
    monkeypatch.setattr(fast_linear, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "medviewer.imaging.linear_kernel", None)
    monkeypatch.delattr("medviewer.imaging.linear_kernel", raising=False)
    assert fast_linear.warm_up() is False  # there, but broken
