"""Every write on accounts, enterprises and mandates.

`by` is the account that acts, None for the county's own programs (seeding, imports). `at` is when it takes effect.
"""

import contextlib
import logging
import os
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization, Post
from zhengtong.kernel.errors import Invalid, NotAllowed, Refusal
from zhengtong.kernel.identifiers import resident_id as resident_ids
from zhengtong.kernel.identifiers import uscc as credit_codes
from zhengtong.kernel.identifiers.values import normalise
from zhengtong.security.accounts import queries, rules
from zhengtong.security.accounts.events import (
    AccountDeactivated,
    AccountReactivated,
    ContactChanged,
    EnterpriseRegistered,
    FactorsReset,
    IdentityProven,
    MandateGranted,
    MandateRevoked,
    MemberAdded,
    MemberEnded,
    OfficialCreated,
    PasswordChanged,
    PasswordReset,
    ProvinceLinked,
    ProvinceNameDiffers,
    ProvinceRefused,
    ResidentRegistered,
    SecondFactorAdded,
    SecondFactorRemoved,
    SessionsEnded,
    SignedIn,
    SignInLocked,
)
from zhengtong.security.accounts.limits import ACCOUNT, ACCOUNT_AND_ADDRESS, ADDRESS, LIMITS, Limit
from zhengtong.security.accounts.models import (
    Enterprise,
    EnterpriseMember,
    LastCode,
    Mandate,
    OpenSession,
    ProvinceLink,
    SignInFailure,
    UsedOnce,
    User,
)
from zhengtong.security.accounts.values import Principal, Statement
from zhengtong.security.audit import public as audit

log = logging.getLogger(__name__)
SESSIONS_AT_ONCE = 20
MANDATE_AT_MOST = timedelta(days=3 * 366)
EVIDENCE: dict[str, str | Promise] = {
    "window": gettext_lazy("窗口当面核验身份证"),
    "province": gettext_lazy("省统一身份认证平台"),
    "certificate": gettext_lazy("数字证书"),
    "register": gettext_lazy("人口基础库比对"),
}
DEACTIVATION_REASONS: dict[str, str | Promise] = {
    "request": gettext_lazy("本人申请"),
    "left": gettext_lazy("离职或调离"),
    "deceased": gettext_lazy("死亡"),
    "misuse": gettext_lazy("违规使用"),
    "duplicate": gettext_lazy("重复账号"),
}


class CannotRegister(Refusal):
    """There is an account with this number already."""


class CannotAddMember(Refusal):
    """The person belongs to the enterprise already."""


class CannotEndMember(Refusal):
    """The enterprise would be left without anybody who may manage it."""


class CannotEmpower(Refusal):
    """The mandate makes no sense: to oneself, too long, or it exists."""


class CannotDeactivate(Refusal):
    """The account may not be closed by this person or is closed already."""


class CannotLink(Refusal):
    """The province's statement opens no account here; `why` is the code that is put on record, with the account aimed at."""

    def __init__(self, message: object, *, why: str, user: User | None = None) -> None:
        super().__init__(message)
        self.why, self.user_id = why, user.pk if user else None


# --- residents and officials ----------------------------------------


@transaction.atomic
def register_resident(
    *,
    name: str,
    resident_id: str,
    phone: str,
    at: datetime,
    password: str | None = None,
    username: str = "",
    email: str = "",
    address: str = "",
    assurance_level: int = 1,
    by: User | None = None,
) -> User:
    """Open an account for a person; with `password` None (at a window) they set one later.

    Refuses (`Invalid`, per field) wrong numbers and weak passwords, (`CannotRegister`) an identity number that has an
    account.
    """
    found = resident_ids.check(resident_id, on=timezone.localdate(at))
    errors = {"resident_id": found.errors[0]} if found.errors else {}
    errors |= _contact_errors(phone=phone, email=email)
    if not name.strip():
        errors["name"] = _("请填写姓名，与身份证一致。")
    user = User(
        username=username or _new_username(),
        kind=User.RESIDENT,
        display_name=name.strip(),
        resident_id=found.value,
        phone=_phone(phone),
        email=email.strip().lower(),
        address=address.strip(),
        assurance_level=assurance_level,
    )
    _raise(errors | _password_errors(password, user))
    if User.objects.filter(resident_id=found.value).exists():
        raise CannotRegister(
            _("这个身份证号已经注册过账号，请直接登录。忘记密码的，请用“忘记密码”，或带身份证到政务大厅窗口重置。")
        )
    user.set_password(password)
    _save_new(user)
    event = ResidentRegistered(user_id=user.pk, assurance_level=assurance_level, actor_id=by.pk if by else user.pk)
    events.publish(event, at=at)
    return user


