"""The page on which keys are renewed: who sees it, who asks, who confirms."""

import re

import pytest
from django.test import Client

from tests.security.people import NOW, TODAY, make_official
from zhengtong.security.pki.models import Certificate
from zhengtong.security.pmi import public as pmi


@pytest.fixture
def posts(county, office, signed_in):
    """`posts("auditor")`: a client signed in as an official with this post at the county."""

    def browser_of(role: str) -> Client:
        user = make_official(role, role, organization=office)
        pmi.grant_role(
            user=user, role=role, organization=county, by=None, at=NOW, valid_from=TODAY, include_subtree=True
        )
        return signed_in(user)

    return browser_of


def number_in(page: str) -> str:
    """The number of the one renewal that is open."""
    return re.search(r"/pki/keys/renew/(\d+)/", page)[1]


def test_the_administrator_asks_and_the_auditor_confirms(ceremony, posts):
    first, second = posts("security_admin"), posts("auditor")
    page = first.get("/pki/keys/").content.decode()
    assert "双峰县审计检查点" in page
    assert "提出换发" in page
    assert "提出换发" not in second.get("/pki/keys/").content.decode()
    assert second.post("/pki/keys/renew/", {"what": "purpose:audit"}).status_code == 403
    assert first.post("/pki/keys/renew/", {"what": "purpose:audit"}).status_code == 302
    assert "撤回" in first.get("/pki/keys/").content.decode()
    page = second.get("/pki/keys/").content.decode()
    number = number_in(page)
    assert first.post(f"/pki/keys/renew/{number}/confirm/").status_code == 403
    assert Certificate.objects.filter(purpose="audit").count() == 2
    assert second.post(f"/pki/keys/renew/{number}/confirm/").status_code == 302
    assert Certificate.objects.filter(purpose="audit").count() == 4
    assert "以前的证书，用于核验" in first.get("/pki/keys/").content.decode()


def test_what_is_asked_can_be_taken_back(ceremony, posts):
    first = posts("security_admin")
    first.post("/pki/keys/renew/", {"what": "authority:nodes"})
    number = number_in(first.get("/pki/keys/").content.decode())
    assert first.post(f"/pki/keys/renew/{number}/withdraw/").status_code == 302
    assert "撤回" not in first.get("/pki/keys/").content.decode().partition("<table")[2]


def test_others_do_not_see_it(ceremony, posts):
    assert posts("system_admin").get("/pki/keys/").status_code == 403
