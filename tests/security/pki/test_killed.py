"""Killed at random points of issuing (T-PKI-6): whatever left has its row and its fact, and no number comes twice."""

import os
import random
import select
import signal
import struct

import pytest
from django.db import connections

from tests.security.people import NOW, make_body, make_official
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.crypto import keys
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate

KILLS = 50


def issue_until_killed(out: int, user_id: int, body_id: int) -> None:
    """The child: issue, and let each certificate leave through the pipe as soon as the operation returns."""
    body = Organization.objects.get(pk=body_id)
    spki = keys.generate("sm2").spki
    os.write(out, struct.pack(">I", 0))
    while True:
        row = pki.issue_for_official(user_id=user_id, name="某人", organization=body, spki=spki, by=None, at=NOW)
        os.write(out, struct.pack(">I", len(row.der)) + bytes(row.der))


def left_before_the_kill(user_id: int, body_id: int, delay: float) -> list[bytes]:
    """Start a child, kill it `delay` seconds after it began issuing, and return the certificates that left it whole."""
    connections.close_all()
    incoming, outgoing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            issue_until_killed(outgoing, user_id, body_id)
        finally:
            os._exit(1)
    os.close(outgoing)
    os.read(incoming, 4)
    select.select([], [], [], delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    data = b""
    while chunk := os.read(incoming, 65536):
        data += chunk
    os.close(incoming)
    found = []
    while len(data) >= 4:
        (size,) = struct.unpack(">I", data[:4])
        if len(data) >= 4 + size:
            found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_fifty_kills_leave_no_certificate_without_row_and_fact():
    root = Organization.objects.create(code="county", name="双峰县人民政府", kind=Organization.COUNTY)
    root.path = f"/{root.pk}/"
    root.save()
    body = make_body(root, "office", "县政务服务中心")
    user = make_official(organization=body)
    pki.hold_ceremony(plan=pki.builtin_ceremony(), at=NOW)
    chance, left = random.Random(6), []
    for _n in range(KILLS):
        left += left_before_the_kill(user.pk, body.pk, chance.uniform(0, 0.02))
    logged = {bytes(der) for der in Certificate.objects.filter(kind="official").values_list("der", flat=True)}
    assert left
    assert set(left) <= logged
    assert len(left) == len(set(left))
    serials = list(Certificate.objects.values_list("serial", flat=True))
    facts = OutboxEvent.objects.filter(name="pki.CertificateIssued").values_list("payload", flat=True)
    assert sorted(fact["serial"] for fact in facts) == sorted(serials)
    assert len(serials) == len(set(serials))
