"""The log never holds what was read from a study."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

from medviewer import logs

ROOT = Path(__file__).parents[1] / "medviewer"


def _written() -> str:
    for handler in logging.getLogger("medviewer").handlers:
        handler.flush()
    from medviewer import paths

    return (paths.logs_folder() / logs.NAME).read_text(encoding="utf-8")


def test_texts_are_hashed_numbers_and_own_words_stay() -> None:
    assert logs.start() is not None
    log = logging.getLogger("medviewer.test")
    log.info("series %s has %d slices, fault %s", "MÜLLER^ANNA 1.2.840.1", 282, logs.plain("input.truncated"))
    text = _written()
    assert "MÜLLER" not in text and "1.2.840.1" not in text
    assert logs.hashed("MÜLLER^ANNA 1.2.840.1") in text
    assert "282 slices" in text and "input.truncated" in text


def test_a_path_and_a_mapping_are_hashed_too() -> None:
    logs.start()
    log = logging.getLogger("medviewer.test")
    log.warning("could not read %s", Path("/home/anna/Müller"))
    log.warning("patient %(name)s", {"name": "WANG^LI"})
    text = _written()
    assert "Müller" not in text and "WANG" not in text


def test_exceptions_are_written_without_their_message() -> None:
    logs.start()
    try:
        raise ValueError("WANG^LI in /data/wang")
    except ValueError:
        logging.getLogger("medviewer.test").exception("it failed")
    text = _written()
    assert "WANG" not in text and "wang" not in text
    assert "ValueError" in text and "test_logs.py:" in text


def test_the_log_turns_over_and_survives_a_folder_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("MEDVIEWER_HOME", str(blocked))
    assert logs.start() is None


def test_messages_are_constants() -> None:
    """A message put together by the program could carry anything past the filter."""
    names = {"debug", "info", "warning", "error", "exception", "critical"}
    wrong = []
    for file in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            is_log = isinstance(owner, ast.Name) and owner.id.lower().strip("_") in ("log", "logger")
            if (
                is_log
                and node.func.attr in names
                and not (node.args and isinstance(node.args[0], ast.Constant))
            ):
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert not wrong
