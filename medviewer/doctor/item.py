"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medviewer.core.words import Language, Words

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Item:
    """What was looked at (`key`, the same in every language), how it is, and what puts it right."""

    key: str
    title: Words
    state: State
    detail: Words
    fix: Words | None = None

    def as_json(self, language: Language = "en") -> dict[str, str | None]:
        """The row that `medviewer doctor --json` prints (resources/schemas/doctor.schema.json)."""
        return {
            "item": self.key,
            "state": self.state,
            "detail": self.detail.text(language),
            "fix": self.fix.text(language) if self.fix else None,
        }
