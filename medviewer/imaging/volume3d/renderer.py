"""3D pictures of a volume, off screen: by the GPU, by software OpenGL, or as a rotating MIP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import Finding
from medviewer.core.segmentation import Segmentation
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.imaging.volume3d.camera3d import Camera3D
from medviewer.imaging.volume3d.gl_probe import GlProbe, Rung, probe
from medviewer.imaging.volume3d.grid3d import MOST_VOXELS, ClipPlane, Grid3D, grid_for
from medviewer.imaging.volume3d.mip3d import mip3d
from medviewer.imaging.volume3d.picking import pick_point
from medviewer.imaging.volume3d.surfaces import ShownSegments
from medviewer.imaging.volume3d.transfer_functions import FittedTransfer, fitting_presets, transfer_preset

Quality = Literal["coarse", "fine"]


class Renderer3D:
    """One volume in 3D. All calls from one thread: an OpenGL context belongs to the thread that made it.

    rung: "gpu", "software", "none", or the answer of the probe. The volume's voxels are copied (averaged
    where the rung can't take as many), so that filling them further needs a new renderer.
    """

    def __init__(self, volume: Volume, rung: Rung | GlProbe | None = None) -> None:
        if not volume.has_place or min(volume.size) < 2:
            raise MedViewerError(
                "fit.3d",
                Words(
                    "This series is no volume: there is nothing to show in 3D.",
                    "该序列不是体数据，无法三维显示。",
                ),
            )
        found = probe() if rung is None else rung
        self.rung: Rung = found.rung if isinstance(found, GlProbe) else found
        self._window = found.window if isinstance(found, GlProbe) else ""
        self._volume = volume
        self._grid: Grid3D = grid_for(volume, MOST_VOXELS[self.rung])
        self._camera = Camera3D()
        self._transfer = FittedTransfer(fitting_presets(volume)[0], volume)
        self._segments: Sequence[ShownSegments] = ()
        self._findings: Sequence[Finding] = ()
        self._box: NDArray[np.float64] | None = None
        self._cut: ClipPlane | None = None
        self._shown_grid = self._grid
        self._scene = None
        if self.rung != "none":
            from medviewer.imaging.volume3d.scene import Scene

            self._scene = Scene(self._grid, self.rung, self._window or probe().window)
            self._scene.set_transfer(self._transfer)

    @property
    def preset(self) -> str:
        return self._transfer.preset.id

    @property
    def view(self) -> Camera3D:
        """Where the eye stands."""
        return self._camera

    def set_preset(self, name: str) -> None:
        """A preset of `transfer_functions`; raises KeyError for a name that is none."""
        self._transfer = FittedTransfer(transfer_preset(name), self._volume)
        if self._scene:
            self._scene.set_transfer(self._transfer)

    def camera(
        self,
        azimuth: float | None = None,
        elevation: float | None = None,
        zoom: float | None = None,
        pan: tuple[float, float] | None = None,
    ) -> None:
        """Move the eye (see `Camera3D`); what is None stays."""
        told = {"azimuth": azimuth, "elevation": elevation, "zoom": zoom, "pan": pan}
        self._camera = replace(self._camera, **{k: v for k, v in told.items() if v is not None})  # type: ignore[arg-type]

    def set_segments(self, segmentation: Segmentation | None, hidden: Iterable[int] = ()) -> None:
        """Show the segments of one label map; None: none."""
        self.show_segments([] if segmentation is None else [ShownSegments(segmentation, frozenset(hidden))])

    def show_segments(self, shown: Sequence[ShownSegments]) -> None:
        """Show segments of any number of label maps as smoothed surfaces (on the MIP rung: tinted)."""
        self._segments = tuple(shown)
        if self._scene:
            self._scene.set_segments(self._segments)

    def set_markers(self, findings: Sequence[Finding]) -> None:
        """Show findings as spheres of their diameter."""
        self._findings = [f for f in findings if f.review.state != "rejected"]
        if self._scene:
            self._scene.set_markers(self._findings)

    def set_clip_box(self, box_ijk: ArrayLike | None) -> None:
        """Cut away what lies outside [[low i, j, k], [high i, j, k]] of the volume's own voxels; None:
        nothing.
        """
        if box_ijk is None:
            self._box = None
        else:
            corners = self._volume.geometry.to_lps(_corners(np.asarray(box_ijk, float)))
            inside = self._grid.geometry.to_ijk(corners)
            self._box = np.stack([inside.min(0), inside.max(0)])
        if self._scene:
            self._scene.set_clip_box(self._box)

    def set_clip_plane(self, through_lps: ArrayLike | None, normal: ArrayLike = (0, 1, 0)) -> None:
        """Cut away what lies behind a plane: the side from which its normal (LPS) comes; None: nothing."""
        if through_lps is None:
            self._cut, self._shown_grid = None, self._grid
        else:
            self._cut = ClipPlane(np.asarray(through_lps, float), np.asarray(normal, float))
            self._shown_grid = self._cut.applied(self._grid)
        if self._scene:
            self._scene.set_clip_plane(self._cut)

    def render(self, size: tuple[int, int], quality: Quality = "fine") -> NDArray[np.uint8]:
        """uint8 RGB [y, x, 3]; "coarse" while it moves, "fine" at rest."""
        plane = self._camera.plane(self._volume.geometry, size)
        coarse = quality == "coarse"
        if self._scene:
            return self._scene.render(plane, coarse)
        seen = self._segments, self._findings
        return mip3d(self._shown_grid, self._transfer, plane, coarse, *seen, self._box)

    def pick(self, x: float, y: float, size: tuple[int, int]) -> NDArray[np.float64] | None:
        """LPS mm of what is seen at pixel (x, y) of a picture of that size; None where nothing is."""
        plane = self._camera.plane(self._volume.geometry, size)
        _, _, into = self._camera.axes()
        mip = self.rung == "none" or self._transfer.preset.mode == "mip"
        return pick_point(
            self._shown_grid, self._transfer, plane.to_lps((x, y)), into, self._box, brightest=mip
        )

    def pixel_of(self, lps: ArrayLike, size: tuple[int, int]) -> tuple[float, float]:
        """Where a point falls in a picture of that size."""
        x, y = self._camera.plane(self._volume.geometry, size).to_pixel(lps)
        return float(x), float(y)

    def close(self) -> None:
        """Give the OpenGL window back."""
        if self._scene:
            self._scene.close()
            self._scene = None
            self.rung = "none"


def _corners(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([[box[a][0], box[b][1], box[c][2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
