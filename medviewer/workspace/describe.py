"""What a pane shows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medviewer.core.words import Words, same
from medviewer.workspace.pane_state import VIEW_WORDS

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

EMPTY = Words("Empty pane", "空窗格")


def series_name(workspace: Workspace, key: str | None) -> str:
    """Description of a series, else its modality, else ""; as the file has it, in no language."""
    series, info = workspace.volumes.get(key or ""), workspace.studies.get(key)
    meta = series.volume.meta if series else {}
    told = (info.description or info.modality) if info else None
    return str(told or meta.get("description") or meta.get("modality") or meta.get("source_name") or "")


def describe_pane(workspace: Workspace, index: int) -> Words:
    """Name for screen readers: "Axial, lung, slice 188 of 282, geometry right as it is"."""
    pane = workspace.panes[index]
    if pane.key is None:
        return EMPTY
    series = workspace.volumes.get(pane.key)
    slices, at = workspace.viewing.slices(index), workspace.viewing.slice_index(index)
    parts = [VIEW_WORDS[pane.view], same(series_name(workspace, pane.key))]
    if slices is not None and at is not None:
        parts.append(Words("slice {k} of {n}", "第 {k} 层，共 {n} 层").format(k=at + 1, n=slices.count))
    if series is not None:
        parts.append(series.volume.report.words)
    return Words(
        ", ".join(p.en for p in parts if p.en), "，".join(p.zh for p in parts if p.zh)
    )  # fmt: skip
