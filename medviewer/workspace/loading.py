"""Loading a series into the workspace from a job's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medviewer.core.errors import Cancelled, MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.io.study import SeriesInfo

if TYPE_CHECKING:
    from medviewer.workspace.workspace import Workspace

CallSoon = Callable[[Callable[[], None]], None]


def load_work(
    workspace: Workspace, series: SeriesInfo, call_soon: CallSoon, first_slice: int | None = None
) -> Callable[[Progress], None]:
    """Work for a job that fills the workspace's volume of a series; slices can be looked at as they arrive.

    call_soon(f) has to run f on the workspace's own thread. The fault is put into the pane and raised again.
    """

    def work(progress: Progress) -> None:
        from medviewer.io.load import open_progressive

        key = series.key
        try:
            first = first_slice if first_slice is not None and first_slice >= 0 else series.size[2] // 2
            loading = open_progressive(series, first)
            call_soon(lambda: workspace.add_volume(key, loading.volume, loading.loaded))
            loading.run(progress)
        except Cancelled:
            call_soon(lambda: workspace.close_series(key))
            raise
        except MedViewerError as fault:
            told = fault
            call_soon(lambda: workspace.finish_volume(key, told))
            raise
        except MemoryError as fault:
            full = MedViewerError(
                "resource.memory",
                Words("This series does not fit into memory.", "内存不足，无法载入该序列。"),
            )
            call_soon(lambda: workspace.finish_volume(key, full))
            raise full from fault
        call_soon(lambda: workspace.finish_volume(key))

    return work
