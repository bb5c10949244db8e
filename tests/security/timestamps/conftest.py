"""The service of a county whose keys were made, with a time source that a test can silence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.utils import timezone

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.security.pki import public as pki
from zhengtong.security.timestamps import operations
from zhengtong.security.timestamps.authority import authority


@pytest.fixture(autouse=True)
def batches_of_its_own(monkeypatch):
    """The service alone: without the audit log, whose checkpoints would cover every event."""
    monkeypatch.delitem(operations.STAMPERS, "audit", raising=False)


@pytest.fixture
def source(tmp_path) -> Path:
    """The file that a receiver of radio time touches; it is fresh."""
    path = tmp_path / "receiver"
    path.write_text("0.01")
    return path


@pytest.fixture(scope="session")
def kept_keys(tmp_path_factory) -> Path:
    """A folder in which the keys of the first ceremony stay: a later one finds them and issues certificates only."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def keys_made(settings, tmp_path, kept_keys, db) -> Iterator[None]:
    """The part of the demo county's ceremony that stamps need, held a year ago; its revocation lists are of today."""
    settings.DATA = tmp_path
    (tmp_path / "keys").symlink_to(kept_keys)
    pki.forget()
    whole = pki.builtin_ceremony()
    authorities = tuple(one for one in whole.authorities if one.key == "services")
    purposes = tuple(one for one in whole.purposes if one.key == "timestamps")
    pki.hold_ceremony(
        plan=replace(whole, authorities=authorities, purposes=purposes), at=timezone.now() - timedelta(days=365)
    )
    pki.publish_lists(at=timezone.now())
    OutboxEvent.objects.all().delete()  # the facts of the ceremony are not what is tested here
    yield
    pki.forget()


@pytest.fixture
def root_pem(keys_made) -> bytes:
    """The county's P-256 root, as a foreign program reads it."""
    root = pki.chain("timestamps", "p256")[-1]
    return x509.load_der_x509_certificate(root).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def service(source, settings, tmp_path, keys_made):
    """The service with a clock record of its own, watched by `source`."""
    settings.TIMESTAMPS = {**settings.TIMESTAMPS, "source": f"file:{source}", "source_lost_s": 0}
    authority.cache_clear()
    yield
    authority.cache_clear()
