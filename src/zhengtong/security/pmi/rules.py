"""What must hold before something is done to an account: the rules of things that belong to `accounts` and `pmi`."""

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations import public as organizations
from zhengtong.security.pmi.decisions import can, register_rule, require
from zhengtong.security.pmi.models import RoleGrant

MANAGE, GRANT = "accounts.manage", "roles.grant"


def administers(user: Any, account: Any, on: date) -> None:
    """Whoever administers one of the person's bodies administers the account; an account without any, every
    administrator. Raises `NotAllowed`.
    """
    bodies = organizations.organizations_of(account, on=on)
    if not any(can(user, MANAGE, organization=body, on=on) for body in bodies):
        require(user, MANAGE, organization=bodies[0] if bodies else None, on=on)


def may_grant(user: Any, grant: RoleGrant, on: date) -> None:
    """Whoever grants at the body of the grant. Raises `NotAllowed`."""
    require(user, GRANT, organization=grant.organization, on=on)


def register() -> None:
    """Tell the decision service."""
    register_rule(get_user_model(), MANAGE, administers, label=_("管理这个账号"))
    register_rule(RoleGrant, GRANT, may_grant, label=_("撤销这项授权"))
