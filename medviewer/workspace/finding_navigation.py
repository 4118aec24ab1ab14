"""From finding to finding: every pane goes to the finding's own centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medviewer.core.finding import Finding, ReviewState
from medviewer.workspace import crosshair
from medviewer.workspace.commands import EditFinding, ReviewFinding

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace


def shown_findings(workspace: Workspace, key: str | None) -> list[Finding]:
    """Findings of a series that are shown, in the list's order: above the threshold, or already reviewed."""
    least = workspace.overlays.finding_threshold
    return [
        f
        for f in workspace.results.findings(key)
        if f.probability is None or f.probability >= least or f.review.state != "open"
    ]


def go_to(workspace: Workspace, key: str, finding_id: str) -> None:
    """Choose a finding and take every pane to its centre; opens its series where no pane shows it."""
    finding = workspace.results.get(key, finding_id)
    if finding is None:
        return
    if all(pane.key != key for pane in workspace.panes[: workspace.layout.count]):
        workspace.open_series(key)
    workspace.results.choose(key, finding_id)
    if finding.center_lps_mm is not None:
        crosshair.move(workspace, finding.center_lps_mm, key, center=True)


def step(workspace: Workspace, by: int) -> Finding | None:
    """The next (1) or previous (-1) finding of the series looked at, round the end; None where there is none."""
    key = workspace.active_key
    if workspace.results.chosen is not None and not workspace.results.findings(key):
        key = workspace.results.chosen[0]
    listed = shown_findings(workspace, key)
    if key is None or not listed:
        return None
    chosen = workspace.results.chosen
    at = next((n for n, f in enumerate(listed) if chosen == (key, f.id)), None)
    after = listed[(at + by) % len(listed)] if at is not None else listed[0 if by > 0 else -1]
    go_to(workspace, key, after.id)
    return after


def review(workspace: Workspace, state: ReviewState, go_on: bool = False) -> None:
    """Accept, reject or reopen the chosen finding (undoable); go_on: then to the next that is still open."""
    chosen = workspace.results.chosen
    if chosen is None or workspace.results.get(*chosen) is None:
        return
    workspace.undo.do(ReviewFinding.to(workspace.results, *chosen, state, workspace.reader))
    if not go_on:
        return
    key = chosen[0]
    listed = shown_findings(workspace, key)
    at = next((n for n, f in enumerate(listed) if f.id == chosen[1]), 0)
    after = next((f for f in listed[at + 1 :] + listed[:at] if f.review.state == "open"), None)
    if after is not None:
        go_to(workspace, key, after.id)


def edit(workspace: Workspace, key: str, finding_id: str, **changes: object) -> None:
    """Change fields of a finding (undoable)."""
    workspace.undo.do(EditFinding(workspace.results, key, finding_id, changes, workspace.reader))
