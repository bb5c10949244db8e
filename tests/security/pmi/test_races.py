"""T-AZ-8: two signatures at the same moment have one effect, and neither is the grantor's own."""

import threading
from typing import Any

import pytest
from django.db import connection, connections

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.pmi import public as pmi
from zhengtong.security.pmi.models import RoleGrant

from ..people import NOW, TODAY, make_official

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60


def at_once(grant: RoleGrant, people: list[Any]) -> list[Any]:
    """Everybody confirms, each on a connection of their own, all begun together; what became of each."""
    together, results = threading.Barrier(len(people)), [None] * len(people)

    def confirm(number: int) -> None:
        try:
            connection.ensure_connection()
            mine = RoleGrant.objects.get(pk=grant.pk)
            together.wait(PATIENCE_SECONDS)
            pmi.confirm_grant(grant=mine, by=people[number].pk, at=NOW)
        except ZhengtongError as refusal:
            results[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=confirm, args=(number,)) for number in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    return results


def test_two_confirm_at_the_same_moment(county, official):
    chiefs = [make_official(f"chief{n}") for n in range(3)]
    for chief in chiefs:
        pmi.grant_role(
            user=chief,
            role="county_office",
            organization=county,
            include_subtree=True,
            valid_from=TODAY,
            by=None,
            at=NOW,
        )
    grantor, *others = chiefs
    grant = pmi.grant_role(user=official, role="auditor", organization=county, valid_from=TODAY, by=grantor.pk, at=NOW)
    results = at_once(grant, [*others, grantor])
    grant.refresh_from_db()
    assert sum(result is None for result in results[:2]) == 1
    assert results[2] is not None, "who granted cannot be the second pair of eyes"
    assert grant.confirmed_by in others
    assert OutboxEvent.objects.filter(name="pmi.GrantConfirmed").count() == 1
