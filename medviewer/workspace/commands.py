"""Changes of data that can be taken back: marks and reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medviewer.core.finding import Review, ReviewState
from medviewer.core.measurement import Measurement
from medviewer.core.words import Words
from medviewer.workspace.marks import MARK_WORDS, MarkStore
from medviewer.workspace.results import ResultStore

REVIEW_WORDS: dict[ReviewState, Words] = {
    "accepted": Words("accept", "接受"),
    "rejected": Words("reject", "拒绝"),
    "edited": Words("edit", "修改"),
    "open": Words("reopen", "重新打开"),
}


@dataclass(eq=False)
class AddMark:
    marks: MarkStore
    mark: Measurement

    @property
    def name(self) -> Words:
        return MARK_WORDS[self.mark.kind]

    def do(self) -> None:
        self.marks.put(self.mark)
        self.marks.select(self.mark.id)

    def undo(self) -> None:
        self.marks.drop(self.mark)


@dataclass(eq=False)
class ChangeMark:
    """A mark moved or reshaped."""

    marks: MarkStore
    before: Measurement
    after: Measurement

    @property
    def name(self) -> Words:
        return Words("move {what}", "移动{what}").format(what=MARK_WORDS[self.after.kind])

    def do(self) -> None:
        self.marks.put(self.after)

    def undo(self) -> None:
        self.marks.put(self.before)


@dataclass(eq=False)
class DeleteMark:
    marks: MarkStore
    mark: Measurement

    @property
    def name(self) -> Words:
        return Words("delete {what}", "删除{what}").format(what=MARK_WORDS[self.mark.kind])

    def do(self) -> None:
        self.marks.drop(self.mark)

    def undo(self) -> None:
        self.marks.put(self.mark)


@dataclass(eq=False)
class ReviewFinding:
    """Accept, reject or reopen a finding."""

    results: ResultStore
    key: str
    finding_id: str
    after: Review
    before: Review

    @classmethod
    def to(
        cls, results: ResultStore, key: str, finding_id: str, state: ReviewState, by: str = ""
    ) -> ReviewFinding:
        after = Review(state, by, datetime.now().astimezone())
        return cls(results, key, finding_id, after, results.review_of(key, finding_id))

    @property
    def name(self) -> Words:
        return REVIEW_WORDS[self.after.state]

    def do(self) -> None:
        self.results.put_review(self.key, self.finding_id, self.after)

    def undo(self) -> None:
        self.results.put_review(self.key, self.finding_id, self.before)


class EditFinding:
    """Change fields of a finding (label, diameter_mm); it then says that a person edited it."""

    name = REVIEW_WORDS["edited"]

    def __init__(
        self, results: ResultStore, key: str, finding_id: str, changes: Mapping[str, Any], by: str = ""
    ) -> None:
        self._results, self._key, self._id = results, key, finding_id
        self._before = results.edits_of(key, finding_id)
        self._after = {**self._before, **changes}
        self._review = ReviewFinding.to(results, key, finding_id, "edited", by)

    def do(self) -> None:
        self._results.put_edits(self._key, self._id, self._after)
        self._review.do()

    def undo(self) -> None:
        self._results.put_edits(self._key, self._id, self._before)
        self._review.undo()