@transaction.atomic
def create_official(
    *,
    username: str,
    name: str,
    at: datetime,
    phone: str = "",
    email: str = "",
    password: str | None = None,
    organization: Organization | None = None,
    post: Post | None = None,
    by: User | None = None,
) -> User:
    """Open an account for an official, with membership of a body from that day. Roles are granted separately (`pmi`).

    Refuses (`Invalid`, per field) a login name that is missing or taken, wrong contact data, a weak password.
    """
    errors = _contact_errors(phone=phone, email=email, phone_needed=False)
    if not name.strip():
        errors["name"] = _("请填写姓名。")
    if not username.strip() or User.objects.filter(username=username.strip()).exists():
        errors["username"] = _("登录名没有填写，或者已经有人使用，请换一个。")
    user = User(
        username=username.strip(),
        kind=User.OFFICIAL,
        display_name=name.strip(),
        phone=_phone(phone),
        email=email.strip().lower(),
        assurance_level=3,
    )
    _raise(errors | _password_errors(password, user))
    user.set_password(password)
    _save_new(user)
    if organization is not None:
        today = timezone.localdate(at)
        organizations.appoint(user=user, organization=organization, post=post, valid_from=today, by=_id(by), at=at)
    body_id = organization.pk if organization else None
    events.publish(OfficialCreated(user_id=user.pk, organization_id=body_id, actor_id=_id(by)), at=at)
    return user


def _save_new(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:  # somebody else registered the same number or name at the same moment
        raise CannotRegister(_("这个号码或登录名刚刚被注册，请直接登录，或换一个登录名。")) from None


@transaction.atomic
def change_contact(*, user: User, phone: str, email: str, address: str, by: User | None, at: datetime) -> User:
    """Change how a person is reached.

    Refuses anybody but the person and staff, and data of the wrong form (`Invalid`).
    """
    if by is not None and by.pk != user.pk and not rules.is_official(by):
        raise NotAllowed(_("只能修改自己的联系方式。"))
    _raise(_contact_errors(phone=phone, email=email, phone_needed=not user.is_official))
    new = {"phone": _phone(phone), "email": email.strip().lower(), "address": address.strip()}
    locked = User.objects.select_for_update().get(pk=user.pk)
    changed = tuple(field for field, value in new.items() if getattr(locked, field) != value)
    if not changed:
        return locked
    for field in changed:
        setattr(locked, field, new[field])
    locked.save(update_fields=changed)
    events.publish(ContactChanged(user_id=user.pk, changed=changed, actor_id=_id(by)), at=at)
    return locked


@transaction.atomic
def prove_identity(*, user: User, level: int, evidence: str, by: User | None, at: datetime) -> User:
    """Raise the assurance level on evidence (a key of `EVIDENCE`). Never lowers it; a person cannot raise their own."""
    if evidence not in EVIDENCE or level not in (2, 3):
        raise Invalid(_("请选择核验方式和核验等级。"))
    if by is not None and (by.pk == user.pk or not rules.is_official(by)):
        raise NotAllowed(_("身份核验须由窗口工作人员办理，不能自行提升。"))
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.assurance_level >= level:
        return locked
    locked.assurance_level = level
    locked.save(update_fields=["assurance_level"])
    events.publish(IdentityProven(user_id=user.pk, level=level, evidence=evidence, actor_id=_id(by)), at=at)
    return locked


@transaction.atomic
def deactivate(*, user: User, reason: str, by: User | None, at: datetime) -> None:
    """Close an account (`reason`: a key of `DEACTIVATION_REASONS`). Open sessions end with their next request.

    Refuses closing one's own official account, so that nobody locks the county out by mistake.
    """
    if reason not in DEACTIVATION_REASONS:
        raise Invalid(_("请选择停用原因。"), fields={"reason": _("请选择停用原因。")})
    if by is not None and by.pk == user.pk and by.is_official:
        raise CannotDeactivate(_("不能停用自己的账号，请由另一位管理员办理。"))
    if by is not None and by.pk != user.pk and not rules.is_official(by):
        raise NotAllowed(_("只有本人或管理员可以停用账号。"))
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False, closed_at=at):
        raise CannotDeactivate(_("这个账号已经停用。"))
    _end_holdings(user)
    events.publish(AccountDeactivated(user_id=user.pk, reason=reason, actor_id=_id(by)), at=at)


