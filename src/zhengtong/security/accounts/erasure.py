"""What an erasure does with a person's account, and the account as plain data for its owner."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.security.accounts import operations, queries
from zhengtong.security.accounts.models import OpenSession, User
from zhengtong.security.vault import public as vault


def says(person_id: int, at: datetime) -> list[vault.Part]:
    """A resident's account goes; an official's is a record of the office."""
    user = User.objects.filter(pk=person_id).first()
    if user is None:
        return []
    if user.is_official:
        why = _("工作人员的账号是履职记录，离职后由管理员停用")
        return [vault.Part(_("工作人员账号"), 1, False, why, blocks=True)]
    log = _("审计记录只有编号，没有姓名和号码，依法保存不少于六个月（网络安全法第二十一条）")
    return [
        vault.Part(_("账号：姓名、证件号码、手机、邮箱、住址"), int(user.is_active), True),
        vault.Part(_("登录方式和登录的设备"), OpenSession.objects.filter(user=user).count(), True),
        vault.Part(_("谁看过我的信息的记录"), 1, False, log),
    ]


def erase(person_id: int, at: datetime) -> int:
    """Close the account for good."""
    return operations.erase_account(user_id=person_id, at=at)


def export(person_id: int) -> dict[str, Any]:
    """The account, enterprises, mandates, devices."""
    user = User.objects.get(pk=person_id)
    names = ("username", "display_name", "email", "created_at", "last_login", "assurance_level")
    today = user.created_at.date()
    return {
        "account": {name: getattr(user, name) for name in names}
        | {name: str(getattr(user, name) or "") for name in ("resident_id", "phone", "address")},
        "memberships": [
            {"enterprise": str(one.enterprise), "capacity": one.capacity} for one in queries.memberships_of(user)
        ],
        "mandates": [
            {"to": str(one.agent), "until": one.valid_until} for one in queries.mandates_given_by(user, today)
        ],
        "devices": list(OpenSession.objects.filter(user=user).values("device", "address")),
    }


def register() -> None:
    """Fill the slot of the vault."""
    vault.HOLDINGS["accounts"] = vault.Holding(says, erase, export)
