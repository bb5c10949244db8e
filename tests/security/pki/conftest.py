"""What tests of certificates share: a key of one's own, and files for foreign programs."""

import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.security.people import NOW
from zhengtong.security.crypto import keys
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the system's openssl in the test's folder; bytes given by name are written there first."""

    def run(*arguments: str, **files: bytes) -> subprocess.CompletedProcess[str]:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        return subprocess.run(
            ["openssl", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
        )

    return run


@pytest.fixture
def certify(ceremony, official, office) -> Callable[..., Certificate]:
    """`certify("sm2")`: a certificate for the official, with a key that only the test has."""

    def issue(algorithm: keys.Algorithm = "p256", *, at: datetime = NOW) -> Certificate:
        return pki.issue_for_official(
            user_id=official.pk,
            name=official.display_name,
            organization=office,
            spki=keys.generate(algorithm).spki,
            by=None,
            at=at,
        )

    return issue