@transaction.atomic
def erase_account(*, user_id: int, at: datetime) -> int:
    """Close a resident's account for good: name, login name, e-mail, factors and sessions are gone (the sealed values go with the
    vault). 0 when there is none, or it is gone already. Officials' accounts are left alone.
    """
    user = User.objects.select_for_update().filter(pk=user_id, kind=User.RESIDENT).first()
    if user is None or user.username == f"erased-{user_id}":
        return 0
    end_sessions(user=user, at=at)
    _end_holdings(user)
    from allauth.account.models import EmailAddress

    Authenticator.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.username, user.display_name, user.email, user.is_active = f"erased-{user_id}", _("已删除"), "", False
    user.closed_at = user.closed_at or at
    user.save(update_fields=["username", "display_name", "email", "is_active", "closed_at", "password"])
    events.publish(AccountDeactivated(user_id=user_id, reason="erased"), at=at)
    return 1


@transaction.atomic
def reactivate(*, user: User, by: User | None, at: datetime) -> None:
    """Open a closed account again; staff only."""
    if by is not None and not rules.is_official(by):
        raise NotAllowed(_("只有管理员可以恢复账号。"))
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True, closed_at=None):
        raise CannotDeactivate(_("这个账号没有停用，不需要恢复。"))
    events.publish(AccountReactivated(user_id=user.pk, actor_id=_id(by)), at=at)


# --- passwords and signing in ----------------------------------------


@transaction.atomic
def change_password(*, user: User, password: str, at: datetime) -> None:
    """The person's new password. Sessions are bound to the password's hash, so every other one ends.

    Refuses a weak password (`Invalid`).
    """
    _raise(_password_errors(password, user))
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    _forget_failures(user)
    _end_holdings(user)
    events.publish(PasswordChanged(user_id=user.pk, actor_id=user.pk), at=at)


@transaction.atomic
def reset_password(*, user: User, by: User | None, at: datetime) -> str:
    """A one-time password, shown once to the official who checked the person's identity; it must be changed at the
    next sign-in.

    Refuses anybody but staff, and staff for themselves.
    """
    if by is not None and (not rules.is_official(by) or by.pk == user.pk):
        raise NotAllowed(_("密码重置须由另一位工作人员核验身份后办理。"))
    password = "-".join(secrets.token_hex(2) for part in range(4))
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    _forget_failures(user)
    _end_holdings(user)
    events.publish(PasswordReset(user_id=user.pk, actor_id=_id(by)), at=at)
    return password


