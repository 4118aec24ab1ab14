"""Fixtures that tests of the command line share with those of the layers below."""

from tests.inference.conftest import package_copy

__all__ = ["package_copy"]
