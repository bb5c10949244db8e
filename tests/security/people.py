"""People, bodies and a day for the tests of the security group."""

from datetime import UTC, date, datetime

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.identifiers import resident_id, uscc
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import Enterprise, User

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
PASSWORD = "spring rice in Zi river"


def make_resident(serial: int = 1, name: str = "王小明", phone: str = "", **more) -> User:
    number = resident_id.make_synthetic(birth_on=date(1990, 5, 17), serial=serial)
    return accounts.register_resident(
        name=name,
        resident_id=number,
        phone=phone or f"1380000{serial:04d}",
        at=NOW,
        **{"password": PASSWORD, **more},
    )


def make_official(username: str = "li.hua", name: str = "李华", **more) -> User:
    return accounts.create_official(username=username, name=name, password=PASSWORD, at=NOW, **more)


def make_enterprise(head: User, serial: int = 1, **more) -> Enterprise:
    return accounts.register_enterprise(
        uscc=uscc.make_synthetic(serial=serial),
        name=f"双峰县示例商行{serial}",
        legal_representative=head.display_name,
        phone="0738-6820000",
        address="永丰街道",
        by=head,
        at=NOW,
        **more,
    )


def make_body(parent: Organization, code: str, name: str) -> Organization:
    body = Organization.objects.create(code=code, name=name, kind=Organization.DEPARTMENT, parent=parent)
    body.path = f"{parent.path}{body.pk}/"
    body.save()
    return body
