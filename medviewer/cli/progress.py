"""Progress on stderr: a bar where it is a terminal, silence where it is not; Ctrl-C cancels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from medviewer.core.jobs import Progress
from medviewer.core.words import Words


@contextmanager
def shown(progress: Progress | None = None) -> Iterator[Progress]:
    """Show a piece of work while the block runs; gives the Progress to hand to the work."""
    progress = progress or Progress()
    if not sys.stderr.isatty():
        yield progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def listen(state: Progress) -> None:
            text = state.words.en if state.words else ""
            bar.update(task, completed=state.done, total=state.total or None, description=text)

        progress.listen(listen)
        yield progress


def say(notes: list[Words]) -> None:
    """Notes of the work, one a line, on stderr."""
    for note in notes:
        print(note.en, file=sys.stderr)
