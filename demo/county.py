"""Load the demo county: bodies, matters, calendar, people, and three hundred cases in every state, by the real operations."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from demo import cast, fees, greenway, load_matters, load_organizations, ratings, stories, supervision
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations import public as organizations
from zhengtong.security.audit import operations as audit_operations
from zhengtong.security.audit import signing, witness
from zhengtong.security.pki import public as pki

# A Monday before two holidays, so that a visitor sees a weekend, 中秋节 and 国庆节 in the ledger of what they file.
PRESENT = datetime(2026, 9, 21, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FOUNDED = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
Progress = Callable[..., None]
FAVOURITES = ("food-business-licence", "individual-business-registration", "minimum-living-allowance")


def load(progress: Progress = print) -> None:
    """Load everything into an empty, migrated database; the same county every time."""
    rng = random.Random(431321)  # noqa: S311 - fiction, and the same each time
    _set_clock()
    with transaction.atomic():
        calendars.publish_version(document=calendars.builtin_document(), reason="初始工作日历", by=None, at=FOUNDED)
    progress("密钥与证书 Keys and certificates")
    pki.hold_ceremony(plan=pki.builtin_ceremony(), at=FOUNDED)
    load_organizations.load(FOUNDED, progress)
    load_matters.load(FOUNDED, progress)
    progress("人员与授权 People and posts")
    people = cast.make(FOUNDED, rng, _bodies_with_roles())
    supervision.found(FOUNDED)
    _cases(people, rng, progress)
    ratings.load(people, PRESENT, progress)
    load_matters.leave_changes(people.who, PRESENT)
    progress("时钟与通知 Clocks and notices")
    while cases.fire(now=PRESENT):
        pass
    _deliver(progress)
    fees.play(people, present=PRESENT)
    _deliver(progress)
    progress("项目与一件事 Projects and bundles")
    greenway.load(people, rng, until=PRESENT)
    _deliver(lambda *told: None)
    progress("电子监察 Supervision")
    supervision.play(people, PRESENT, random.Random(431321))  # noqa: S311 - fiction, and the same each time
    pki.publish_lists(
        at=PRESENT
    )  # the ceremony lies half a year back; without this they would be stale at the first look
    _witness()
    cast.write_accounts(people)


def _witness() -> None:
    """The people's congress of the fiction watches the log: a key and a folder of its own, on the county's list. `zhengtong demo` runs it."""
    folder = settings.DATA / "witness"
    keys = [key.vkey for key in signing.log_keys()]
    address = f"{settings.PUBLIC_URL}/audit/log/"
    made = witness.establish(folder, name="people-congress.shuangfeng.example/w1", address=address, log_keys=keys)
    audit_operations.add_witness(vkey=made.key.vkey, at=PRESENT)


def _set_clock() -> None:
    from django.utils import timezone

    offset = round((PRESENT - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})


def _bodies_with_roles() -> dict[int, set[str]]:
    """Which roles the matters need at which body."""
    needed: dict[int, set[str]] = defaultdict(set)
    for matter in matters.Matter.objects.select_related("current", "department"):
        if matter.current is None or matter.department.kind in ("township", "village"):
            continue
        needed[matter.department_id].add("certificate_clerk")
        for step in matter.current.elements.flat_steps():
            if step.role in ("window_officer", "township_officer"):
                continue
            body = organizations.get_by_code(step.department) if step.department else matter.department
            needed[body.pk].add(step.role)
    return needed


def _usable(matter: Any) -> bool:
    version = matter.current
    return version is not None and not version.guidance_only and matter.department.kind not in ("township", "village")


def _cases(people: cast.Cast, rng: random.Random, progress: Progress) -> None:
    usable = [m for m in matters.Matter.objects.select_related("current", "department").order_by("key") if _usable(m)]
    weights = [30 if m.key in FAVOURITES else 1 for m in usable]
    suspendable = [
        m for m in usable if m.current and any(p.effect == "suspend" for p in m.current.elements.special_procedures)
    ]
    plan = [(tell, near, far) for tell, count, near, far in stories.PLAN for _n in range(count)]
    for number, (tell, near, far) in enumerate(plan, 1):
        chosen = (
            rng.choice(suspendable) if tell in (stories.suspended, stories.resumed) else rng.choices(usable, weights)[0]
        )
        start = (PRESENT - timedelta(days=rng.randint(near, far))).date()
        stories.play(tell, people, chosen, start=start, until=PRESENT, rng=rng)
        if number % 20 == 0 or number == len(plan):
            progress("办件 Cases", number, len(plan))
    named = {matter.key: matter for matter in usable}
    for tell, key, before in stories.OF_THE_RESIDENT:
        start = (PRESENT - timedelta(days=before)).date()
        stories.play(tell, people, named[key], start=start, until=PRESENT, rng=rng, applicant=people.residents[0])
    fees.file_cases(people, named, present=PRESENT)


def _deliver(progress: Progress) -> None:
    waiting = events.waiting() if hasattr(events, "waiting") else 0
    done = 0
    while taken := events.deliver_pending(now=PRESENT, limit=200):
        done += taken
        if waiting:
            progress("投递 Events", min(done, waiting), waiting)
