"""`python -m benchmarks [--only ID …] [--json FILE]` prints the budget table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import lines_drag, lines_imaging, lines_inference, lines_loading, lines_program
from benchmarks.rows import Absent, Row
from benchmarks.series import Scratch

LINES = {
    **lines_loading.LINES,
    **lines_imaging.LINES,
    **lines_drag.LINES,
    **lines_inference.LINES,
    **lines_program.LINES,
}


def measured(scratch: Scratch, wanted: list[str]) -> list[Row]:
    rows = []
    for id, (line, call) in LINES.items():
        if wanted and id not in wanted:
            continue
        try:
            row = call(scratch, id, line)
        except Absent as why:
            row = Row(id, line, note=str(why))
        rows.append(row)
        print(told(row), flush=True)
    return rows


def told(row: Row) -> str:
    def number(x: float | None) -> str:
        return "–" if x is None else f"{x:.4g}"

    figure = f"ratio {number(row.ratio)}" if row.ratio is not None else f"{number(row.value)} {row.unit}"
    return f"{row.id:20s} {figure:18s} ours {number(row.ours):8s} peer {number(row.peer):8s} {row.line}" + (
        f"  ({row.note})" if row.note else ""
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="ID", choices=sorted(LINES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    with Scratch() as scratch:
        rows = measured(scratch, options.only)
    if options.json:
        options.json.write_text(
            json.dumps([r.as_json() for r in rows], indent=1, ensure_ascii=False), encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
