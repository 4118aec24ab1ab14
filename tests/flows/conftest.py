from tests.window_fixtures import open_window

__all__ = ["open_window"]
