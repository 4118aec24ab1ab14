"""One line of the budget, and how two ways of doing the same thing are timed side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`ratio` is ours / peer; `value` stands alone where there is no peer; both null with `note` as the reason."""

    id: str
    line: str
    ours: float | None = None
    peer: float | None = None
    ratio: float | None = None
    value: float | None = None
    unit: str = "s"
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Absent(Exception):
    """Why a line can't be measured here: a missing peer, package or display."""


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def side_by_side(
    id: str,
    line: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    repeats: int = 5,
    inner: int = 1,
) -> Row:
    """Run both in turn, `repeats` times after one warm-up each; medians of the time for one of `inner` calls."""

    def many(call: Callable[[], object]) -> float:
        def loop() -> None:
            for _ in range(inner):
                call()

        return seconds(loop) / inner

    ours(), peer()
    mine, theirs = [], []
    for _ in range(repeats):
        mine.append(many(ours))
        theirs.append(many(peer))
    a, b = statistics.median(mine), statistics.median(theirs)
    return Row(id, line, ours=a, peer=b, ratio=a / b)
