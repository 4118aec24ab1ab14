"""The one error that reaches a person, and what the command line returns for it."""

from __future__ import annotations

from medviewer.core.words import Words, same

EXIT_CODES = {"usage": 2, "input": 3, "fit": 4, "package": 5, "resource": 6, "cancelled": 7}
"""Exit code of the command line by the first part of an error's code; anything else is unexpected (1)."""


class MedViewerError(Exception):
    """A fault that a person can understand: one sentence, and what to do next.

    code:     dotted, its first part one of EXIT_CODES ("input.truncated", "package.pickle", "fit.modality").
    sentence: what is wrong, in both languages, at most 300 characters, never a patient's name or identifier.
    hint:     the next step, or None.
    detail:   technical text for the log and the details view; no patient data either.
    """

    def __init__(self, code: str, sentence: Words | str, hint: Words | None = None, detail: str = "") -> None:
        self.code = code
        self.sentence = same(sentence) if isinstance(sentence, str) else sentence
        self.hint = hint
        self.detail = detail
        super().__init__(f"{code}: {self.sentence.en}")

    @property
    def exit_code(self) -> int:
        return EXIT_CODES.get(self.code.partition(".")[0], 1)


class Cancelled(MedViewerError):
    """Raised inside a job at the place where it noticed that it was cancelled."""

    def __init__(self) -> None:
        super().__init__("cancelled", Words("Cancelled.", "已取消。"))
