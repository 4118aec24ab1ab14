"""What the person made survives a crash: one JSON line for each change, appended at once.

A line that a crash cut off is passed over. At the start the journal is read and written anew, shortened to
what holds. It holds series keys and coordinates, no patient data.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medviewer import paths
from medviewer.core.finding import Review
from medviewer.core.measurement import Measurement

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

_log = logging.getLogger(__name__)
FILE = "session.jsonl"


@dataclass
class Kept:
    """What a journal says when it is read to its end."""

    marks: dict[str, Measurement] = field(default_factory=dict)
    reviews: dict[tuple[str, str], Review] = field(default_factory=dict)
    edits: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    session: dict[str, Any] | None = None
    clean: bool = True
    """Whether the last session ended as it should."""


class Journal:
    """Listens to a workspace and appends what changes; `restore` first brings back what was kept."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or paths.journal_folder() / FILE
        self._known: dict[str, dict[str, dict[str, Any]]] = {}
        self._reviews: dict[tuple[str, str], dict[str, Any]] = {}
        self._session: dict[str, Any] | None = None
        self.fault: OSError | None = None
        """Why the last line could not be written, else None."""

    def restore(self, workspace: Workspace) -> Kept:
        """Put back marks and reviews, and from now on write down what changes. Returns what was kept; its
        `session` is for `session.restore`."""
        kept = read(self.file)
        workspace.marks.restore(kept.marks.values())
        for (key, finding_id), edits in kept.edits.items():
            workspace.results.put_edits(key, finding_id, edits)
        for (key, finding_id), review in kept.reviews.items():
            workspace.results.put_review(key, finding_id, review)
        self._session = kept.session
        self._rewrite(kept)
        for mark in kept.marks.values():
            self._known.setdefault(mark.series_key, {})[mark.id] = mark_to_json(mark)
        self._reviews = {
            (key, finding_id): _review_record(key, finding_id, workspace)
            for key, finding_id in {*kept.reviews, *kept.edits}
        }
        workspace.marks.changed.connect(lambda key: self._marks_changed(workspace, key))
        workspace.results.changed.connect(lambda key: self._reviews_changed(workspace, key))
        return kept

    def keep_session(self, session: dict[str, Any]) -> None:
        """Which studies are open and how they are looked at; written only where it is new."""
        if session != self._session:
            self._session = session
            self._append({"do": "session", "session": session}, sure=False)

    def close(self) -> None:
        """The session ends as it should."""
        self._append({"do": "end"})

    def _marks_changed(self, workspace: Workspace, key: str) -> None:
        before = self._known.get(key, {})
        now = {mark.id: mark_to_json(mark) for mark in workspace.marks.of(key)}
        for mark_id, record in now.items():
            if before.get(mark_id) != record:
                self._append({"do": "mark", "mark": record})
        for mark_id in before.keys() - now.keys():
            self._append({"do": "unmark", "id": mark_id})
        self._known[key] = now

    def _reviews_changed(self, workspace: Workspace, key: str) -> None:
        for finding in workspace.results.findings(key):
            place = (key, finding.id)
            record = _review_record(key, finding.id, workspace)
            before = self._reviews.get(place)
            if record != before and (before is not None or finding.review.state != "open"):
                self._reviews[place] = record
                self._append(record)

    def _append(self, record: dict[str, Any], sure: bool = True) -> None:
        """sure: wait until the disk has it, so that even a power cut loses nothing."""
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            paths.made(self.file.parent)
            handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, line.encode())
                if sure:
                    os.fsync(handle)
            finally:
                os.close(handle)
            self.fault = None
        except OSError as fault:
            self.fault = fault
            _log.warning("journal not written: %s", fault.strerror)

    def _rewrite(self, kept: Kept) -> None:
        records: list[dict[str, Any]] = [{"do": "mark", "mark": mark_to_json(m)} for m in kept.marks.values()]
        records += [
            {"do": "review", "key": key, "id": finding_id, "review": _review_to_json(review),
             "edits": kept.edits.get((key, finding_id), {})}
            for (key, finding_id), review in kept.reviews.items()
        ]  # fmt: skip
        if kept.session is not None:
            records.append({"do": "session", "session": kept.session})
        try:
            paths.made(self.file.parent)
            fresh = self.file.with_suffix(".new")
            text = "".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records)
            fresh.write_text(text, encoding="utf-8")
            fresh.chmod(0o600)
            fresh.replace(self.file)
        except OSError as fault:
            self.fault = fault
            _log.warning("journal not shortened: %s", fault.strerror)


def read(file: Path) -> Kept:
    """What a journal holds; an absent file holds nothing, broken lines are passed over."""
    kept = Kept()
    for record in _records(file):
        kept.clean = record.get("do") == "end"
        try:
            _take(kept, record)
        except (KeyError, TypeError, ValueError):
            _log.warning("journal: a line was passed over")
    return kept


def _records(file: Path) -> Iterator[dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def _take(kept: Kept, record: dict[str, Any]) -> None:
    match record.get("do"):
        case "mark":
            mark = mark_from_json(record["mark"])
            kept.marks[mark.id] = mark
        case "unmark":
            kept.marks.pop(record["id"], None)
        case "review":
            place = (str(record["key"]), str(record["id"]))
            told = record["review"]
            when = datetime.fromisoformat(told["when"]) if told.get("when") else None
            kept.reviews[place] = Review(told["state"], told.get("by", ""), when)
            kept.edits[place] = dict(record.get("edits") or {})
        case "session":
            kept.session = dict(record["session"])


def mark_to_json(mark: Measurement) -> dict[str, Any]:
    return {
        "id": mark.id, "kind": mark.kind, "key": mark.series_key, "unit": mark.unit,
        "points": mark.points.tolist(), "normal": None if mark.normal is None else mark.normal.tolist(),
        "statistics": mark.statistics,
    }  # fmt: skip


def mark_from_json(told: dict[str, Any]) -> Measurement:
    """Raises KeyError, TypeError or ValueError for what is no mark."""
    points = np.array(told["points"], float)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ValueError("not points")
    if told["kind"] not in ("length", "angle", "ellipse", "probe") or told["unit"] not in ("mm", "px"):
        raise ValueError("not a mark")
    normal = None if told.get("normal") is None else np.array(told["normal"], float)
    return Measurement(
        told["kind"], points, str(told["key"]), told["unit"], normal, dict(told.get("statistics") or {}),
        str(told["id"]),
    )  # fmt: skip


def _review_to_json(review: Review) -> dict[str, Any]:
    when = review.when.isoformat() if review.when else None
    return {"state": review.state, "by": review.by, "when": when}


def _review_record(key: str, finding_id: str, workspace: Workspace) -> dict[str, Any]:
    results = workspace.results
    return {
        "do": "review", "key": key, "id": finding_id,
        "review": _review_to_json(results.review_of(key, finding_id)),
        "edits": results.edits_of(key, finding_id),
    }  # fmt: skip
