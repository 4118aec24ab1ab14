"""3D pictures from a thread of their own: the window never waits, and only the latest wish counts."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import Finding
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.imaging.volume3d.surfaces import ShownSegments

if TYPE_CHECKING:
    from medviewer.imaging.volume3d.renderer import Quality, Renderer3D

_log = logging.getLogger(__name__)
NOTHING: tuple[Any, ...] = (None, (), (), ())
"""Preset, segments, markers and clipping plane of a renderer that was just made."""
FAILED = Words("3D could not be drawn; the planes go on working.", "三维绘制失败；平面图像不受影响。")


@dataclass(frozen=True, eq=False)
class Wish:
    """A picture that is wanted. size: pixels."""

    volume: Volume
    size: tuple[int, int]
    azimuth: float
    elevation: float
    zoom: float
    pan: tuple[float, float]
    preset: str | None = None
    segments: tuple[ShownSegments, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    clip: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    """Point and normal (LPS) of a plane; the side to which the normal points stays."""
    quality: Quality = "coarse"

    @property
    def segments_key(self) -> tuple[Any, ...]:
        return tuple((id(s.segmentation), s.hidden, tuple(sorted(s.colors.items()))) for s in self.segments)

    @property
    def markers_key(self) -> tuple[Any, ...]:
        """Findings are made anew each time they are asked for: they are known by what is drawn of them."""
        return tuple((f.id, f.diameter_mm, f.review.state) for f in self.findings)

    @property
    def clip_key(self) -> tuple[float, ...]:
        return () if self.clip is None else (*self.clip[0].tolist(), *self.clip[1].tolist())

    @property
    def key(self) -> tuple[Any, ...]:
        """Alike for wishes that give the same picture, but for its quality."""
        eye = (self.size, self.azimuth, self.elevation, self.zoom, self.pan, self.preset)
        return (id(self.volume), *eye, self.segments_key, self.markers_key, self.clip_key)


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture and the wish it fulfils; rung: what drew it."""

    wish: Wish
    pixels: NDArray[np.uint8]
    rung: str


class RenderThread(QObject):
    """Makes its renderer in its thread, since an OpenGL context belongs to the thread that made it."""

    rendered = Signal(object)
    picked = Signal(object)
    """LPS mm of what was clicked, or None."""
    failed = Signal(object)
    """MedViewerError."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = threading.Condition()
        self._wish: Wish | None = None
        self._pick: tuple[float, float, Wish] | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._renderer: Renderer3D | None = None
        self._volume: Volume | None = None
        self._shown: tuple[Any, ...] = NOTHING

    def ask(self, wish: Wish) -> None:
        """Draw this next; a wish that still waits is forgotten."""
        with self._wake:
            self._wish = wish
            self._start()
            self._wake.notify()

    def pick(self, x: float, y: float, wish: Wish) -> None:
        """Tell by `picked` what lies under a pixel of that picture."""
        with self._wake:
            self._pick = (x, y, wish)
            self._start()
            self._wake.notify()

    def stop(self, timeout: float = 10.0) -> None:
        """End the thread; what it draws is finished first."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout)

    def _start(self) -> None:
        if self._thread is None and not self._stopping:
            self._thread = threading.Thread(target=self._run, name="3D", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._wish is None and self._pick is None and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    break
                pick, self._pick = self._pick, None
                wish = None
                if pick is None:
                    wish, self._wish = self._wish, None
            try:
                if pick is not None:
                    self._do_pick(*pick)
                elif wish is not None:
                    self._do_render(wish)
            except MedViewerError as fault:
                self.failed.emit(fault)
            except Exception as fault:  # whatever a driver throws must not end the thread silently
                _log.exception("3D")
                self.failed.emit(MedViewerError("resource.3d", FAILED, detail=repr(fault)))
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _do_render(self, wish: Wish) -> None:
        renderer = self._prepared(wish)
        pixels = renderer.render(wish.size, wish.quality)
        self.rendered.emit(Rendered(wish, np.ascontiguousarray(pixels), renderer.rung))

    def _do_pick(self, x: float, y: float, wish: Wish) -> None:
        self.picked.emit(self._prepared(wish).pick(x, y, wish.size))

    def _prepared(self, wish: Wish) -> Renderer3D:
        if self._renderer is None or self._volume is not wish.volume:
            if self._renderer is not None:
                self._renderer.close()
            self._renderer, self._volume = None, None
            from medviewer.imaging.volume3d.renderer import Renderer3D  # scipy: after the window shows

            self._renderer, self._volume = Renderer3D(wish.volume), wish.volume
            self._shown = NOTHING
        renderer = self._renderer
        preset, segments, markers, clip = self._shown
        if wish.preset is not None and wish.preset != preset:
            renderer.set_preset(wish.preset)
        if wish.segments_key != segments:
            renderer.show_segments(wish.segments)
        if wish.markers_key != markers:
            renderer.set_markers(wish.findings)
        if wish.clip_key != clip:
            renderer.set_clip_plane(*(wish.clip or (None,)))
        self._shown = (wish.preset or preset, wish.segments_key, wish.markers_key, wish.clip_key)
        renderer.camera(wish.azimuth, wish.elevation, wish.zoom, wish.pan)
        return renderer


def fine(wish: Wish) -> Wish:
    return replace(wish, quality="fine")
