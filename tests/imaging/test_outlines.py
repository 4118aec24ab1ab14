"""Outlines along pixel edges against areas, perimeters and counts from elsewhere."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.draw import polygon2mask
from skimage.measure import euler_number, label

from medviewer.imaging.outlines import outlines, signed_area

masks = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@settings(max_examples=300, deadline=None)
@given(masks)
def test_area_parts_holes_and_edge_length(mask):
    found = outlines(mask)
    areas = [signed_area(c) for c in found]
    assert sum(areas) == mask.sum()
    assert sum(a > 0 for a in areas) == label(mask, connectivity=1).max()
    # parts less holes, with corner neighbours apart, is the Euler number
    assert sum(1 if a > 0 else -1 for a in areas) == euler_number(mask, connectivity=1)
    padded = np.pad(mask, 1)
    edges = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    length = sum(np.abs(np.roll(c, -1, 0) - c).sum() for c in found)
    assert length == edges


@settings(max_examples=100, deadline=None)
@given(masks)
def test_outlines_fill_to_the_mask_again(mask):
    inside = np.zeros(mask.shape, int)
    for contour in outlines(mask):
        inside += polygon2mask(mask.shape, contour[:, ::-1]).astype(int) * (
            1 if signed_area(contour) > 0 else -1
        )
        assert (np.abs(contour * 2) % 2 == 1).all()  # corners lie at halves
        assert (np.count_nonzero(np.roll(contour, -1, 0) - contour, axis=1) == 1).all()
    assert np.array_equal(inside > 0, mask)


def test_one_number_of_a_label_map():
    labels = np.zeros((8, 9), np.uint8)
    labels[2:5, 3:7] = 4
    labels[6, 6] = 9
    (square,) = outlines(labels, 4)
    assert sorted(map(tuple, square.tolist())) == [(2.5, 1.5), (2.5, 4.5), (6.5, 1.5), (6.5, 4.5)]
    assert len(outlines(labels)) == 2 and outlines(labels, 7) == [] and outlines(labels * 0) == []
