"""Words for people, always in both languages of the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Words:
    """One text in English and Simplified Chinese.

    Both stand side by side in the code, so that neither can be forgotten; `str()` gives English.
    """

    en: str
    zh: str

    def text(self, language: Language = "en") -> str:
        """The text in that language."""
        return self.zh if language == "zh" else self.en

    def format(self, **values: object) -> Words:
        """Both texts with `{name}` filled in; a value that is itself `Words` is filled in by language."""

        def filled(language: Language) -> str:
            told = {k: v.text(language) if isinstance(v, Words) else v for k, v in values.items()}
            return self.text(language).format(**told)

        return Words(filled("en"), filled("zh"))

    def __str__(self) -> str:
        return self.en


def same(text: str) -> Words:
    """A text that reads alike in both languages: a name, a unit, a number."""
    return Words(text, text)


NOT_FOR_DIAGNOSIS = Words("Research and teaching only – not for diagnosis", "仅供科研与教学，不用于临床诊断")
