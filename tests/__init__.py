"""Tests mirror src: tests/<group>/<app>/test_<file>.py. Shared makers are in `tests.factories`, fixtures in conftest.py."""
