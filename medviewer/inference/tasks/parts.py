"""Outlined parts of single slices, and how parts of neighbouring slices become one lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(eq=False)
class Part:
    """A connected part of one slice, on the prepared plane.

    chance: probability crop (h, w), one pixel wider than the part on every side where the plane goes on, its first
    pixel at (row, column); mask: the part's own pixels in it.
    score: the highest detection score in it. sums: by score channel, the sum of probabilities over its pixels.
    """

    index: int
    row: int
    column: int
    chance: Floats
    mask: Bools
    score: float
    sums: Floats | None = None

    @property
    def area(self) -> int:
        return int(self.mask.sum())

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(r0, r1, c0, c1), ends exclusive."""
        h, w = self.mask.shape
        return self.row, self.row + h, self.column, self.column + w

    def center(self) -> tuple[float, float]:
        """Mean (row, column) of its pixels."""
        rows, columns = np.nonzero(self.mask)
        return self.row + float(rows.mean()), self.column + float(columns.mean())


@dataclass(eq=False)
class Lesion:
    """Parts of neighbouring slices that belong together."""

    parts: list[Part] = field(default_factory=list)

    @property
    def slices(self) -> list[int]:
        return sorted({p.index for p in self.parts})

    def slice_scores(self) -> NDArray[np.float64]:
        """The best score of each slice, highest first."""
        best: dict[int, float] = {}
        for part in self.parts:
            best[part.index] = max(best.get(part.index, 0.0), part.score)
        return np.sort(np.array(list(best.values())))[::-1]

    def score(self, over: int = 3) -> float:
        """Mean of the best `over` slices' scores (of all where there are fewer): one bright slice alone counts less."""
        return float(self.slice_scores()[: max(1, over)].mean())

    def elongation(self, pixel_mm: tuple[float, float], slice_mm: float) -> float:
        """Longest half axis over the second one, of the ellipsoid with the same second moments: 1 for balls and discs.

        Vessels have large values. The moments of single voxels are counted in, so that one pixel has 1.
        """
        scale = np.array([slice_mm, pixel_mm[1], pixel_mm[0]])
        points = np.concatenate(
            [
                np.stack(
                    [
                        np.full(p.area, p.index),
                        *(a + o for a, o in zip(np.nonzero(p.mask), (p.row, p.column), strict=True)),
                    ],
                    1,
                )
                for p in self.parts
            ]
        )
        moments = np.cov((points * scale).T, bias=True) + np.diag(scale**2 / 12)
        least_first = np.sqrt(np.linalg.eigvalsh(moments))
        voxel = max(scale) / np.sqrt(12)
        return float(least_first[2] / max(least_first[1], min(voxel, least_first[2])))

    def center(self) -> tuple[float, float, float]:
        """Mean (slice, row, column), weighted by area."""
        weights = np.array([p.area for p in self.parts], float)
        places = np.array([(p.index, *p.center()) for p in self.parts])
        mean = (places * weights[:, None]).sum(0) / weights.sum()
        return float(mean[0]), float(mean[1]), float(mean[2])


def parts_of_slice(
    index: int, outline: Floats, score: Floats, threshold: float, least_score: float, allowed: Bools | None
) -> list[Part]:
    """Parts of a slice: connected pixels (8 neighbours) of `outline` from the threshold up, each with its best score.

    A peak of the score map (from least_score up) that has no outline gets the pixels round it above half its height.
    outline, score: (h, w) probabilities; allowed: where parts may lie, or None for everywhere.
    """
    from scipy import ndimage

    inside = outline >= threshold
    peaks = score >= least_score
    if allowed is not None:
        inside, peaks = inside & allowed, peaks & allowed
    bare = peaks & ~inside
    eight = np.ones((3, 3), bool)
    if bare.any():
        inside = inside | _round_bare_peaks(score, inside, bare, allowed, eight)
    if not inside.any():
        return []
    labels, count = ndimage.label(inside, eight)
    boxes = ndimage.find_objects(labels)
    found = []
    for number, (rows, columns) in enumerate(boxes[:count], 1):
        box = (
            slice(max(0, rows.start - 1), rows.stop + 1),
            slice(max(0, columns.start - 1), columns.stop + 1),
        )
        mask = labels[box] == number
        best = float(score[box][mask].max())
        chance = outline[box].copy()
        chance[mask] = np.maximum(chance[mask], threshold)
        found.append(Part(index, box[0].start, box[1].start, chance, mask, best))
    return found


