"""Begin, confirm and carry out the recovery of a resident's account at a window (ASVS 5.0 6.4.4; 个人信息保护法 第五十一条)."""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices import public as notices
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, Refusal
from zhengtong.kernel.identifiers.values import normalise
from zhengtong.security.accounts import operations, rules
from zhengtong.security.accounts.events import AccountRecovered, RecoveryBegun, RecoveryConfirmed
from zhengtong.security.accounts.models import AccountRecovery, User
from zhengtong.security.accounts.recovery.notifications import TOLD
from zhengtong.security.audit import public as audit

OPEN_FOR = timedelta(minutes=30)
"""So long the person stands at the window; then their card is looked at again."""


class CannotRecover(Refusal):
    """The recovery is over, done, or waits for a second person."""


def begin(*, number: str, seen: bool, factors: bool, by: User, at: datetime) -> AccountRecovery:
    """The person stands at the window: the official has held card, face and the number as typed from the card against each other.

    Finding them is a recorded read with its purpose, and stays on record whatever is refused afterwards.

    Refuses (`Invalid`, per field) an unknown number, a card that was not seen, an account
    without factors to take away; (`NotAllowed`) residents, and officials for themselves; (`CannotRecover`) a closed account.
    """
    if not rules.is_official(by):
        raise NotAllowed(_("找回账号须由窗口工作人员核对身份证后办理。"))
    if not seen:
        raise Invalid(_("请先当面核对身份证，再勾选。"), fields={"seen": _("请先当面核对身份证，再勾选。")})
    user = User.objects.filter(resident_id=normalise(number), kind=User.RESIDENT).first()
    if user is None:
        sentence = _("没有这个身份证号的居民账号，请与身份证核对，或者重新注册。")
        raise Invalid(sentence, fields={"number": sentence})
    audit.record_read(
        by=by.pk,
        subject=f"user:{user.pk}",
        purpose=_("窗口找回账号：核对身份证"),
        basis=_("个人信息保护法第十三条第一款第三项"),
        fields=("display_name", "resident_id", "phone"),
        at=at,
    )
    return _begun(user.pk, factors=factors, by=by, at=at)


@transaction.atomic
def _begun(user_id: int, *, factors: bool, by: User, at: datetime) -> AccountRecovery:
    user = User.objects.select_for_update().get(pk=user_id)
    if user.pk == by.pk:
        raise NotAllowed(_("不能为自己办理，请由另一位工作人员办理。"))
    if not user.is_active:
        raise CannotRecover(_("这个账号已停用，不能找回。需要恢复的，请联系县政务办。"))
    if factors and not Authenticator.objects.filter(user=user).exists():
        sentence = _("这个账号没有设置第二重验证，不用取消。")
        raise Invalid(sentence, fields={"factors": sentence})
    row = AccountRecovery.objects.create(user=user, factors=factors, asked_by=by, asked_at=at)
    events.publish(RecoveryBegun(user_id=user.pk, recovery_id=row.pk, factors=factors, actor_id=by.pk), at=at)
    return row


@transaction.atomic
def confirm(*, recovery_id: int, by: User, at: datetime) -> AccountRecovery:
    """The second official, who has looked at the card as well. Refuses whoever began it, and what is over, done or needs nobody else."""
    row = _open(recovery_id, at)
    if not rules.is_official(by) or by.pk in (row.asked_by_id, row.user_id):
        raise NotAllowed(_("取消第二重验证须由另一位窗口工作人员看过身份证后确认。"))
    if not row.factors or row.confirmed_at is not None:
        raise CannotRecover(_("这次办理不需要再确认。"))
    row.confirmed_by, row.confirmed_at = by, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    events.publish(RecoveryConfirmed(user_id=row.user_id, recovery_id=row.pk, actor_id=by.pk), at=at)
    return row


@transaction.atomic
def carry_out(*, recovery_id: int, phone: str, by: User, at: datetime) -> str:
    """A one-time password, shown once and good for a day; lost factors are gone, a new phone (if given) is kept, every session has ended,
    the person is told at the old and at the new place. The account is proven face to face from now on.

    Refuses (`NotAllowed`) anybody but who saw the card, (`CannotRecover`) before a second person confirmed what needs one,
    (`Invalid`) a phone of the wrong form.
    """
    row = _open(recovery_id, at)
    if by.pk != row.asked_by_id:
        raise NotAllowed(_("由看过身份证的那位工作人员办理。"))
    if row.factors and row.confirmed_at is None:
        raise CannotRecover(_("取消第二重验证须先由另一位窗口工作人员确认。"))
    user, changed = row.user, []
    before = (str(user.phone), user.email)
    if row.factors:
        operations.reset_factors(user=user, evidence="window", by=by, at=at)
        changed.append("factors")
    if phone.strip():
        user = operations.change_contact(
            user=user, phone=phone, email=user.email, address=str(user.address), by=by, at=at
        )
        changed.append("phone")
    operations.prove_identity(user=user, level=3, evidence="window", by=by, at=at)
    password = operations.reset_password(user=User.objects.get(pk=user.pk), by=by, at=at)
    row.done_at = at
    row.save(update_fields=["done_at"])
    fact = AccountRecovered(user_id=user.pk, recovery_id=row.pk, changed=tuple(changed), actor_id=by.pk)
    events.publish(fact, at=at)
    _tell(user, before, at)
    return password


def _tell(user: User, before: tuple[str, str], at: datetime) -> None:
    """The inbox, the e-mail and the phone of the account; and the phone it had before."""
    params = {"at": {"date": at.date().isoformat()}}
    notices.send(template=TOLD, at=at, to_user_id=user.pk, params=params, subject=f"user:{user.pk}")
    if before[0] and before[0] != str(user.phone):
        notices.send(template=TOLD, at=at, phone=before[0], params=params, subject=f"user:{user.pk}")


def _open(recovery_id: int, at: datetime) -> AccountRecovery:
    row = AccountRecovery.objects.select_for_update(of=("self",)).select_related("user").filter(pk=recovery_id).first()
    if row is None:
        raise NotFound(_("没有这次办理。"))
    if row.done_at is not None:
        raise CannotRecover(_("这次已经办理过，一次性密码只显示一次。需要的话，请重新核对身份证。"))
    if at - row.asked_at > OPEN_FOR:
        raise CannotRecover(_("已超过30分钟，请重新核对身份证后办理。"))
    return row
