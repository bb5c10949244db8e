"""Reads of recoveries at the window."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import NotFound
from zhengtong.security.accounts.models import AccountRecovery, User
from zhengtong.security.accounts.recovery.operations import OPEN_FOR

GOOD_FOR = timedelta(days=1)


def under_way(at: datetime) -> QuerySet[AccountRecovery]:
    """What was begun at a window in the last half hour and is not done."""
    rows = AccountRecovery.objects.filter(done_at__isnull=True, asked_at__gt=at - OPEN_FOR)
    return rows.select_related("user", "asked_by", "confirmed_by").order_by("-pk")


def numbered(number: int) -> AccountRecovery:
    """One of them, whatever became of it. Raises `NotFound`."""
    found = AccountRecovery.objects.select_related("user", "asked_by", "confirmed_by").filter(pk=number).first()
    if found is None:
        raise NotFound(_("没有这次办理。"))
    return found


def is_over(user: Any, at: datetime) -> bool:
    """Was the password that `user` still has to change handed out at a window more than a day ago?"""
    if not isinstance(user, User) or not user.must_change_password:
        return False
    last = AccountRecovery.objects.filter(user=user, done_at__isnull=False).order_by("-done_at").first()
    return last is not None and last.done_at is not None and at - last.done_at > GOOD_FOR
