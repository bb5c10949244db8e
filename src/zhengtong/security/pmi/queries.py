"""Reads: who holds what, where, on which day. What follows from it is decided in `decisions`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.kernel.statements import Param, Statement
from zhengtong.security.pmi.models import RoleGrant, complete
from zhengtong.security.pmi.policy import ROLES, roles_with


@dataclass(frozen=True)
class Held:
    """One role as held: at the body whose `path` is given, and below it when `subtree`."""

    role: str
    organization_id: int
    path: str
    subtree: bool

    def reaches(self, organization: Organization) -> bool:
        """True when the grant covers `organization`."""
        return self.organization_id == organization.pk or (self.subtree and organization.path.startswith(self.path))


_HELD = Statement(
    lambda: (
        RoleGrant.objects.filter(user=Param("user"), valid_from__lte=Param("on"))
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gte=Param("on")))
        .filter(complete())
        .values_list("role", "organization_id", "organization__path", "include_subtree")
    )
)


def held_by(user: Any, *, on: date) -> tuple[Held, ...]:
    """Every role `user` holds on `on`; one query, kept on the user object for the rest of the request."""
    if not getattr(user, "pk", None) or not user.is_active or not user.is_official:
        return ()
    kept: tuple[date, tuple[Held, ...]] | None = getattr(user, "_held", None)
    if kept is None or kept[0] != on:
        kept = (on, tuple(Held(*row) for row in _HELD.rows(user=user.pk, on=on)))
        user._held = kept
    return kept[1]


def organizations_where(user: Any, permission: str, *, on: date) -> Iterable[Organization]:
    """The bodies at which `user` may do `permission`, subtrees included."""
    q = Q(pk__in=[])
    for h in held_by(user, on=on):
        if h.role in ROLES and permission in ROLES[h.role].permissions:
            q |= Q(path__startswith=h.path) if h.subtree else Q(pk=h.organization_id)
    return Organization.objects.filter(q)


def pools_of(user: Any, *, on: date) -> tuple[tuple[int, str], ...]:
    """(organisation id, role) pairs whose common to-dos `user` sees."""
    return tuple((h.organization_id, h.role) for h in held_by(user, on=on))


def officials(text: str = "", *, organization: Organization | None = None, active: bool | None = None) -> QuerySet[Any]:
    """Official accounts by part of a name or login name, by body (its subtree included), by state; ordered by name."""
    found = get_user_model().objects.filter(kind="official")
    for word in text.split():
        found = found.filter(Q(display_name__icontains=word) | Q(username__icontains=word) | Q(phone=word))
    if organization is not None:
        found = found.filter(memberships__organization__path__startswith=organization.path)
    if active is not None:
        found = found.filter(is_active=active)
    return found.distinct().order_by("display_name", "pk")


def get_official(user_id: int) -> Any:
    """One official account. Raises `NotFound`."""
    found = get_user_model().objects.filter(pk=user_id, kind="official").first()
    if found is None:
        raise NotFound(_("没有这个工作人员账号。"))
    return found


def get_official_by_username(username: str) -> Any:
    """The active official with this login name. Raises `Invalid` at the field `stand_in`."""
    found = get_user_model().objects.filter(username=username.strip(), kind="official", is_active=True).first()
    if found is None:
        problem = _("没有登录名为“{name}”的工作人员，请核对。").format(name=username.strip())
        raise Invalid(problem, fields={"stand_in": problem})
    return found


def grants_of(user: Any) -> QuerySet[RoleGrant]:
    """Every grant of a person, past ones included, newest first, with body, grantor and whom they stand in for."""
    rows = RoleGrant.objects.filter(user=user).select_related("organization", "granted_by", "stands_for__user")
    return rows.order_by("-valid_from", "-pk")


def roles_by_user(user_ids: Iterable[int], *, on: date) -> dict[int, list[RoleGrant]]:
    """Grants in force by person, one query for a whole list."""
    rows = RoleGrant.objects.filter(user_id__in=list(user_ids), valid_from__lte=on)
    rows = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on)).filter(complete())
    rows = rows.select_related("organization")
    found: dict[int, list[RoleGrant]] = {}
    for grant in rows.order_by("pk"):
        found.setdefault(grant.user_id, []).append(grant)
    return found


def holders_of(role: str, *, on: date) -> QuerySet[RoleGrant]:
    """Who holds a role on `on`, and where."""
    rows = RoleGrant.objects.filter(role=role, valid_from__lte=on).select_related("user", "organization")
    rows = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on)).filter(complete())
    return rows.order_by("organization__path", "pk")


def awaiting_confirmation(*, on: date) -> QuerySet[RoleGrant]:
    """Grants of sensitive roles that wait for a second official, oldest first."""
    rows = RoleGrant.objects.exclude(complete()).filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on))
    return rows.select_related("user", "organization", "granted_by").order_by("pk")


def who_may(permission: str, organization: Organization | None, *, on: date) -> list[RoleGrant]:
    """The grants in force by which somebody may do `permission` at the body (None: anywhere); the office by its place."""
    rows = RoleGrant.objects.filter(role__in=roles_with(permission), valid_from__lte=on, user__is_active=True)
    rows = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on)).filter(complete())
    found = rows.select_related("user", "organization").order_by("organization__path", "pk")
    if organization is None:
        return list(found)
    held = ((one, Held(one.role, one.organization_id, one.organization.path, one.include_subtree)) for one in found)
    return [one for one, reach in held if reach.reaches(organization)]
