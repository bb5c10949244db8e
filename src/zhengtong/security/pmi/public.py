"""The door of PMI."""

from zhengtong.security.pmi.decisions import (
    Decision,
    can,
    decide,
    decide_route,
    demand,
    holds,
    register_rule,
    require,
    why_not,
)
from zhengtong.security.pmi.operations import CannotGrant, CannotRevoke, appoint_stand_in, grant_role, revoke_role
from zhengtong.security.pmi.policy import APPROVE, CONFLICTS, DUTIES, PERMISSIONS, REVIEW, ROLES, UNDERTAKE, Role
from zhengtong.security.pmi.queries import Held, held_by, holders_of, organizations_where, pools_of

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
    "Decision",
    "Held",
    "Role",
    "appoint_stand_in",
    "can",
    "decide",
    "decide_route",
    "demand",
    "grant_role",
    "held_by",
    "holders_of",
    "holds",
    "organizations_where",
    "pools_of",
    "register_rule",
    "require",
    "revoke_role",
    "why_not",
]
