"""Pages of the security administrator, and what programs fetch without signing in."""

import hashlib

import pytest
from django.test import Client

from tests.security.people import NOW, make_official
from zhengtong.security.crypto import keys
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import RevocationList
from zhengtong.security.pmi import public as pmi


@pytest.fixture
def keeper(county, office, signed_in) -> Client:
    user = make_official(organization=office, username="keeper")
    pmi.grant_role(
        user=user,
        role="security_admin",
        organization=county,
        by=None,
        at=NOW,
        valid_from=NOW.date(),
        include_subtree=True,
    )
    return signed_in(user)


def test_the_security_administrator_finds_reads_and_revokes_a_certificate(keeper, certify):
    row = certify("sm2")
    listed = keeper.get("/pki/certificates/", {"q": row.serial[:12]}).content.decode()
    assert f"/pki/certificates/{row.serial}/" in listed
    page = keeper.get(f"/pki/certificates/{row.serial}/").content.decode()
    assert "国密算法" in page
    assert "非电子政务电子认证服务" in page
    refused = keeper.post(f"/pki/certificates/{row.serial}/revoke/", {"reason": ""})
    assert refused.status_code == 422
    row.refresh_from_db()
    assert row.revoked_at is None
    done = keeper.post(f"/pki/certificates/{row.serial}/revoke/", {"reason": "superseded"}, follow=True)
    assert "证书已吊销" in done.content.decode()
    row.refresh_from_db()
    assert row.reason == "superseded"
    assert row.revoked_by.username == "keeper"
    again = keeper.post(f"/pki/certificates/{row.serial}/revoke/", {"reason": "cessation"})
    assert again.status_code == 422
    assert keeper.get("/pki/certificates/" + "0" * 32 + "/").status_code == 404


def test_authorities_are_listed_with_expiry_witnesses_and_the_open_slot(keeper, ceremony):
    page = keeper.get("/pki/").content.decode()
    assert "双峰县内部根 SM2" in page
    assert "林静" in page
    assert "没有接入" in page


def test_before_the_ceremony_the_page_says_what_to_do(keeper):
    assert "zhengtong pki ceremony" in keeper.get("/pki/").content.decode()


@pytest.mark.parametrize("address", ["/pki/", "/pki/certificates/"])
def test_nobody_else_sees_them(address, official, resident, signed_in, client):
    assert signed_in(official).get(address).status_code == 403
    assert signed_in(resident).get(address).status_code == 403
    assert client.get(address).status_code in (302, 403)


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_programs_fetch_lists_authorities_and_the_trust_list(ceremony, client, algorithm):
    published = client.get(f"/pki/crl/officials-{algorithm}-2.crl")
    assert published.headers["Content-Type"] == "application/pkix-crl"
    row = RevocationList.objects.get(authority__name="officials", authority__algorithm=algorithm, shard=2)
    assert published.content == bytes(row.der)
    trust = client.get("/pki/trust.json").json()
    assert trust["notice"] == "内部证书，非电子政务电子认证服务"
    root = next(one for one in trust["authorities"] if one["name"] == f"root-{algorithm}")
    fetched = client.get(f"/pki/ca/root-{algorithm}.cer")
    assert hashlib.sha256(fetched.content).hexdigest() == root["sha256"]
    assert fetched.content == pki.chain("papers", algorithm)[-1]


def test_what_is_not_there_is_not_found(ceremony, client):
    for address in (
        "/pki/crl/officials-p256-99.crl",
        "/pki/crl/x.crl",
        "/pki/crl/a-b-c.crl",
        "/pki/ca/nobody-p256.cer",
    ):
        assert client.get(address).status_code == 404
