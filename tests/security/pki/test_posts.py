"""Posts as attribute certificates of one day (T-AZ-5)."""

from datetime import timedelta

import pytest

from tests.security.people import NOW
from zhengtong.kernel.errors import Invalid
from zhengtong.security.crypto import keys
from zhengtong.security.pki import attributes, queries
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate

HOUR = timedelta(hours=1)
ROLES = ("approver@organization:7", "department_head@organization:7")
BOTH = pytest.mark.parametrize("algorithm", keys.ALGORITHMS)


def why(post: bytes, holder: Certificate, at=NOW, target: str = "") -> str:
    with pytest.raises(pki.NotTrusted) as refused:
        pki.check_post(post, holder=bytes(holder.der), at=at, target=target)
    return refused.value.why


@BOTH
def test_a_post_says_what_its_holder_may_be_today(certify, algorithm):
    holder = certify(algorithm)
    post = bytes(pki.issue_post(holder=holder, roles=ROLES, at=NOW, by=None).der)
    said = pki.check_post(post, holder=bytes(holder.der), at=NOW + HOUR)
    assert set(said.roles) == set(ROLES)
    assert len(post) < 700


@BOTH
def test_wrong_holder_expired_not_yet_and_elsewhere_are_refused(certify, algorithm):
    holder, other = certify(algorithm), certify(algorithm)
    post = bytes(pki.issue_post(holder=holder, roles=ROLES, at=NOW, by=None).der)
    assert why(post, other) == "holder"
    assert why(post, holder, NOW + timedelta(hours=25)) == "expired"
    assert why(post, holder, NOW - timedelta(seconds=1)) == "future"
    here = "urn:zhengtong:system:approvals"
    aimed = bytes(pki.issue_post(holder=holder, roles=ROLES, targets=(here,), at=NOW, by=None).der)
    assert pki.check_post(aimed, holder=bytes(holder.der), at=NOW, target=here)
    assert why(aimed, holder, target="urn:zhengtong:system:exchange") == "target"
    assert why(aimed, holder) == "target"


@BOTH
def test_no_flipped_byte_and_no_other_authority_key_is_believed(certify, algorithm):
    holder = certify(algorithm)
    row = pki.issue_post(holder=holder, roles=ROLES, at=NOW, by=None)
    post, own = bytes(row.der), bytes(queries.of_purpose("attributes", algorithm).der)
    for place in range(len(post)):
        changed = bytearray(post)
        changed[place] ^= 1 << place % 8
        with pytest.raises(pki.NotTrusted):
            attributes.check(bytes(changed), holder=bytes(holder.der), authority=own, at=NOW)
    forged = attributes.sign(keys.generate(algorithm), own, bytes(holder.der), ROLES, serial=9, not_before=NOW)
    assert why(forged, holder) == "issuer"
    papers = attributes.sign(pki.signer("papers", algorithm), own, bytes(holder.der), ROLES, serial=9, not_before=NOW)
    assert why(papers, holder) == "issuer"


@BOTH
def test_without_a_valid_certificate_there_is_no_post(certify, algorithm):
    holder = certify(algorithm)
    post = bytes(pki.issue_post(holder=holder, roles=ROLES, at=NOW, by=None).der)
    pki.revoke(certificate=holder, reason="affiliation_changed", by=None, at=NOW)
    assert why(post, holder) == "revoked"
    before = Certificate.objects.count()
    with pytest.raises(pki.CannotIssue):
        pki.issue_post(holder=holder, roles=ROLES, at=NOW, by=None)
    with pytest.raises(Invalid):
        pki.issue_post(holder=certify(algorithm), roles=(), at=NOW, by=None)
    assert Certificate.objects.filter(kind="post").count() == 1
    assert Certificate.objects.count() == before + 1
