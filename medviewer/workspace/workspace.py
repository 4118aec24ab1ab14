"""The whole of what is open: composition of the workspace's parts, and opening series into panes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medviewer.core.errors import MedViewerError
from medviewer.core.finding import ReviewState
from medviewer.core.measurement import Measurement
from medviewer.core.volume import Volume
from medviewer.core.words import Words
from medviewer.workspace import crosshair, finding_navigation, fusion
from medviewer.workspace.commands import AddMark, ChangeMark, DeleteMark
from medviewer.workspace.layout import VIEWS, LayoutName, LayoutState
from medviewer.workspace.loaded_series import LoadedSeries
from medviewer.workspace.marks import MarkStore
from medviewer.workspace.overlay_state import OverlayState
from medviewer.workspace.pane_state import PaneState, ViewName
from medviewer.workspace.results import ResultStore
from medviewer.workspace.statistics import with_statistics
from medviewer.workspace.studies import Studies
from medviewer.workspace.undo import UndoStack
from medviewer.workspace.viewing import Viewing, place

ToolName = Literal["window", "pan", "zoom", "scroll", "crosshair", "length", "angle", "ellipse", "probe"]
PANES = 4
"""Panes that are kept; layouts show the first of them."""
VOXEL_LIMIT = 3 << 30


@dataclass(frozen=True, eq=False)
class Hover:
    """What lies under the pointer: pane, LPS mm (None for an image without a place), pixel of the stored image
    (column, row, slice) from 0, value in its unit (None outside or in colour)."""

    pane: int
    lps: NDArray[np.float64] | None
    ijk: tuple[int, int, int]
    value: float | None
    unit: str


@dataclass(frozen=True, eq=False)
class Draft:
    """A mark that is being drawn in a pane."""

    pane: int
    mark: Measurement


class Workspace:
    """Studies, volumes, panes, marks and results of one window.

    Signals of the parts: `studies.changed`, `layout.changed`, `marks.changed(key)`, `results.changed(key)`,
    `results.chosen_changed`, `results.map_changed(key)`, `overlays.changed`, `undo.changed`, `undo.did(command)`.
    """

    series_wanted = Signal(str, int)
    """A pane needs the voxels of that series, from that slice first (-1: the middle): start
    `loading.load_work` in a job."""
    volume_changed = Signal(str)
    """Voxels of that series began, ended or failed to arrive (single slices are not told: watch `loaded`)."""
    pane_changed = Signal(int)
    active_changed = Signal(int)
    crosshair_changed = Signal()
    tool_changed = Signal(str)
    hover_changed = Signal()
    draft_changed = Signal(int)

    def __init__(self) -> None:
        self.studies = Studies()
        self.volumes: dict[str, LoadedSeries] = {}
        self.failures: dict[str, MedViewerError] = {}
        """Why a series could not be loaded, by key."""
        self.layout = LayoutState()
        self.panes = [PaneState() for _ in range(PANES)]
        self.active_pane = 0
        self.crosshair_lps: NDArray[np.float64] | None = None
        self.crosshair_key: str | None = None
        """The series on which the crosshair was put; its patient space is that of the crosshair."""
        self.tool: ToolName = "window"
        self.hover: Hover | None = None
        self.draft: Draft | None = None
        self.voxel_limit = VOXEL_LIMIT
        """Bytes of voxels that may be in memory before series out of sight are forgotten."""
        self.reader = ""
        """Who reviews, as written into reviews."""
        self.marks = MarkStore()
        self.results = ResultStore()
        self.overlays = OverlayState()
        self.undo = UndoStack()
        self.viewing = Viewing(self)

    # ---- opening

    @property
    def active(self) -> PaneState:
        return self.panes[self.active_pane]

    @property
    def active_key(self) -> str | None:
        """The series in the active pane."""
        return self.active.key

    @property
    def open_keys(self) -> list[str]:
        """Series that visible panes show, each once."""
        return list(dict.fromkeys(p.key for p in self.panes[: self.layout.count] if p.key))

    def open_series(self, key: str) -> None:
        """Show a series: a volume in all panes of a layout of planes (3+1 where there was one empty pane), a
        film or stack in the active pane."""
        info = self.studies.get(key)
        loaded = self.volumes.get(key)
        kind = info.kind if info else loaded.volume.kind if loaded else None
        if kind is None:
            return
        nothing_open = not self.open_keys
        flat = kind != "volume" or (info is not None and info.size[2] < 3)
        if flat:
            if nothing_open or (self.layout.is_planes and len(self.open_keys) == 1):
                self._relayout("1x1")
            self.show(key, min(self.active_pane, self.layout.count - 1))
            return
        if nothing_open or (self.layout.name == "1x1" and self.active.view == "film"):
            self._relayout("3+1")
        if self.layout.is_planes and len(self.open_keys) <= 1:
            self.show_planes(key)
        else:
            self.show(key, self.active_pane)

    def show(self, key: str, pane_index: int, view: ViewName | None = None) -> None:
        """Show a series in one pane and make it active; asks for its voxels where they aren't there."""
        self._assign(pane_index, key, view)
        self.set_active(pane_index)
        self.want(key)

    def show_planes(self, key: str) -> None:
        """The three planes and 3D of a series, by the layout."""
        for index, view in enumerate(VIEWS[self.layout.name]):
            self._assign(index, key, view)  # type: ignore[arg-type]  # the names are those of views
        self.want(key)

    def clear_pane(self, pane_index: int) -> None:
        old = self.panes[pane_index]
        self.panes[pane_index] = PaneState(size=old.size)
        self.pane_changed.emit(pane_index)

    def set_layout(self, name: LayoutName) -> None:
        """Another layout; panes that were empty get the active series, "planes" gives all of them to it."""
        key = self.active_key or next(iter(self.open_keys), None)
        self._relayout(name)
        series = self.volumes.get(key or "")
        if key is None or (series is not None and series.is_stack):
            return
        if name == "planes":
            self.show_planes(key)
            return
        for index, view in enumerate(VIEWS[name]):
            if self.panes[index].key is None:
                self._assign(index, key, view if self.layout.is_planes else None)  # type: ignore[arg-type]

    def set_active(self, pane_index: int) -> None:
        if pane_index != self.active_pane and 0 <= pane_index < self.layout.count:
            self.active_pane = pane_index
            self.active_changed.emit(pane_index)

    def set_tool(self, name: ToolName) -> None:
        if name != self.tool:
            self.tool = name
            self.tool_changed.emit(name)

    def close_series(self, key: str) -> None:
        """Take a series out of the panes and out of memory; marks and results stay."""
        for index, pane in enumerate(self.panes):
            if pane.key == key:
                self.clear_pane(index)
        fusion.drop(self, key)
        self.volumes.pop(key, None)
        self.volume_changed.emit(key)

    # ---- voxels

    def add_volume(self, key: str, volume: Volume, loaded: NDArray[np.bool_] | None = None) -> None:
        """Voxels of a series, from now on in memory; `loaded` per slice while they still arrive (None: all)."""
        whole = loaded is None
        mask = np.ones(volume.size[2], bool) if loaded is None else loaded
        self.failures.pop(key, None)
        self._make_room(volume.array.nbytes)
        series = self.volumes[key] = LoadedSeries(key, volume, mask, done=whole)
        if any(pane.key == key for pane in self.panes):
            self._own_crosshair(series)
        for index, pane in enumerate(self.panes):
            if pane.key == key:
                if not pane.as_saved:
                    place(pane, series, self._through(key))
                pane.as_saved = False
                self.pane_changed.emit(index)
        self.volume_changed.emit(key)

    def want(self, key: str) -> None:
        """Ask for the voxels of a series where they aren't in memory."""
        if key not in self.volumes:
            self.failures.pop(key, None)
            self.series_wanted.emit(key, -1)

    def finish_volume(self, key: str, error: MedViewerError | None = None) -> None:
        """No more voxels will come; with the reason where that was not meant."""
        series = self.volumes.get(key)
        if series is not None:
            series.done, series.error = True, error
            self._renew_statistics(series)
        if error is not None:
            self.failures[key] = error
        self.volume_changed.emit(key)
        for index, pane in enumerate(self.panes):
            if pane.key == key:
                self.pane_changed.emit(index)

    def shares_space(self, key: str | None, other: str | None) -> bool:
        """Whether two series lie in one patient space, so that a point of one is a point of the other."""
        if key is None or other is None:
            return False
        a, b = self.volumes.get(key), self.volumes.get(other)
        return key == other or (a is not None and b is not None and bool(a.frame == b.frame))

    # ---- marks and findings

    def add_mark(self, mark: Measurement) -> None:
        self.undo.do(AddMark(self.marks, mark))

    def change_mark(self, before: Measurement, after: Measurement) -> None:
        self.undo.do(ChangeMark(self.marks, before, after))

    def nudge_selected(self, dx: float, dy: float) -> bool:
        """Move the selected mark by so many logical pixels in the active pane; False where none is there."""
        mark, view = self.marks.get(self.marks.selected), self.viewing.view(self.active_pane)
        if mark is None or view is None or mark.series_key != self.active_key:
            return False
        moved = mark.with_points(mark.points + (dx * view.right + dy * view.down) / view.scale)
        self.change_mark(mark, with_statistics(self.volumes[mark.series_key], moved))
        return True

    def delete_selected(self) -> bool:
        """Delete the selected mark; False where none is selected."""
        mark = self.marks.get(self.marks.selected)
        if mark is None:
            return False
        self.undo.do(DeleteMark(self.marks, mark))
        return True

    def go_to_finding(self, key: str, finding_id: str) -> None:
        finding_navigation.go_to(self, key, finding_id)

    def next_finding(self, by: int = 1) -> None:
        finding_navigation.step(self, by)

    def review_finding(self, state: ReviewState, go_on: bool = False) -> None:
        finding_navigation.review(self, state, go_on)

    def move_crosshair(self, lps: NDArray[np.float64], key: str) -> None:
        crosshair.move(self, lps, key)

    def set_hover(self, hover: Hover | None) -> None:
        if hover is not self.hover:
            self.hover = hover
            self.hover_changed.emit()

    def set_draft(self, draft: Draft | None) -> None:
        pane = draft.pane if draft else self.draft.pane if self.draft else None
        self.draft = draft
        if pane is not None:
            self.draft_changed.emit(pane)

    def describe(self, pane_index: int) -> Words | None:
        """Name of what a pane shows, for the tag and for screen readers."""
        from medviewer.workspace.describe import describe_pane

        return describe_pane(self, pane_index)

    # ---- within

    def _renew_statistics(self, series: LoadedSeries) -> None:
        """Marks that were drawn while slices were missing get what the whole series says."""
        for mark in self.marks.of(series.key):
            renewed = with_statistics(series, mark)
            if renewed.statistics != mark.statistics:
                self.marks.put(renewed)

    def _make_room(self, coming: int) -> None:
        """Forget series that no pane shows, those loaded first, where voxels in memory go beyond the limit."""
        shown = {pane.key for pane in self.panes} | {p.fusion.key for p in self.panes if p.fusion}
        total = coming + sum(s.volume.array.nbytes for s in self.volumes.values())
        for key, series in list(self.volumes.items()):
            if total <= self.voxel_limit:
                return
            if key not in shown and series.done:
                total -= series.volume.array.nbytes
                del self.volumes[key]
                self.volume_changed.emit(key)

    def _relayout(self, name: LayoutName) -> None:
        self.layout.name, self.layout.maximised = name, None
        if self.active_pane >= self.layout.count:
            self.active_pane = 0
            self.active_changed.emit(0)
        self.layout.changed.emit()

    def _assign(self, index: int, key: str, view: ViewName | None) -> None:
        old = self.panes[index]
        pane = PaneState(key=key, view=view or (old.view if old.view != "film" else "axial"), size=old.size)
        pane.link, pane.camera.preset = old.link, old.camera.preset
        pane.fusion = next((replace(p.fusion) for p in self.panes if p.key == key and p.fusion), None)
        self.panes[index] = pane
        series = self.volumes.get(key)
        if series is not None:
            if series.is_stack:
                pane.view = "film"
            shown = next((p for n, p in enumerate(self.panes) if n != index and p.key == key), None)
            if shown is not None:
                pane.window, pane.invert = shown.window, shown.invert
            self._own_crosshair(series)
            place(pane, series, self._through(key))
        self.pane_changed.emit(index)

    def _own_crosshair(self, series: LoadedSeries) -> None:
        """A volume that is shown first in its patient space has the crosshair in its middle voxel."""
        if not series.is_stack and not self.shares_space(series.key, self.crosshair_key):
            middle = (np.array(series.geometry.size) - 1) // 2
            self.crosshair_lps, self.crosshair_key = series.geometry.to_lps(middle), series.key

    def _through(self, key: str) -> NDArray[np.float64] | None:
        return self.crosshair_lps if self.shares_space(key, self.crosshair_key) else None