@transaction.atomic
def reset_factors(*, user: User, evidence: str, by: User | None, at: datetime) -> int:
    """Take away the second factors somebody lost, after another official saw who they are; returns how many there were.

    Sessions and what systems hold end; where two factors are demanded the next sign-in leads to setting one up. ASVS 6.4.4.
    Refuses anybody but another official, and evidence that is weaker than what proves an account.
    """
    if by is not None and (not rules.is_official(by) or by.pk == user.pk):
        raise NotAllowed(_("第二重验证须由另一位工作人员核验身份后取消。"))
    if evidence not in EVIDENCE:
        raise Invalid(_("请先当面核对身份证，再勾选。"), fields={"seen": _("请先当面核对身份证，再勾选。")})
    held = list(Authenticator.objects.select_for_update().filter(user=user))
    if not held:
        raise Invalid(_("这个账号没有设置第二重验证，不用取消。"))
    Authenticator.objects.filter(pk__in=[one.pk for one in held]).delete()
    forget_code_steps(user=user)
    keys = list(OpenSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    _end_holdings(user)
    events.publish(FactorsReset(user_id=user.pk, evidence=evidence, count=len(held), actor_id=_id(by)), at=at)
    return len(held)


@transaction.atomic
def record_sign_in(*, user: User, methods: Sequence[str], at: datetime) -> None:
    """Publish that `user` signed in with these factors, and forget earlier wrong passwords."""
    _forget_failures(user)
    User.objects.filter(pk=user.pk).update(last_login=at)
    events.publish(SignedIn(user_id=user.pk, methods=tuple(methods), actor_id=user.pk), at=at)


@transaction.atomic
def record_factor(*, user: User, factor: str, added: bool, at: datetime) -> None:
    """Publish that a second factor was set up or removed."""
    kind = SecondFactorAdded if added else SecondFactorRemoved
    events.publish(kind(user_id=user.pk, factor=factor, actor_id=user.pk), at=at)


def begin_try(*, action: str, login: str, address: str, at: datetime) -> bool:
    """Count a try of `action` (a key of `limits.LIMITS`) before it is judged; False when it may not be judged at all.

    `login` may be any login of the account, or an unknown one, which is counted just the same.
    """
    try:
        with transaction.atomic():
            for limit, key, _user in _limits(action, login, address):
                _count(key, limit, at)
    except _TooOften as reached:
        log.warning("sign-in not heard", extra={"action": action, "per": reached.per, "address": address})
        return False
    return True


class _TooOften(Exception):
    """One of the limits is reached; what the others counted for this try is undone with it."""

    def __init__(self, per: str) -> None:
        super().__init__(per)
        self.per = per


def try_failed(*, action: str, login: str, address: str, at: datetime) -> None:
    """The try was wrong: it stays counted, and the lock it may have caused is published. What was typed is written nowhere."""
    known = _known_as(login)[1]
    said = {"action": action, "address": address, "account": known.pk if known else None}
    log.warning("sign-in refused", extra=said)
    for limit, key, user in _limits(action, login, address):
        locked = SignInFailure.objects.filter(key=key, locked_until__gt=at)
        if limit.per == ACCOUNT and user is not None and locked.exists():
            events.publish(SignInLocked(user_id=user.pk), at=at)


@transaction.atomic
def try_succeeded(*, action: str, login: str, address: str) -> None:
    """The try was right: the account's count is forgotten, the address gets its one try back."""
    for limit, key, _user in _limits(
        action, login, address
    ):  # row by row in the order of `begin_try`: no two wait for each other
        counted = SignInFailure.objects.filter(key=key)
        if limit.per == ACCOUNT:
            counted.delete()
        else:
            counted.filter(count__gt=0).update(count=F("count") - 1, locked_until=None)


def _limits(action: str, login: str, address: str) -> list[tuple[Limit, str, User | None]]:
    who, user = _known_as(login)
    of = {ACCOUNT: who, ACCOUNT_AND_ADDRESS: f"{who} {address}", ADDRESS: address}
    named = [limit for limit in LIMITS[action] if limit.per == ADDRESS or login]
    return [(limit, _failure_key(action, limit.per, of[limit.per]), user) for limit in named]


def _count(key: str, limit: Limit, at: datetime) -> None:
    SignInFailure.objects.get_or_create(key=key, defaults={"first_at": at})
    row = SignInFailure.objects.select_for_update().get(key=key)
    if row.locked_until is not None and row.locked_until > at:
        raise _TooOften(limit.per)
    if row.locked_until is not None or at - row.first_at > limit.within:
        row.count, row.first_at, row.locked_until = 0, at, None
    row.count += 1
    if row.count >= limit.tries:
        row.locked_until = at + limit.refuse_for
    row.save()


def _known_as(login: str) -> tuple[str, User | None]:
    found = queries.find_by_login(login) if login else []
    user = found[0] if len(found) == 1 else None
    return (f"user:{user.pk}" if user else f"login:{login.strip().lower()}"), user


def _failure_key(action: str, per: str, who: str) -> str:
    return sha256(f"{action} {per} {who}".encode()).hexdigest()


def _end_holdings(user: User) -> None:
    """What department systems hold for the person ends with the password and with the account; so do the sessions,
    which the hash they are bound to refuses from now on.
    """
    from allauth.idp.oidc.models import Token

    Token.objects.filter(user_id=user.pk).delete()
    OpenSession.objects.filter(user=user).delete()


def _forget_failures(user: User) -> None:
    keys = [_failure_key(action, ACCOUNT, f"user:{user.pk}") for action in LIMITS]
    SignInFailure.objects.filter(key__in=keys).delete()


# --- the province's identity platform ---------------------------------


@transaction.atomic
def recognise(*, statement: Statement, at: datetime) -> User | None:
    """The resident whom the province means: already linked, or found by the proven identity number and linked now.

    None: nobody here has the number, so the person may register (`register_from_province`). Never by e-mail, phone or
    name, never an official. An account whose number nobody ever proved is returned unlinked: somebody else may have
    opened it with that number, so its password must be shown once (`awaits_password`, `link_province`). Refuses
    (`CannotLink`) what is left: closed accounts, two accounts of one person, a number that is not proven.
    """
    link = ProvinceLink.objects.select_related("user").filter(subject=_subject(statement)).first()
    user = link.user if link else None
    if user is None:
        _require_proven(statement, at)
        user = User.objects.filter(resident_id=statement.number).first()
        if user is None:
            return None
    _require_open(user)
    if link is not None:
        if statement.level > 1 and statement.number and statement.number != user.resident_id:
            raise CannotLink(
                _("省平台这次提供的身份证号与已关联的账号不一致，没有登录。请带身份证到政务大厅窗口核对。"),
                why="other_person",
                user=user,
            )
        _learn_from(user, statement, at)
    elif user.assurance_level > 1:
        link_province(user=user, statement=statement, at=at)
    elif ProvinceLink.objects.filter(user=user).exists():
        raise _two_accounts(user)
    return user


def awaits_password(*, user: User) -> bool:
    """True while nobody proved that the account belongs to the person whose number it bears."""
    return not ProvinceLink.objects.filter(user=user).exists()


@transaction.atomic
def link_province(*, user: User, statement: Statement, at: datetime) -> None:
    """Link the account to the province's and raise its level by what was proven there.

    Refuses (`CannotLink`) another person's account and a second link on either side.
    """
    _require_proven(statement, at)
    _require_open(user)
    if user.resident_id != statement.number:
        raise CannotLink(_("省平台的身份证号与这个账号不一致，没有关联。"), why="other_person", user=user)
    try:
        with transaction.atomic():
            ProvinceLink.objects.create(user=user, subject=_subject(statement), linked_at=at)
    except IntegrityError:
        raise _two_accounts(user) from None
    events.publish(ProvinceLinked(user_id=user.pk, actor_id=user.pk), at=at)
    _learn_from(user, statement, at)


@transaction.atomic
def register_from_province(*, statement: Statement, phone: str, at: datetime) -> User:
    """Open a resident's account with the name and number that the province proved; without a password.

    Refuses what `register_resident` and `link_province` refuse.
    """
    _require_proven(statement, at)
    user = register_resident(
        name=statement.name, resident_id=statement.number, phone=phone, assurance_level=statement.level, at=at
    )
    link_province(user=user, statement=statement, at=at)
    return user


@transaction.atomic
def record_province_refusal(*, reason: str, user_id: int | None, at: datetime) -> None:
    """Publish that a sign-in through the province was refused."""
    events.publish(ProvinceRefused(reason=reason, user_id=user_id, actor_id=None), at=at)


def _subject(statement: Statement) -> str:
    return f"{statement.issuer} {statement.subject}"


def _learn_from(user: User, statement: Statement, at: datetime) -> None:
    """A level may rise by it; a name is changed at a window alone, where its proof is seen."""
    if statement.level > user.assurance_level:
        prove_identity(user=user, level=statement.level, evidence="province", by=None, at=at)
    if statement.level > 1 and statement.name and statement.name != user.display_name:
        events.publish(ProvinceNameDiffers(user_id=user.pk, actor_id=user.pk), at=at)


def _require_proven(statement: Statement, at: datetime) -> None:
    number = resident_ids.check(statement.number, on=timezone.localdate(at))
    if statement.level < 2 or number.errors:
        raise CannotLink(
            _("省平台没有给出已核验的身份证号，不能登录。请先在省平台完成实名认证，或者用账号密码登录。"),
            why="not_proven",
        )


def _require_open(user: User) -> None:
    if user.is_official:
        raise CannotLink(
            _("这是工作人员账号，不能通过省平台登录。请用本人的账号和第二重验证登录。"), why="official", user=user
        )
    if not user.is_active:
        raise CannotLink(_("这个账号已停用，请联系政务大厅窗口。"), why="closed", user=user)


def _two_accounts(user: User) -> CannotLink:
    return CannotLink(
        _("本县的这个账号已经与另一个省平台账号关联。请用账号密码登录，或者带身份证到政务大厅窗口核对。"),
        why="two_accounts",
        user=user,
    )


# --- what may be used once -------------------------------------------


def use_once(*, kind: str, value: str, at: datetime, holder: str = "") -> bool:
    """True for the first who brings `value`, whichever worker hears it; False for everybody after."""
    try:
        with transaction.atomic():
            UsedOnce.objects.create(key=once_key(kind, value), holder=holder, used_at=at)
    except IntegrityError:
        return False
    return True


def unuse(*, kind: str, value: str) -> None:
    """Nothing came of the use: it may be tried again."""
    UsedOnce.objects.filter(key=once_key(kind, value)).delete()


def name_holder(*, kind: str, value: str, holder: str) -> None:
    """Say what else must end should this come back."""
    UsedOnce.objects.filter(key=once_key(kind, value)).update(holder=holder)


def keep_once(path: Path, content: bytes) -> None:
    """Write a secret file whole, readable by nobody else; of two processes at once the first one's stays."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


def once_key(kind: str, value: str) -> str:
    """The digest under which a use is kept."""
    return sha256(f"{kind} {value}".encode()).hexdigest()


@transaction.atomic
def use_code_step(*, user: User, step: int) -> bool:
    """True when no code of this time step or a later one was accepted from `user`; the step is used up by that."""
    LastCode.objects.get_or_create(user=user, defaults={"step": -1})
    return LastCode.objects.filter(user=user, step__lt=step).update(step=step) == 1


def forget_code_steps(*, user: User) -> None:
    """The authenticator app was removed; another one has another secret and begins anew."""
    LastCode.objects.filter(user=user).delete()


@transaction.atomic
def count_passkey(*, authenticator: Authenticator, count: int) -> bool:
    """Keep a passkey's counter; False when it does not count up. Passkeys that never count say 0 for ever."""
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    before = int(row.data.get("count", 0))
    if (before or count) and count <= before:
        return False
    row.data["count"] = count
    row.save(update_fields=["data"])
    authenticator.data = row.data
    return True


# --- sessions --------------------------------------------------------


def open_session(*, user: User, session_key: str, device: str, address: str, at: datetime) -> None:
    """Enter a session in the person's list; of more than `SESSIONS_AT_ONCE` those that were not used longest end. ASVS 7.1.2."""
    words = {"user": user, "device": device[:80], "address": address[:45], "begun_at": at, "seen_at": at}
    _row, fresh = OpenSession.objects.update_or_create(session_key=session_key, defaults=words)
    if not fresh:
        return
    mine = OpenSession.objects.filter(user=user).order_by("-seen_at", "-pk")
    over = list(mine.values_list("session_key", flat=True)[SESSIONS_AT_ONCE:])
    if over:
        Session.objects.filter(session_key__in=over).delete()
        OpenSession.objects.filter(session_key__in=over).delete()


def see_session(*, session_key: str, at: datetime) -> None:
    """The session was used."""
    OpenSession.objects.filter(session_key=session_key).update(seen_at=at)


@transaction.atomic
def end_sessions(*, user: User, at: datetime, only: int | None = None, keep: str = "") -> int:
    """End sessions of `user`: the one numbered `only`, else all but the one with the key `keep`. Returns how many."""
    sessions = OpenSession.objects.filter(user=user).exclude(session_key=keep)
    if only is not None:
        sessions = sessions.filter(pk=only)
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    OpenSession.objects.filter(session_key__in=keys).delete()
    if keys:
        events.publish(SessionsEnded(user_id=user.pk, count=len(keys), actor_id=user.pk), at=at)
    return len(keys)


# --- enterprises and mandates ----------------------------------------


@transaction.atomic
def register_enterprise(
    *,
    uscc: str,
    name: str,
    legal_representative: str,
    phone: str,
    address: str,
    by: User | None,
    at: datetime,
    member: User | None = None,
    capacity: str = "legal",
) -> Enterprise:
    """Register a body with its first member (`member`, else `by` when a resident).

    Refuses (`Invalid`, per field) a wrong code or missing data, (`CannotRegister`) a code that is registered.
    """
    found = credit_codes.check(uscc)
    errors = {"uscc": found.errors[0]} if found.errors else {}
    errors |= _contact_errors(phone=phone, email="")
    for field, value in (("name", name), ("legal_representative", legal_representative)):
        if not value.strip():
            errors[field] = _("请填写，与营业执照一致。")
    _raise(errors)
    first = member or (by if by is not None and not by.is_official else None)
    if first is not None and capacity == "legal" and first.display_name != legal_representative.strip():
        raise Invalid(
            _("登记的法定代表人不是您本人，请改选“管理员”，并由法定代表人确认。"),
            fields={"capacity": _("您的姓名与法定代表人不一致，请选择“管理员”。")},
        )
    if Enterprise.objects.filter(uscc=found.value).exists():
        raise CannotRegister(_("这家企业已经注册，请让它的法定代表人或管理员把您添加为成员。"))
    body = Enterprise.objects.create(
        uscc=found.value,
        name=name.strip(),
        legal_representative=legal_representative.strip(),
        phone=_phone(phone),
        address=address.strip(),
    )
    events.publish(EnterpriseRegistered(enterprise_id=body.pk, actor_id=_id(by)), at=at)
    if first is not None:
        _join(body, first, capacity, by=by, at=at)
    return body


@transaction.atomic
def add_member(
    *, enterprise: Enterprise, user: User, capacity: str, by: User | None, at: datetime, valid_until: date | None = None
) -> EnterpriseMember:
    """Let a person act for the enterprise.

    Refuses anybody who is not its head, officials as members, and a present member.
    """
    on = timezone.localdate(at)
    if not rules.may_manage_members(by, enterprise, on):
        raise NotAllowed(_("只有法定代表人或管理员可以添加成员。"))
    if user.is_official or not user.is_active:
        raise CannotAddMember(_("只能添加已注册的居民账号。工作人员不能代企业办事。"))
    if capacity not in dict(EnterpriseMember.CAPACITIES):
        raise Invalid(_("请选择成员身份。"), fields={"capacity": _("请选择成员身份。")})
    if valid_until is not None and valid_until < on:
        raise Invalid(_("失效日期已经过去，请改正。"), fields={"valid_until": _("失效日期已经过去，请改正。")})
    present = EnterpriseMember.objects.filter(enterprise=enterprise, user=user).first()
    if present is not None and present.in_force(on):
        raise CannotAddMember(_("这个人已经是本企业的成员。"))
    return _join(enterprise, user, capacity, by=by, at=at, valid_until=valid_until)


def _join(
    body: Enterprise, user: User, capacity: str, *, by: User | None, at: datetime, valid_until: date | None = None
) -> EnterpriseMember:
    terms = {"capacity": capacity, "valid_from": timezone.localdate(at), "valid_until": valid_until}
    member = EnterpriseMember.objects.update_or_create(enterprise=body, user=user, defaults=terms)[0]
    events.publish(MemberAdded(enterprise_id=body.pk, user_id=user.pk, capacity=capacity, actor_id=_id(by)), at=at)
    return member


@transaction.atomic
def end_member(*, member: EnterpriseMember, by: User | None, at: datetime) -> None:
    """End a membership with yesterday. Refuses strangers, and ending the last head."""
    on = timezone.localdate(at)
    body = Enterprise.objects.select_for_update().get(pk=member.enterprise_id)
    if not (rules.may_manage_members(by, body, on) or (by is not None and by.pk == member.user_id)):
        raise NotAllowed(_("只有法定代表人、管理员或成员本人可以结束成员关系。"))
    heads = [m for m in body.members.filter(capacity__in=rules.HEADS) if m.in_force(on)]
    if [head.pk for head in heads] == [member.pk]:
        raise CannotEndMember(_("这是企业最后一位管理者，请先添加新的法定代表人或管理员。"))
    member.valid_until = on - timedelta(days=1)
    member.save(update_fields=["valid_until"])
    events.publish(MemberEnded(enterprise_id=body.pk, user_id=member.user_id, actor_id=_id(by)), at=at)


@transaction.atomic
def grant_mandate(
    *,
    agent: User,
    valid_from: date,
    valid_until: date,
    by: User | None,
    at: datetime,
    principal_user: User | None = None,
    principal_enterprise: Enterprise | None = None,
    scope: Sequence[str] = (),
) -> Mandate:
    """授权委托: the principal empowers `agent`, for the matters in `scope` (none: all), for at most three years.
    民法典 第一百六十五条.

    Refuses anybody but the principal, mandates to oneself or to officials, reversed or past dates, more than three
    years.
    """
    on = timezone.localdate(at)
    if (principal_user is None) == (principal_enterprise is None):
        raise Invalid(_("请选择委托人：本人或一家企业。"))
    if not rules.may_empower(by, principal_user, principal_enterprise, on):
        raise NotAllowed(_("只有本人，或企业的法定代表人、管理员，可以授权委托。"))
    if agent == principal_user or agent.is_official or not agent.is_active:
        raise CannotEmpower(_("受托人须是另一位已注册的居民。工作人员不能担任受托人。"))
    if valid_until < valid_from or valid_until < on:
        raise Invalid(_("委托期限不对，请核对。"), fields={"valid_until": _("结束日期早于开始日期或者已经过去。")})
    if valid_until - valid_from > MANDATE_AT_MOST:
        raise Invalid(_("委托期限最长三年。"), fields={"valid_until": _("委托期限最长三年，到期可以再次委托。")})
    mandate = Mandate.objects.create(
        agent=agent,
        principal_user=principal_user,
        principal_enterprise=principal_enterprise,
        scope=sorted(set(scope)),
        valid_from=valid_from,
        valid_until=valid_until,
    )
    events.publish(
        MandateGranted(mandate_id=mandate.pk, agent_id=agent.pk, principal=mandate.principal, actor_id=_id(by)), at=at
    )
    return mandate


@transaction.atomic
def revoke_mandate(*, mandate: Mandate, by: User | None, at: datetime) -> None:
    """End a mandate now. Refuses anybody but its two sides and staff, and a mandate that has ended."""
    if not rules.may_revoke(by, mandate, timezone.localdate(at)):
        raise NotAllowed(_("只有委托人或受托人可以撤销委托。"))
    if not Mandate.objects.filter(pk=mandate.pk, revoked_at__isnull=True).update(revoked_at=at):
        raise CannotEmpower(_("这项委托已经撤销。"))
    mandate.revoked_at = at
    events.publish(
        MandateRevoked(mandate_id=mandate.pk, agent_id=mandate.agent_id, principal=mandate.principal, actor_id=_id(by)),
        at=at,
    )


def find_person(*, number: str, by: User, at: datetime, purpose: str = "") -> list[Principal]:
    """Residents with exactly this identity number or phone, for a clerk at a window; every hit is a recorded read.

    A phone may be shared, so there may be several. Refuses (`NotAllowed`) residents, (`Invalid`) anything but a whole
    number. 个人信息保护法 第十三条第一款第（三）项（履行法定职责）.
    """
    if not rules.is_official(by):
        raise NotAllowed(_("只有窗口工作人员可以查找办事人。"))
    text = normalise(number)
    if len(text) < 7:
        raise Invalid(_("请输入完整的身份证号或手机号。"), fields={"number": _("请输入完整的身份证号或手机号。")})
    found = queries.find_by_number(text)
    for user in found:
        audit.record_read(
            by=by.pk,
            subject=f"user:{user.pk}",
            purpose=purpose or _("窗口代办：核对办事人身份"),
            basis=_("个人信息保护法第十三条第一款第三项"),
            fields=("display_name", "resident_id", "phone", "address"),
            at=at,
        )
    return [queries.person(user) for user in found]


# --- what is checked everywhere ----------------------------------------


def _id(by: User | None) -> int | None:
    return by.pk if by else None


def _raise(errors: dict[str, Any]) -> None:
    if errors:
        raise Invalid(next(iter(errors.values())), fields=errors)


def _phone(phone: str) -> str:
    return normalise(phone).replace("-", "").removeprefix("+86")


def _contact_errors(*, phone: str, email: str, phone_needed: bool = True) -> dict[str, str]:
    errors = {}
    digits = _phone(phone)
    if (digits or phone_needed) and not (digits.isdigit() and 7 <= len(digits) <= 12):
        errors["phone"] = _("请填写11位手机号，或带区号的固定电话，只写数字。")
    if email.strip():
        try:
            validate_email(email.strip())
        except ValidationError:
            errors["email"] = _("电子邮箱的样子应为 name@example.cn，请核对。")
    return errors


def _password_errors(password: str | None, user: User) -> dict[str, str]:
    if password is None:
        return {}
    try:
        validate_password(password, user)
    except ValidationError as weak:
        return {"password": " ".join(weak.messages)}
    return {}


def _new_username() -> str:
    return f"r{secrets.randbelow(10**10):010d}"
