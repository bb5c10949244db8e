"""Fixtures of the security group."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.utils import timezone

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.accounts.models import User
from zhengtong.security.pki import public as pki
from zhengtong.security.timestamps.authority import authority

from .people import NOW, make_body, make_official, make_resident


@pytest.fixture
def at() -> datetime:
    return NOW


@pytest.fixture
def resident(db) -> User:
    return make_resident()


@pytest.fixture
def neighbour(db) -> User:
    return make_resident(serial=2, name="赵敏")


@pytest.fixture
def county(db) -> Organization:
    root = Organization.objects.create(code="county", name="双峰县人民政府", kind=Organization.COUNTY)
    root.path = f"/{root.pk}/"
    root.save()
    return root


@pytest.fixture
def office(county) -> Organization:
    return make_body(county, "office", "县政务服务中心")


@pytest.fixture
def health(county) -> Organization:
    return make_body(county, "health", "县卫生健康局")


@pytest.fixture
def official(office) -> User:
    return make_official(organization=office)


@pytest.fixture
def ceremony(db) -> pki.Plan:
    """The county's keys and authorities by the shipped document, both algorithms; the keys lie in the test's data folder."""
    plan = pki.builtin_ceremony()
    pki.hold_ceremony(plan=plan, at=NOW)
    return plan


# --- the stamp service of a county whose keys were made, with a time source that a test can silence ---


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
