"""Fixtures for all tests: a home of their own, and the real studies where they are at hand."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("medviewer", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("medviewer")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of what a test keeps reaches the person's own folders."""
    home = tmp_path_factory.mktemp("medviewer_home")
    monkeypatch.setenv("MEDVIEWER_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real studies, beside the project or named by MEDVIEWER_TEST_DATA; skips loudly without it."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MEDVIEWER_TEST_DATA", beside))
    if not folder.is_dir():
        warnings.warn(f"no real studies at {folder}: their tests are skipped", stacklevel=1)
        pytest.skip(f"no real studies at {folder} (set MEDVIEWER_TEST_DATA)")
    return folder
