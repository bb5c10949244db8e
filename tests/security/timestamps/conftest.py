"""The service of a county whose keys were made, with a time source that a test can silence."""

from pathlib import Path

import pytest

from zhengtong.security.timestamps.authority import authority


@pytest.fixture
def source(tmp_path) -> Path:
    """The file that a receiver of radio time touches; it is fresh."""
    path = tmp_path / "receiver"
    path.write_text("0.01")
    return path


@pytest.fixture
def service(source, settings, tmp_path, keys_made):
    """The service with a clock record of its own, watched by `source`."""
    settings.DATA = tmp_path
    settings.TIMESTAMPS = {**settings.TIMESTAMPS, "source": f"file:{source}", "source_lost_s": 0}
    authority.cache_clear()
    yield
    authority.cache_clear()
