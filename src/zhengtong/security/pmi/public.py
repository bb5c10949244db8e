"""The door of PMI."""

from zhengtong.security.pmi.operations import CannotGrant, CannotRevoke, appoint_stand_in, grant_role, revoke_role
from zhengtong.security.pmi.policy import APPROVE, CONFLICTS, DUTIES, PERMISSIONS, REVIEW, ROLES, UNDERTAKE, Role
from zhengtong.security.pmi.queries import (
    Held,
    can,
    held_by,
    holders_of,
    holds,
    organizations_where,
    pools_of,
    require,
    why_not,
)

__all__ = [
    "APPROVE",
    "CONFLICTS",
    "DUTIES",
    "PERMISSIONS",
    "REVIEW",
    "ROLES",
    "UNDERTAKE",
    "CannotGrant",
    "CannotRevoke",
    "Held",
    "Role",
    "appoint_stand_in",
    "can",
    "grant_role",
    "held_by",
    "holders_of",
    "holds",
    "organizations_where",
    "pools_of",
    "require",
    "revoke_role",
    "why_not",
]
