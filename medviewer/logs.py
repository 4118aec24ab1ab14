"""The log file: what the program did, never on whom.

The rule holds by construction. A message is a constant; of its arguments numbers and `plain()` words (codes, names of
models, devices, stages) are written as they are, every other text becomes a short hash, so that two lines about the
same series can be told to be about the same series and nobody can tell which. Of an exception only its type and the
places in the code are written: its message may hold a path or a name.
"""

from __future__ import annotations

import hashlib
import logging
import logging.handlers
import traceback
from pathlib import Path
from typing import Any

from medviewer import paths

NAME = "medviewer.log"
_LIMIT = 1_000_000


class plain(str):
    """A word from the program itself, not from a study: it may stand in the log."""

    __slots__ = ()


def hashed(text: str) -> str:
    """Eight hexadecimal digits that stand for a text."""
    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _safe(value: Any) -> Any:
    if isinstance(value, plain | int | float | bool) or value is None:
        return value
    return hashed(str(value))


class NoPatientData(logging.Filter):
    """Lets nothing through that was read from a study."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, dict):
            record.args = {key: _safe(value) for key, value in record.args.items()}
        elif record.args:
            record.args = tuple(_safe(value) for value in record.args)
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            places = " ".join(f"{Path(f.filename).name}:{f.lineno}" for f in frames)
            record.msg, record.args = f"{record.getMessage()} | {record.exc_info[0].__name__} {places}", ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def start() -> Path | None:
    """Write the program's own log to the log folder from now on; its path, None where it can't be written."""
    log = logging.getLogger("medviewer")
    for old in [h for h in log.handlers if isinstance(h, logging.handlers.RotatingFileHandler)]:
        log.removeHandler(old)
        old.close()
    try:
        path = paths.made(paths.logs_folder()) / NAME
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LIMIT, backupCount=3, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(NoPatientData())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return path
