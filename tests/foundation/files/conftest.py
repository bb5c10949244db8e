"""A store of its own for every test."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from zhengtong.foundation.files import public as files

Receive = Callable[..., files.Attachment]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any) -> Path:
    """FILES_ROOT of this test."""
    settings.FILES_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def receive(db: None, now: datetime) -> Receive:
    """Receive `content` under `name` for thing 1."""

    def run(name: str, content: bytes, **more: Any) -> files.Attachment:
        upload = more.pop("upload", None) or SimpleUploadedFile(name, content)
        return files.receive(**{"upload": upload, "owner_kind": "thing", "owner_id": 1, "by": None, "at": now, **more})

    return run


def on_disk(store: Path) -> list[Path]:
    """Every file of the store, the waiting room included."""
    return [path for path in store.rglob("*") if path.is_file()]
