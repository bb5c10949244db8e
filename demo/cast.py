"""The cast: officials of every body that handles matters, residents, enterprises. All fiction; names are drawn from lists."""

import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.identifiers import resident_id, uscc
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import User
from zhengtong.security.pmi import public as pmi

PASSWORD = "Shuangfeng-2026"
NAMES = json.loads((Path(__file__).parent / "data" / "names.json").read_text(encoding="utf-8"))

HANDLERS = (
    ("case_officer", 2),
    ("site_inspector", 2),
    ("joint_reviewer", 1),
    ("section_head", 1),
    ("approver", 1),
    ("department_head", 1),
    ("certificate_clerk", 1),
)
EXTRA = {
    "real-estate-registry": (("registrar", 1),),
    "agriculture": (("quarantine_officer", 2),),
    "transport": (("inspector", 1), ("examiner", 1)),
    "finance": (("payment_officer", 1),),
    "civil-affairs": (("payment_officer", 1),),
    "human-resources": (("payment_officer", 1), ("examiner", 1)),
}
PAYS = ("payment_officer",)
INVESTORS = {2: "双峰县丰禾农机制造有限公司", 4: "双峰县湘椒食品有限公司"}
"""Fictional companies that invest in the two factories of the demo, by their place among the enterprises; the others are named by
where they are and what they trade in.
"""


@dataclass
class Cast:
    """Everybody, by what the stories need: officials by (role, body), residents, enterprises with their head."""

    officials: dict[tuple[str, int], list[User]] = field(default_factory=dict)
    residents: list[User] = field(default_factory=list)
    enterprises: list[tuple[Any, User]] = field(default_factory=list)

    def who(self, role: str, body: Organization, number: int = 0) -> User:
        """The n-th official who holds `role` at `body`."""
        return self.officials[(role, body.pk)][number]


def person_name(rng: random.Random) -> str:
    """A name from the lists."""
    return rng.choice(NAMES["surnames"]) + rng.choice(NAMES["given"])


@transaction.atomic
def make(at: datetime, rng: random.Random, steps: dict[int, set[str]]) -> Cast:
    """Make everybody. `steps`: body id → roles its matters need."""
    cast = Cast()
    # One password for the whole demo, hashed once: three hundred argon2 hashes would take longer than the rest of the county.
    hashed = make_password(PASSWORD)
    for body_id, roles in steps.items():
        _staff(cast, Organization.objects.get(pk=body_id), roles, rng, at)
    _windows(cast, rng, at)
    _county(cast, rng, at)
    _residents(cast, rng, at)
    User.objects.filter(Q(password="") | Q(password__startswith="!")).update(password=hashed)
    return cast


def _official(
    cast: Cast, username: str, name: str, role: str, body: Organization, at: datetime, *, subtree: bool = False
) -> User:
    user = accounts.create_official(username=username, name=name, at=at, organization=body)
    pmi.grant_role(
        user=user, role=role, organization=body, by=None, at=at, valid_from=date(2026, 1, 1), include_subtree=subtree
    )
    cast.officials.setdefault((role, body.pk), []).append(user)
    return user


def _staff(cast: Cast, body: Organization, roles: set[str], rng: random.Random, at: datetime) -> None:
    counts = dict(HANDLERS) | dict(EXTRA.get(body.code, ()))
    for role in sorted(roles | {"section_head", "approver", "department_head"}):
        for n in range(counts.get(role, 1)):
            _official(
                cast, f"{body.code}.{role.replace('_', '-')}{n + 1 if n else ''}", person_name(rng), role, body, at
            )
    _official(cast, f"{body.code}.editor", person_name(rng), "matter_editor", body, at)


def _windows(cast: Cast, rng: random.Random, at: datetime) -> None:
    centre = organizations.get_by_code(settings.SERVICE_CENTRE_CODE)
    for n in range(3):
        _official(cast, f"window{n + 1}", person_name(rng), "window_officer", centre, at)
    for town in Organization.objects.filter(kind=Organization.TOWNSHIP).order_by("code"):
        for n in range(2):
            _official(cast, f"{town.code}.window{n + 1}", person_name(rng), "township_officer", town, at)
        _official(cast, f"{town.code}.head", person_name(rng), "department_head", town, at)


def _county(cast: Cast, rng: random.Random, at: datetime) -> None:
    county = organizations.get_by_code("county")
    office = organizations.get_by_code("government-services")
    for username, role, body in (
        ("county-office", "county_office", county),
        ("county-head", "county_head", county),
        ("auditor", "auditor", county),
        ("admin", "system_admin", county),
        ("security-admin", "security_admin", county),
        ("supervisor", "supervisor", county),
    ):
        _official(cast, username, person_name(rng), role, body, at, subtree=True)
    # Two: whoever asks for a refund does not approve it. Fixed names, so that the rest of the county stays as it was.
    for number, name in enumerate(("谢明珠", "傅家宁"), 1):
        _official(cast, f"finance{number}", name, "finance_officer", county, at, subtree=True)
    cast.officials[("county_office", office.pk)] = cast.officials[("county_office", county.pk)]


