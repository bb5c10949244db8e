"""Authority and the vault: decisions over a county full of officials, and a million sealed rows turned over while others read.

The decisions are those of the product's one service, asked as pages ask it: with a person fresh from the database, whose grants
the first decision reads and the others of the request know.
"""

import time
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

from benchmarks import _county, _vault

OFFICIALS, A_REQUEST, ROUNDS = 2_000, 30, 3
DAY = date(2026, 9, 21)
Question = tuple[str, Any]


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`decision_p99_ms`: of every decision of 2,000 requests by as many officials with 30 decisions each, the reading of grants
    included; `first_decision_p99_ms` of those that read alone. `decisions_per_second`: of processor, the grants being known;
    `decisions_per_second_with_reading` with their share of the reading. Then the figures of the vault.
    """
    _county.prepare(progress, matters=frozenset())
    return {**_decisions(_requests(progress), progress), **_vault.figures(progress)}


def _requests(progress: Callable[..., None]) -> list[tuple[Any, list[Question]]]:
    """Officials of every body, each with a few of the posts that may be held together, and what their pages ask: two questions in
    three within their posts, the rest anything anywhere.
    """
    from django.db import transaction

    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.security.accounts.models import User
    from zhengtong.security.pmi.models import RoleGrant
    from zhengtong.security.pmi.policy import CONFLICTS, PERMISSIONS, ROLES

    rng = Random(431321)  # noqa: S311 - the same county every time
    bodies, permissions = list(Organization.objects.order_by("pk")), sorted(PERMISSIONS)
    common = sorted(set(ROLES) - {role for pair in CONFLICTS for role in pair})

    def grants(one: User) -> list[RoleGrant]:
        ends = [None, None, date(2026, 12, 31), date(2026, 6, 30)]
        return [
            RoleGrant(
                user=one,
                role=role,
                organization=rng.choice(bodies),
                include_subtree=rng.random() < 0.2,
                valid_from=date(2026, 1, 1),
                valid_until=rng.choice(ends),
            )
            for role in rng.sample(common, rng.choice([1, 1, 2, 3]))
        ]

    def questions(held: list[RoleGrant]) -> list[Question]:
        mine = [(permission, one.organization) for one in held for permission in sorted(one.permissions)]
        anything = [(rng.choice(permissions), rng.choice([None, *bodies])) for _n in range(A_REQUEST)]
        return [rng.choice(mine) if rng.random() < 2 / 3 else one for one in anything]

    with transaction.atomic():
        words = {"kind": User.OFFICIAL, "display_name": "测试"}
        people = User.objects.bulk_create([User(username=f"bench.{n}", **words) for n in range(OFFICIALS)])
        held = [grants(one) for one in people]
        RoleGrant.objects.bulk_create([one for some in held for one in some])
    progress(f"{len(people):,} officials with {sum(map(len, held)):,} grants at {len(bodies)} bodies")
    fresh = User.objects.in_bulk([one.pk for one in people])
    return [(fresh[one.pk], questions(some)) for one, some in zip(people, held, strict=True)]


def _decisions(requests: list[tuple[Any, list[Question]]], progress: Callable[..., None]) -> dict[str, float]:
    from zhengtong.security.pmi import public as pmi

    first_of_all, asked = requests.pop(0)  # the statement is compiled once per process
    pmi.decide(first_of_all, *asked[0], at=DAY)
    times, allowed = [], 0
    for person, questions in requests:
        for action, body in questions:
            began = time.perf_counter()
            decision = pmi.decide(person, action, body, at=DAY)
            times.append(1000 * (time.perf_counter() - began))
            allowed += decision.allowed
    figures = {
        "decision_p99_ms": _p99(times),
        "first_decision_p99_ms": _p99(times[::A_REQUEST]),
        "decisions_per_second": _rate(requests, reading=False),
        "decisions_per_second_with_reading": _rate(requests, reading=True),
        "decisions_allowed_share": round(allowed / len(times), 3),
    }
    for name, value in figures.items():
        progress(f"{name}: {value:,}")
    return figures


def _p99(times: list[float]) -> float:
    return round(sorted(times)[int(0.99 * len(times))], 3)


def _rate(requests: list[tuple[Any, list[Question]]], *, reading: bool) -> int:
    """Decisions per second of processor: the best of several rounds."""
    from zhengtong.security.pmi import public as pmi

    best = 0.0
    for _round in range(ROUNDS):
        if reading:
            for person, _questions in requests:
                del person._held
        began = time.process_time()
        for person, questions in requests:
            for action, body in questions:
                pmi.decide(person, action, body, at=DAY)
        best = max(best, len(requests) * A_REQUEST / (time.process_time() - began))
    return round(best)
