"""`zhengtong begin`: an empty installation becomes a county's: tables, the county body, the shipped working days and the four
accounts from which everything else is done on pages.
"""

import argparse
import sys
from datetime import datetime
from typing import Any

import django

FIRST = {
    "office": ("county_office", "county office 县政务办"),
    "admin": ("system_admin", "system administrator 系统管理员"),
    "security": ("security_admin", "security administrator 安全管理员"),
    "audit": ("auditor", "auditor 审计员"),
}
"""Option and login: (role, what it is). Four persons, because 三员分离 forbids fewer (GB/T 22239-2019 8.1.5)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The county's name and four persons' names."""
    parser.add_argument("--county", required=True, metavar="NAME", help="the county government's full name")
    for option, (_role, what) in FIRST.items():
        parser.add_argument(f"--{option}", required=True, metavar="NAME", help=f"who is {what}; login: {option}")


def run(options: argparse.Namespace) -> int:
    """Set up and print the one-time passwords, once; exit 1 with nothing changed when a county is there already."""
    names = [getattr(options, option).strip() for option in FIRST]
    if len(set(names)) < len(names) or not all(names):
        print(
            "四个岗位必须由四个不同的人担任（三员分离）。\nFour different persons are needed: the posts are kept apart.",
            file=sys.stderr,
        )
        return 1
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from zhengtong.foundation.organizations.models import Organization

    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        print(
            "这里已经有机构了，没有改动。新账号请由县政务办在“账号与授权”里建立。\n"
            "Bodies exist already, nothing was changed. The county office opens further accounts on the page 账号与授权.",
            file=sys.stderr,
        )
        return 1
    passwords = _begin(options, timezone.now())
    print("一次性口令，首次登录须修改，只显示这一次。 One-time passwords, shown only now:\n")
    for login, password in passwords.items():
        print(f"  {login:<10} {password}   {getattr(options, login)}  {FIRST[login][1]}")
    return 0


def _begin(options: argparse.Namespace, now: datetime) -> dict[str, str]:
    from django.db import transaction
    from django.utils import timezone

    from zhengtong.foundation.calendars import public as calendars
    from zhengtong.foundation.organizations import public as organizations
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    passwords = {}
    with transaction.atomic():
        calendars.publish_version(document=calendars.builtin_document(), reason="初始工作日历", by=None, at=now)
        common: dict[str, Any] = {"by": None, "at": now}
        county = organizations.establish(code="county", name=options.county, kind="county_government", **common)
        for login, (role, _what) in FIRST.items():
            user = accounts.create_official(username=login, name=getattr(options, login), organization=county, at=now)
            since = timezone.localdate(now)
            pmi.grant_role(user=user, role=role, organization=county, include_subtree=True, valid_from=since, **common)
            passwords[login] = accounts.reset_password(user=user, **common)
    return passwords