def _residents(cast: Cast, rng: random.Random, at: datetime) -> None:
    for n in range(60):
        birth = date(rng.randint(1948, 2004), rng.randint(1, 12), rng.randint(1, 28))
        division = "432522" if birth.year < 1999 else "431321"
        number = resident_id.make_synthetic(division_code=division, birth_on=birth, serial=n + 1)
        user = accounts.register_resident(
            name="王小民" if n == 0 else person_name(rng),
            resident_id=number,
            phone=f"138{n:02d}{rng.randint(100000, 999999)}",
            address=f"双峰县{rng.choice(NAMES['places'])}路{rng.randint(1, 200)}号",
            username="resident" if n == 0 else f"resident{n + 1}",
            assurance_level=2,
            at=at,
        )
        cast.residents.append(user)
    for n in range(24):
        _enterprise(cast, n, rng, at)


def _enterprise(cast: Cast, n: int, rng: random.Random, at: datetime) -> None:
    head, place = cast.residents[n + 1], NAMES["places"][n % len(NAMES["places"])]
    body = accounts.register_enterprise(
        uscc=uscc.make_synthetic(kind="92" if n % 2 else "91", division_code="431321", serial=9000 + n),
        name=INVESTORS.get(n) or f"双峰县{place}{head.display_name[0]}记{NAMES['trades'][n % len(NAMES['trades'])]}",
        legal_representative=head.display_name,
        phone=head.phone,
        address=f"双峰县{place}路{rng.randint(1, 200)}号",
        by=head,
        at=at,
    )
    if n == 0:
        accounts.add_member(enterprise=body, user=cast.residents[0], capacity="handler", by=head, at=at)
    cast.enterprises.append((body, head))


def write_accounts(cast: Cast) -> None:
    """The table of accounts by role that the sign-in page and `make demo` show."""
    market = organizations.get_by_code("market-regulation")
    city = organizations.get_by_code("urban-management")
    chosen = [
        ("居民 Resident", cast.residents[0]),
        ("企业法定代表人 Enterprise head", cast.residents[1]),
        ("项目投资方 Investor", cast.enterprises[2][1]),
        ("项目代办员 Project agent", cast.residents[40]),
        (
            "自然资源局 牵头部门 Lead department",
            cast.who("case_officer", organizations.get_by_code("natural-resources")),
        ),
        ("县政府负责人 County head", cast.who("county_head", organizations.get_by_code("county"))),
        ("综合窗口 Window clerk", cast.who("window_officer", organizations.get_by_code(settings.SERVICE_CENTRE_CODE))),
        ("市监局 承办 Officer", cast.who("case_officer", market)),
        ("城管局 承办 Officer (2nd department)", cast.who("case_officer", city)),
        ("市监局 勘验一 Inspector", cast.who("site_inspector", market, 0)),
        ("市监局 勘验二 Inspector", cast.who("site_inspector", market, 1)),
        ("市监局 审核 Section head", cast.who("section_head", market)),
        ("市监局 审批 Approver", cast.who("approver", market)),
        ("市监局 制证 Certificates", cast.who("certificate_clerk", market)),
        ("市监局 负责人 Department head", cast.who("department_head", market)),
        (
            "乡镇窗口 Township window",
            next(v[0] for (role, _), v in cast.officials.items() if role == "township_officer"),
        ),
        ("事项编辑 Matter editor", cast.who("matter_editor", market)),
        ("县政务办 County office", cast.who("county_office", organizations.get_by_code("county"))),
        ("财务 申请退款、对账 Finance officer", cast.who("finance_officer", organizations.get_by_code("county"))),
        ("财务 批准退款 Finance officer (2nd)", cast.who("finance_officer", organizations.get_by_code("county"), 1)),
        ("县政府负责人 County head", cast.who("county_head", organizations.get_by_code("county"))),
        ("电子监察员 Supervisor", cast.who("supervisor", organizations.get_by_code("county"))),
        ("审计员 Auditor", cast.who("auditor", organizations.get_by_code("county"))),
        ("安全管理员 Security administrator", cast.who("security_admin", organizations.get_by_code("county"))),
        ("系统管理员 Administrator", cast.who("system_admin", organizations.get_by_code("county"))),
    ]
    rows = [{"role": role, "name": u.display_name, "login": u.username, "password": PASSWORD} for role, u in chosen]
    settings.DATA.joinpath("demo-accounts.json").write_text(
        json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8"
    )
