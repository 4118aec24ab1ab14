"""How one pane looks at one series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medviewer.core.plane import Slab
from medviewer.core.window import Window
from medviewer.core.words import Words
from medviewer.imaging.reslice import Interpolation

Vector = NDArray[np.float64]
ViewName = Literal["axial", "coronal", "sagittal", "film", "3d"]
VIEW_WORDS: dict[str, Words] = {
    "axial": Words("Axial", "轴位"),
    "coronal": Words("Coronal", "冠状位"),
    "sagittal": Words("Sagittal", "矢状位"),
    "film": Words("Image", "图像"),
    "3d": Words("3D", "三维"),
}


def cross(a: Vector, b: Vector) -> Vector:
    """a x b of two vectors; numpy's own takes ten times as long for a single pair."""
    (x, y, z), (u, v, w) = a.tolist(), b.tolist()
    return np.array([y * w - z * v, z * u - x * w, x * v - y * u])


@dataclass
class CineState:
    playing: bool = False
    per_second: float = 15.0


@dataclass
class FusionState:
    """A second series over the first. window None: as that series opens."""

    key: str
    opacity: float = 0.5
    cmap: str = "hot_metal"
    threshold: float = 0.02
    window: Window | None = None


@dataclass
class CameraState:
    """Of the 3D view: degrees about the body's axis and above the horizon, enlargement, shift of the picture in
    mm (right, down). preset None: the first that fits. clip: unit normal (LPS) of a plane through the crosshair, to
    the side that stays; None: nothing is cut away."""

    azimuth: float = 0.0
    elevation: float = 0.0
    zoom: float = 1.35
    pan: tuple[float, float] = (0.0, 0.0)
    preset: str | None = None
    clip: tuple[float, float, float] | None = None


@dataclass(eq=False)
class PaneState:
    """State of a pane; only commands of the workspace change it.

    key: the series shown, None: empty. view: which plane; "film": the stored images of something without a
    place. center: LPS mm that lies in the middle of the pane. right, down: unit vectors of the picture. zoom:
    logical pixels per mm (of a film without spacing: per pixel), None: fitted to the pane. size: of the pane
    in logical pixels. window None: as the series opens. link: panes with the same number scroll, zoom and pan
    together; None: alone.
    """

    key: str | None = None
    view: ViewName = "axial"
    center: Vector = field(default_factory=lambda: np.zeros(3))
    right: Vector = field(default_factory=lambda: np.array([1.0, 0, 0]))
    down: Vector = field(default_factory=lambda: np.array([0, 1.0, 0]))
    zoom: float | None = None
    size: tuple[int, int] = (512, 512)
    window: Window | None = None
    invert: bool = False
    slab: Slab | None = None
    interpolation: Interpolation = "linear"
    overlays: bool = True
    cine: CineState = field(default_factory=CineState)
    fusion: FusionState | None = None
    camera: CameraState = field(default_factory=CameraState)
    link: int | None = 1
    as_saved: bool = False
    """Restored from a session: its place holds, and is not set anew when its voxels arrive."""

    @property
    def normal(self) -> Vector:
        """Unit vector into the picture."""
        return cross(self.right, self.down)

    @property
    def is_image(self) -> bool:
        """A plane, not the 3D view."""
        return self.view != "3d"
