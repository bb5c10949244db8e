"""Grant and end roles; appoint who stands in for somebody."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid, NotAllowed, Refusal
from zhengtong.security.pmi import decisions
from zhengtong.security.pmi.events import AccessRefused, GrantConfirmed, RoleGranted, RoleRevoked
from zhengtong.security.pmi.models import RoleGrant
from zhengtong.security.pmi.policy import CONFLICTS, ROLES

STAND_IN_AT_MOST = timedelta(days=183)


class CannotGrant(Refusal):
    """The roles would conflict (三员分离), or the person may not hold a role."""


class CannotRevoke(Refusal):
    """The grant has ended already."""


@transaction.atomic
def grant_role(
    *,
    user: Any,
    role: str,
    organization: Organization,
    by: int | None,
    at: datetime,
    valid_from: date,
    valid_until: date | None = None,
    include_subtree: bool = False,
    reason: str = "",
    stands_for: RoleGrant | None = None,
) -> RoleGrant:
    """Give `user` the role at the body (and below it). `by` None: the county's own programs.

    A sensitive role given by an official counts only when another official has confirmed it (`confirm_grant`).
    Refuses unknown roles, residents, closed accounts, conflicting roles, reversed dates, the same grant twice, and a
    grantor who may not grant there or grants to themselves.
    """
    _demand_known(role, valid_from, valid_until)
    _demand_grantor(by, user, organization, timezone.localdate(at))
    get_user_model().objects.select_for_update().get(pk=user.pk)
    if not user.is_official or not user.is_active:
        raise CannotGrant(_("居民账号和已停用的账号不能担任工作岗位，请先建立或恢复工作人员账号。"))
    held = _overlapping(RoleGrant.objects.filter(user=user), valid_from, valid_until)
    _demand_separation(role, held.values_list("role", flat=True))
    if held.filter(role=role, organization=organization, include_subtree=include_subtree).exists():
        raise CannotGrant(_("此人在这段时间已经有这个岗位，没有重复授权。"))
    grant = RoleGrant.objects.create(
        user=user,
        role=role,
        organization=organization,
        include_subtree=include_subtree,
        valid_from=valid_from,
        valid_until=valid_until,
        granted_by_id=by,
        reason=reason.strip(),
        stands_for=stands_for,
    )
    fact = RoleGranted(
        grant_id=grant.pk,
        user_id=user.pk,
        role=role,
        organization_id=organization.pk,
        stands_for=stands_for.pk if stands_for else None,
        actor_id=by,
    )
    events.publish(fact, at=at)
    return grant


def _demand_known(role: str, valid_from: date, valid_until: date | None) -> None:
    if role not in ROLES:
        raise Invalid(_("没有“{role}”这个角色。").format(role=role), fields={"role": _("请选择岗位。")})
    if valid_until and valid_until < valid_from:
        problem = _("失效日期早于生效日期，请改正。")
        raise Invalid(problem, fields={"valid_until": problem})


def _demand_grantor(by: int | None, user: Any, organization: Organization, on: date) -> None:
    if by is None:
        return
    if by == user.pk:
        raise NotAllowed(_("不能给自己授权或撤销自己的授权，请由另一位管理员办理。"))
    grantor = get_user_model().objects.get(pk=by)
    decisions.require(grantor, "roles.grant", organization=organization, on=on)


def _overlapping(grants: QuerySet[RoleGrant], first: date, last: date | None) -> QuerySet[RoleGrant]:
    begun = Q() if last is None else Q(valid_from__lte=last)
    return grants.filter(begun).filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first))


def _demand_separation(role: str, held: Iterable[str]) -> None:
    for other in held:
        if frozenset({role, other}) in CONFLICTS:
            raise CannotGrant(
                _("“{a}”与“{b}”不能由同一人担任（三员分离），请改由他人担任。").format(
                    a=ROLES[role].label, b=ROLES[other].label
                )
            )


@transaction.atomic
def confirm_grant(*, grant: RoleGrant, by: int, at: datetime) -> None:
    """The second signature under a sensitive role; from now on it counts.

    Refuses whoever gave it, whoever receives it, whoever may not grant there, and a grant that needs no confirmation
    or has ended.
    """
    locked = RoleGrant.objects.select_for_update(of=("self",)).select_related("organization", "user").get(pk=grant.pk)
    if locked.granted_by_id == by:
        raise NotAllowed(_("这项授权是您自己提出的，须由另一位有授权权限的人确认。"))
    _demand_grantor(by, locked.user, locked.organization, timezone.localdate(at))
    if not locked.awaits_confirmation or (locked.valid_until and locked.valid_until < timezone.localdate(at)):
        raise CannotGrant(_("这项授权已经确认或已经结束，不用再确认。"))
    locked.confirmed_by_id = by
    locked.save(update_fields=["confirmed_by"])
    events.publish(GrantConfirmed(grant_id=locked.pk, user_id=locked.user_id, role=locked.role, actor_id=by), at=at)


@transaction.atomic
def revoke_role(*, grant: RoleGrant, by: int | None, at: datetime, on: date) -> None:
    """End a grant, and whoever stands in for it, with the day before `on`; the rows stay for history.

    Refuses a grantor who may not revoke there, and a grant that has ended.
    """
    _demand_grantor(by, grant.user, grant.organization, on)
    locked = RoleGrant.objects.select_for_update().get(pk=grant.pk)
    if locked.valid_until is not None and locked.valid_until < on:
        raise CannotRevoke(_("这项授权已经结束。"))
    for ended in (locked, *_overlapping(locked.stand_ins.select_for_update(), on, None)):
        ended.valid_until = max(on - timedelta(days=1), ended.valid_from - timedelta(days=1))
        ended.save(update_fields=["valid_until"])
        fact = RoleRevoked(grant_id=ended.pk, user_id=ended.user_id, role=ended.role, actor_id=by)
        events.publish(fact, at=at)
    grant.valid_until = locked.valid_until


@transaction.atomic
def appoint_stand_in(
    *, absent: Any, stand_in: Any, valid_from: date, valid_until: date, reason: str, by: int | None, at: datetime
) -> list[RoleGrant]:
    """代理: while `absent` is away, `stand_in` holds every role of theirs, for at most half a year, for a written
    reason.

    The separation of duties holds for the stand-in as for everybody. Refuses missing dates or reasons, a person
    without roles, standing in for oneself, and everything `grant_role` refuses; then nothing is granted.
    """
    _demand_terms(absent, stand_in, valid_from, valid_until, reason)
    own = RoleGrant.objects.filter(user=absent, stands_for__isnull=True).select_related("organization")
    made = []
    for grant in _overlapping(own, valid_from, valid_until).order_by("pk"):
        if _holds_already(stand_in, grant, valid_from, valid_until):
            continue
        made.append(
            grant_role(
                user=stand_in,
                role=grant.role,
                organization=grant.organization,
                include_subtree=grant.include_subtree,
                valid_from=max(valid_from, grant.valid_from),
                valid_until=min(valid_until, grant.valid_until or valid_until),
                reason=reason,
                stands_for=grant,
                by=by,
                at=at,
            )
        )
    if not made:
        raise CannotGrant(_("被代理人在这段时间没有需要代理的岗位，或者代理人已经有同样的岗位。"))
    return made


def _demand_terms(absent: Any, stand_in: Any, valid_from: date, valid_until: date, reason: str) -> None:
    errors = {}
    if absent.pk == stand_in.pk:
        errors["stand_in"] = _("代理人不能是本人。")
    if valid_until < valid_from or valid_until - valid_from > STAND_IN_AT_MOST:
        errors["valid_until"] = _("代理期限须在开始日期之后，最长半年；更长的请正式任命。")
    if not reason.strip():
        errors["reason"] = _("请写明代理事由，例如“外出学习”。")
    if errors:
        raise Invalid(next(iter(errors.values())), fields=errors)


def _holds_already(user: Any, grant: RoleGrant, first: date, last: date) -> bool:
    same = RoleGrant.objects.filter(
        user=user, role=grant.role, organization=grant.organization, include_subtree=grant.include_subtree
    )
    return _overlapping(same, first, last).exists()


@transaction.atomic
def record_refusal(
    *, user_id: int, action: str, rule: str, route: str, method: str, at: datetime, target: str = ""
) -> None:
    """Put on record that an official was refused: what was asked for, by which rule, at which address (等保 8.1.4.3).

    `route` is the pattern of the address and `target` the numbers in it: neither names a person.
    """
    fact = AccessRefused(
        user_id=user_id, action=action, rule=rule, route=route, method=method, target=target, actor_id=user_id
    )
    events.publish(fact, at=at)