def _round_bare_peaks(
    score: Floats, inside: Bools, bare: Bools, allowed: Bools | None, eight: Bools
) -> Bools:
    from scipy import ndimage

    labels, count = ndimage.label(bare, eight)
    more = np.zeros_like(inside)
    for number, box in enumerate(ndimage.find_objects(labels)[:count], 1):
        here = labels[box] == number
        touching = ndimage.binary_dilation(np.pad(here, 1), eight)
        r, c = box[0].start - 1, box[1].start - 1
        rows = slice(max(0, r), r + touching.shape[0])
        columns = slice(max(0, c), c + touching.shape[1])
        if inside[rows, columns].any():
            continue  # it belongs to an outline beside it
        height = float(score[box][here].max())
        more[box] |= here | ((score[box] >= height / 2) & here)
    return more if allowed is None else more & allowed


def link(parts: Sequence[Part], least_share: float = 0.3, reach: int = 1) -> list[Lesion]:
    """Join parts of neighbouring slices that overlap by at least `least_share` of the smaller one.

    reach: how many slices apart two parts may lie (2 bridges one empty slice).
    """
    parent = list(range(len(parts)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    by_slice: dict[int, list[int]] = {}
    for n, part in enumerate(parts):
        by_slice.setdefault(part.index, []).append(n)
    for index, here in by_slice.items():
        for step in range(1, reach + 1):
            for a in here:
                for b in by_slice.get(index + step, ()):
                    if _overlap(parts[a], parts[b]) >= max(
                        1.0, least_share * min(parts[a].area, parts[b].area)
                    ):
                        parent[root(a)] = root(b)
    lesions: dict[int, Lesion] = {}
    for n, part in enumerate(parts):
        lesions.setdefault(root(n), Lesion()).parts.append(part)
    return list(lesions.values())


def _overlap(a: Part, b: Part) -> int:
    r0, r1 = max(a.box[0], b.box[0]), min(a.box[1], b.box[1])
    c0, c1 = max(a.box[2], b.box[2]), min(a.box[3], b.box[3])
    if r0 >= r1 or c0 >= c1:
        return 0
    one = a.mask[r0 - a.row : r1 - a.row, c0 - a.column : c1 - a.column]
    other = b.mask[r0 - b.row : r1 - b.row, c0 - b.column : c1 - b.column]
    return int((one & other).sum())


def merge_near(
    lesions: Sequence[Lesion], pixel_mm: tuple[float, float], slice_mm: float, merge_mm: float
) -> list[Lesion]:
    """Join lesions whose centres lie within merge_mm, or of which one's centre lies in the other's box.

    The box counts only in the slices that both reach (and their neighbours), so that a large nodule whose outline
    falls apart stays one. The best-scored lesion comes first and takes in its neighbours.
    """
    scale = np.array([slice_mm, pixel_mm[1], pixel_mm[0]])
    waiting = [_Placed.of(lesion) for lesion in lesions]
    waiting.sort(key=lambda one: (-one.score, one.center.tolist()))
    kept: list[_Placed] = []
    for one in waiting:
        home = next((other for other in kept if _belong(other, one, scale, merge_mm)), None)
        if home is None:
            kept.append(one)
        else:
            joined = _Placed.of(Lesion([*home.lesion.parts, *one.lesion.parts]))
            kept[kept.index(home)] = joined
    return [one.lesion for one in kept]


@dataclass(frozen=True, eq=False)
class _Placed:
    """A lesion with its score, centre (slice, row, column) and box ((s0, r0, c0), (s1, r1, c1)), ends inclusive."""

    lesion: Lesion
    score: float
    center: NDArray[np.float64]
    low: NDArray[np.int_]
    high: NDArray[np.int_]

    @classmethod
    def of(cls, lesion: Lesion) -> _Placed:
        boxes = np.array([p.box for p in lesion.parts])
        slices = [p.index for p in lesion.parts]
        low = np.array([min(slices), boxes[:, 0].min(), boxes[:, 2].min()])
        high = np.array([max(slices), boxes[:, 1].max() - 1, boxes[:, 3].max() - 1])
        return cls(lesion, lesion.score(), np.array(lesion.center()), low, high)

    def holds(self, point: NDArray[np.float64]) -> bool:
        """Within its box, one slice more at either end."""
        reach = np.array([1, 0, 0])
        return bool(((self.low - reach <= point) & (point <= self.high + reach)).all())


def _belong(one: _Placed, other: _Placed, scale: NDArray[np.float64], merge_mm: float) -> bool:
    apart = float(np.linalg.norm((one.center - other.center) * scale))
    return apart <= merge_mm or one.holds(other.center) or other.holds(one.center)
