"""A volume to draw into: places are patient millimetres (LPS), soft edges one voxel wide."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Point = tuple[float, float, float]


@dataclass
class Grid:
    """Axis-aligned voxels: `values[k, j, i]` at `origin + (i, j, k) * spacing`, all in LPS mm."""

    origin: Point
    spacing: Point
    size: tuple[int, int, int]
    values: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.zeros(self.size[::-1], np.float32)

    def axis(self, number: int) -> Floats:
        """Positions of the voxel centres along x (0), y (1) or z (2), mm."""
        steps = np.arange(self.size[number], dtype=np.float32)
        return np.float32(self.origin[number]) + np.float32(self.spacing[number]) * steps

    def box(self, low: ArrayLike, high: ArrayLike) -> tuple[slice, slice, slice] | None:
        """Slices [k, j, i] of the voxels between two corners (mm), None where there are none."""
        corner, opposite = np.asarray(low, float), np.asarray(high, float)
        slices = []
        for n in (2, 1, 0):
            first = max(0, int(np.ceil((corner[n] - self.origin[n]) / self.spacing[n])))
            last = min(self.size[n], int(np.floor((opposite[n] - self.origin[n]) / self.spacing[n])) + 1)
            if first >= last:
                return None
            slices.append(slice(first, last))
        return slices[0], slices[1], slices[2]

    def places(self, box: tuple[slice, slice, slice]) -> tuple[Floats, Floats, Floats]:
        """(x, y, z) of the voxels of a box, shaped to broadcast to it."""
        k, j, i = box
        return self.axis(0)[None, None, i], self.axis(1)[None, j, None], self.axis(2)[k, None, None]

    def at(self, point: Point) -> tuple[int, int, int] | None:
        """Index [k, j, i] of the voxel nearest to a point, None outside."""
        index = [round((point[n] - self.origin[n]) / self.spacing[n]) for n in (2, 1, 0)]
        inside = all(0 <= v < n for v, n in zip(index, self.values.shape, strict=True))
        return (index[0], index[1], index[2]) if inside else None

    def blend(self, box: tuple[slice, slice, slice], weight: Floats, value: float | Floats, mode: str) -> None:
        """Mix a value in by weight (0 to 1); mode "set", or "max": only where it is brighter."""
        part = self.values[box]
        mixed = part + weight * (value - part)
        part[...] = np.maximum(part, mixed) if mode == "max" else mixed

    def ball(self, centre: Point, radius: ArrayLike, value: float, mode: str = "set") -> None:
        """An ellipsoid with half axes `radius` (mm), its edge one voxel soft."""
        axes = np.broadcast_to(np.asarray(radius, np.float32), (3,))
        reach = axes + 1.5 * np.asarray(self.spacing)
        box = self.box(np.asarray(centre) - reach, np.asarray(centre) + reach)
        if box is None:
            return
        x, y, z = self.places(box)
        away = np.sqrt(
            ((x - centre[0]) / axes[0]) ** 2 + ((y - centre[1]) / axes[1]) ** 2 + ((z - centre[2]) / axes[2]) ** 2
        )
        soft = float(np.mean(self.spacing)) / float(axes.mean())
        self.blend(box, np.clip((1 - away) / soft + 0.5, 0, 1), value, mode)

    def tube(self, points: ArrayLike, radii: ArrayLike, value: float, mode: str = "set") -> None:
        """A tube along a line through points, its radius (mm) running from each point to the next."""
        line = np.asarray(points, np.float32)
        wide = np.broadcast_to(np.asarray(radii, np.float32), (len(line),))
        for n in range(len(line) - 1):
            self._capsule(line[n], line[n + 1], float(wide[n]), float(wide[n + 1]), value, mode)

    def _capsule(self, start: Floats, end: Floats, r0: float, r1: float, value: float, mode: str) -> None:
        reach = max(r0, r1) + max(self.spacing)
        box = self.box(np.minimum(start, end) - reach, np.maximum(start, end) + reach)
        if box is None:
            return
        x, y, z = self.places(box)
        x, y, z = x - start[0], y - start[1], z - start[2]
        along = end - start
        length2 = max(float(along @ along), 1e-6)
        t = np.clip((x * along[0] + y * along[1] + z * along[2]) / length2, 0, 1)
        away = np.sqrt((x - t * along[0]) ** 2 + (y - t * along[1]) ** 2 + (z - t * along[2]) ** 2)
        # The edge is as soft as a voxel is wide in plane: thin vessels then keep their share of the voxel.
        soft = 0.5 * (self.spacing[0] + self.spacing[2])
        self.blend(box, np.clip((r0 + (r1 - r0) * t - away) / soft + 0.5, 0, 1), value, mode)

    def thin_lines(self, starts: Floats, ends: Floats, radii: Floats, value: float) -> None:
        """Many thin tubes at once, where they are brighter: (n, 3), (n, 3) and (n, 2) radii up to 1.5 mm.

        Balls every 0.6 mm along each, all in one go; what one of them covers most decides.
        """
        lengths = np.linalg.norm(ends - starts, axis=1)
        counts = np.maximum(1, np.ceil(lengths / 0.6)).astype(int)
        owner = np.repeat(np.arange(len(starts)), counts)
        first = np.cumsum(counts) - counts
        t = ((np.arange(len(owner)) - first[owner] + 0.5) / counts[owner]).astype(np.float32)[:, None]
        points = starts[owner] + (ends[owner] - starts[owner]) * t
        radius = radii[owner, 0] + (radii[owner, 1] - radii[owner, 0]) * t[:, 0]
        exact = (points - np.array(self.origin, np.float32)) / np.array(self.spacing, np.float32)
        base = np.rint(exact).astype(np.int32)
        reach = [int(np.ceil(1.6 / h)) for h in self.spacing]
        inside = np.all((base >= reach) & (base < np.array(self.size) - reach), axis=1)
        exact, base, radius = exact[inside], base[inside], radius[inside]
        soft = np.float32(0.5 * (self.spacing[0] + self.spacing[2]))
        weights = np.zeros(self.values.size, np.float32)
        flat = (base[:, 2] * self.size[1] + base[:, 1]) * self.size[0] + base[:, 0]
        rest = (base - exact) * np.array(self.spacing, np.float32)
        for dz in range(-reach[2], reach[2] + 1):
            for dy in range(-reach[1], reach[1] + 1):
                for dx in range(-reach[0], reach[0] + 1):
                    step = np.array([dx, dy, dz], np.float32) * np.array(self.spacing, np.float32)
                    away = np.sqrt(((rest + step) ** 2).sum(1))
                    weight = (radius - away) / soft + np.float32(0.5)
                    hit = weight > 0
                    places = flat[hit] + (dz * self.size[1] + dy) * self.size[0] + dx
                    np.maximum.at(weights, places, np.minimum(weight[hit], 1))
        touched = np.flatnonzero(weights)
        values = self.values.reshape(-1)
        old = values[touched]
        values[touched] = np.maximum(old, old + weights[touched] * (np.float32(value) - old))

    def in_slabs(self, work: Callable[[slice], None], thickness: int = 16) -> None:
        """Call `work(slices along z)` for all slabs, on two threads: each writes only its own slices."""
        starts = range(0, self.size[2], thickness)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda k: work(slice(k, min(k + thickness, self.size[2]))), starts))


def smooth_noise(
    random: np.random.Generator, shape: tuple[int, ...], coarse: tuple[float, ...], sigma: float = 1.0
) -> Floats:
    """Noise of standard deviation 1 with structures `coarse` voxels wide, made coarse and stretched."""
    small = tuple(int(np.ceil(n / c)) + 3 for n, c in zip(shape, coarse, strict=True))
    field_ = ndimage.gaussian_filter(random.standard_normal(small, np.float32), sigma, mode="wrap")
    field_ /= field_.std()
    out: Floats = field_
    for axis, (n, c) in enumerate(zip(shape, coarse, strict=True)):
        place = np.arange(n) / c + 1
        low = place.astype(int)
        part = (place - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(len(shape))])
        out = np.take(out, low, axis) * (1 - part) + np.take(out, low + 1, axis) * part
    return out
