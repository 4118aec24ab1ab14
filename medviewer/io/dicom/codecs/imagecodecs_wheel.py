"""Whether imagecodecs, which decodes without holding Python's lock, can be imported."""

from __future__ import annotations

import importlib.util


def is_available() -> bool:
    return importlib.util.find_spec("imagecodecs") is not None


def reason() -> str:
    return "" if is_available() else "the package imagecodecs is missing"
