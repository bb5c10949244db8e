"""Keys belong to one test: what a rolled back or flushed database held is forgotten."""

from collections.abc import Iterator

import pytest

from zhengtong.security.vault import ring


@pytest.fixture(autouse=True)
def _own_keys() -> Iterator[None]:
    ring.forget()
    yield
    ring.forget()
