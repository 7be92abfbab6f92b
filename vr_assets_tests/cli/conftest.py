"""The terminal and the videos of test_cli, for the tests of single commands."""

from vr_assets_tests.test_cli import terminal, videos

__all__ = ["terminal", "videos"]
