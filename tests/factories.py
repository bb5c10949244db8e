"""Makers shared by all tests: times in the county, people, and a small county, all through the public functions."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.identifiers import resident_id, uscc
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import Enterprise, User
from zhengtong.security.pki import public as pki
from zhengtong.security.pmi import public as pmi

SHANGHAI = ZoneInfo("Asia/Shanghai")
PASSWORD = "spring rice in Zi river"


def at(text: str) -> datetime:
    """A moment in the county: `at("2026-09-21 09:00")`; a day alone means nine in the morning."""
    moment = datetime.fromisoformat(text if ":" in text else f"{text} 09:00")
    return moment.replace(tzinfo=SHANGHAI)


MONDAY = at("2026-09-21 09:00")
SINCE = date(2025, 1, 1)


def make_resident(serial: int = 1, name: str = "王小明", **more: object) -> User:
    """A resident with proven identity; `serial` makes number and phone unique."""
    number = resident_id.make_synthetic(birth_on=date(1990, 5, 17), serial=serial)
    fields: dict[str, object] = {
        "phone": f"1380000{serial:04d}",
        "password": PASSWORD,
        "assurance_level": 2,
        "at": MONDAY,
    }
    return accounts.register_resident(name=name, resident_id=number, **{**fields, **more})  # type: ignore[arg-type]


def make_official(username: str, name: str = "李华", **more: object) -> User:
    """An official without any role."""
    return accounts.create_official(username=username, name=name, password=PASSWORD, at=MONDAY, **more)  # type: ignore[arg-type]


def make_enterprise(head: User, serial: int = 1) -> Enterprise:
    """An enterprise whose legal representative is `head`."""
    return accounts.register_enterprise(
        uscc=uscc.make_synthetic(serial=serial),
        name=f"双峰县示例商行{serial}",
        legal_representative=head.display_name,
        phone="0738-6820000",
        address="永丰街道",
        by=head,
        at=MONDAY,
    )


def make_body(
    code: str, name: str, kind: str = Organization.DEPARTMENT, parent: Organization | None = None
) -> Organization:
    """A body below `parent`."""
    return organizations.establish(code=code, name=name, kind=kind, parent=parent, by=None, at=MONDAY)


def grant(user: User, role: str, body: Organization, *, subtree: bool = False) -> None:
    """Give `user` the role at the body since the start of 2025."""
    pmi.grant_role(
        user=user, role=role, organization=body, by=None, at=MONDAY, valid_from=SINCE, include_subtree=subtree
    )


def make_officer(username: str, name: str, role: str, body: Organization, *, subtree: bool = False) -> User:
    """An official with one role at one body."""
    user = make_official(username, name, organization=body)
    grant(user, role, body, subtree=subtree)
    return user


@dataclass(frozen=True)
class SmallCounty:
    """Seven bodies and their people. Window work is at the service centre, case work at market regulation; health and
    fire have an officer and an approver of their own for steps in parallel.
    """

    government: Organization
    centre: Organization
    market: Organization
    health: Organization
    fire: Organization
    township: Organization
    village: Organization
    window_officer: User
    case_officer: User
    section_head: User
    approver: User
    department_head: User
    certificate_clerk: User
    health_officer: User
    health_approver: User
    fire_officer: User
    fire_approver: User
    township_officer: User
    matter_editor: User
    county_office: User
    county_head: User
    auditor: User


def establish_county() -> SmallCounty:
    """The small county. Needs a published calendar only for what is done in it afterwards."""
    government = make_body("county-government", "双峰县人民政府", Organization.COUNTY)
    centre = make_body("government-service-centre", "双峰县政务服务中心", Organization.INSTITUTION, government)
    market = make_body("market-regulation", "双峰县市场监督管理局", parent=government)
    health = make_body("health", "双峰县卫生健康局", parent=government)
    fire = make_body("fire-rescue", "双峰县消防救援大队", parent=government)
    township = make_body("yongfeng", "永丰街道", Organization.TOWNSHIP, government)
    village = make_body("hefan-village", "荷叶村", Organization.VILLAGE, township)
    return SmallCounty(
        government=government,
        centre=centre,
        market=market,
        health=health,
        fire=fire,
        township=township,
        village=village,
        window_officer=make_officer("window", "周窗口", "window_officer", centre),
        case_officer=make_officer("officer", "陈承办", "case_officer", market),
        section_head=make_officer("reviewer", "刘审核", "section_head", market),
        approver=make_officer("approver", "赵批准", "approver", market),
        department_head=make_officer("head", "吴局长", "department_head", market),
        certificate_clerk=make_officer("clerk", "郑制证", "certificate_clerk", market),
        health_officer=make_officer("health.officer", "孙卫健", "case_officer", health),
        health_approver=make_officer("health.approver", "钱卫健", "approver", health),
        fire_officer=make_officer("fire.officer", "冯消防", "case_officer", fire),
        fire_approver=make_officer("fire.approver", "褚消防", "approver", fire),
        township_officer=make_officer("township", "卫乡镇", "township_officer", township),
        matter_editor=make_officer("editor", "蒋编辑", "matter_editor", market),
        county_office=make_officer("county.office", "沈政务", "county_office", government, subtree=True),
        county_head=make_officer("county.head", "韩县长", "county_head", government, subtree=True),
        auditor=make_officer("auditor", "杨审计", "auditor", government, subtree=True),
    )


_KEYS: dict[type[Model], list[Model]] = {}


def hold_ceremony() -> None:
    """The demo county's key ceremony, at the start of 2026, with revocation lists of today.

    Held once per process and undone; every test gets its rows anew. The keys stay in the data folder of the tests.
    """
    if not _KEYS:
        with transaction.atomic():
            pki.hold_ceremony(plan=pki.builtin_ceremony(), at=at("2026-01-01"))
            # Stamps follow the machine's clock, papers the story's: these lists serve both.
            pki.publish_lists(at=timezone.now())
            _KEYS.update(
                {model: list(model._default_manager.all()) for model in apps.get_app_config("pki").get_models()}
            )
            transaction.set_rollback(True)
    with transaction.atomic(), connection.constraint_checks_disabled():
        for model, rows in _KEYS.items():
            model._default_manager.bulk_create(rows)
