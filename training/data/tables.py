"""Rows of a set's CSV tables by split, and a fingerprint of the files a training reads."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

Row = dict[str, str]


class SplitError(ValueError):
    """A patient is in more than one split."""


def read_rows(path: Path, split: str | None = None) -> list[Row]:
    """Rows of the table, of one split where one is named (tables without the column: all rows)."""
    with path.open(encoding="utf-8", newline="") as file:
        return [r for r in csv.DictReader(file) if split is None or r.get("split", split) == split]


def refuse_mixed(rows: Iterable[Row], key: str) -> None:
    """Raises SplitError where one value of `key` (the patient) is in two splits."""
    of: dict[str, str] = {}
    for row in rows:
        if of.setdefault(row[key], row["split"]) != row["split"]:
            raise SplitError(f"a value of {key} is in the splits {of[row[key]]} and {row['split']}")


def fingerprint(files: Sequence[Path]) -> str:
    """SHA-256 over names and contents, in the order given."""
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.name.encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()
