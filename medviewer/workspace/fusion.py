"""A second series over the first: which ones can lie there, putting one there, how strongly it is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medviewer.core.words import Words
from medviewer.io.study import SeriesInfo
from medviewer.workspace.pane_state import FusionState

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

STEPS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0)
"""Opacities that the person can choose."""
NO_PLACE = Words("its place in the patient is not known", "其在患者体内的位置未知")
OTHER_PATIENT = Words("another patient", "属于其他患者")
OTHER_SPACE = Words("another frame of reference", "参考坐标系不同")
UNSURE = Words("that both lie in one space is not vouched for", "无法确认两者处于同一空间")


@dataclass(frozen=True, eq=False)
class Choice:
    """A series that could lie over the one in the pane. refusal: why it can't. doubt: what a reader should
    know when it does."""

    key: str
    info: SeriesInfo | None
    refusal: Words | None = None
    doubt: Words | None = None


def choices(ws: Workspace, index: int) -> list[Choice]:
    """Every other volume that is known, in the browser's order; none for a pane without planes in space."""
    pane, below = ws.panes[index], ws.viewing.loaded(index)
    if below is None or below.is_stack or not pane.is_image:
        return []
    others = [s for s in ws.studies.images() if s.key != below.key and s.kind in ("volume", "stack")]
    return [_choice(ws, below.key, other) for other in others]


def _choice(ws: Workspace, below_key: str, over: SeriesInfo) -> Choice:
    below = ws.studies.get(below_key)
    if over.kind != "volume" or over.report.verdict == "red":
        return Choice(over.key, over, NO_PLACE)
    if below is not None and below.patient_key != over.patient_key:
        return Choice(over.key, over, OTHER_PATIENT)
    a, b = _frame_uid(ws, below_key), _frame_uid(ws, over.key)
    if a and b and a != b:
        return Choice(over.key, over, OTHER_SPACE)
    return Choice(over.key, over, None, None if a and a == b else UNSURE)


def doubt_of(ws: Workspace, below: str | None, over: str) -> Words | None:
    """What a reader should know of a fusion that is shown: UNSURE where no frame of reference says that both
    lie in one patient space."""
    a = _frame_uid(ws, below) if below is not None else None
    return None if a and a == _frame_uid(ws, over) else UNSURE


def _frame_uid(ws: Workspace, key: str) -> Any:
    series, info = ws.volumes.get(key), ws.studies.get(key)
    told = series.volume.meta.get("frame_of_reference_uid") if series is not None else None
    return told or (info.meta.get("frame_of_reference_uid") if info is not None else None)


def show(ws: Workspace, index: int, key: str) -> bool:
    """Lay a series over the pane's own, in all planes of it; asks for its voxels. False where it can't lie
    there."""
    choice = next((c for c in choices(ws, index) if c.key == key), None)
    if choice is None or choice.refusal is not None:
        return False
    before = ws.panes[index].fusion
    fusion = FusionState(key, before.opacity if before is not None else FusionState(key).opacity)
    _put(ws, index, fusion)
    ws.want(key)
    return True


def show_next(ws: Workspace, index: int) -> bool:
    """The next series that can lie over the pane's own, after the last the first again."""
    able = [c.key for c in choices(ws, index) if c.refusal is None]
    now = ws.panes[index].fusion
    at = able.index(now.key) if now is not None and now.key in able else -1
    return bool(able) and show(ws, index, able[(at + 1) % len(able)])


def set_opacity(ws: Workspace, index: int, opacity: float) -> None:
    """0 to 1; of all planes that show this fusion."""
    fusion = ws.panes[index].fusion
    if fusion is not None:
        _put(ws, index, replace(fusion, opacity=min(1.0, max(0.0, opacity))))


def change_opacity(ws: Workspace, index: int, step: int) -> None:
    """Stronger (1) or weaker (-1) by one of `STEPS`."""
    fusion = ws.panes[index].fusion
    if fusion is not None:
        nearest = min(range(len(STEPS)), key=lambda n: abs(STEPS[n] - fusion.opacity))
        set_opacity(ws, index, STEPS[min(len(STEPS) - 1, max(0, nearest + step))])


def take_away(ws: Workspace, index: int) -> None:
    """The pane's series alone again, in all its planes."""
    if ws.panes[index].fusion is not None:
        _put(ws, index, None)


def drop(ws: Workspace, key: str) -> bool:
    """Take a series that can't be shown (closed, not readable) from over all others; False where it was
    nowhere."""
    found = [n for n, pane in enumerate(ws.panes) if pane.fusion is not None and pane.fusion.key == key]
    for index in found:
        ws.panes[index].fusion = None
        ws.pane_changed.emit(index)
    return bool(found)


def _put(ws: Workspace, index: int, fusion: FusionState | None) -> None:
    key = ws.panes[index].key
    for n, pane in enumerate(ws.panes):
        if n == index or pane.key == key:
            pane.fusion = replace(fusion) if fusion is not None else None
            ws.pane_changed.emit(n)
