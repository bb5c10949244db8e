"""The decision service: may this person do that, to this, now? Every view, operation and interface asks here.

    decide(user, "cases.accept", organization, at=now)     role × organisation subtree × validity
    decide(user, "cases.view", case, at=now)               the same, and the state of the thing (a rule its app registered)
    decide_route(user, mark, at=now)                       what a page asks of its visitor

Deny by default: no policy for the action, no rule for the thing, or an engine that fails are refusals too. A decision
carries the rule that made it and, asked for, the reason in plain Chinese; `demand` turns a refusal into an error.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.access import Access
from zhengtong.kernel.errors import NotAllowed, ZhengtongError
from zhengtong.security.pmi.policy import PERMISSIONS, ROLES, roles_with
from zhengtong.security.pmi.queries import Held, held_by

log = logging.getLogger(__name__)
ObjectRule = Callable[[Any, Any, date], None]
"""(user, thing, day): passes silently, or raises the refusal with its sentence."""

NO_POLICY, FAILED = "deny.no_policy", "deny.engine"
NOT_OFFICIAL, ELSEWHERE, NO_POST = "deny.account", "deny.elsewhere", "deny.no_post"
UNMARKED, PUBLIC, SIGNED_IN, SIGN_IN_FIRST, OFFICIAL = (
    "route.unmarked",
    "route.public",
    "route.signed_in",
    "route.sign_in_first",
    "route.official",
)


@dataclass(frozen=True)
class Decision:
    """Allowed or not, by which rule; `reason` is a sentence for the person, put into words only when somebody reads it."""

    allowed: bool
    rule: str
    explain: Callable[[], str] = field(repr=False, compare=False)
    refusal: ZhengtongError | None = field(default=None, repr=False, compare=False)

    @property
    def reason(self) -> str:
        """Why, in plain Chinese (or the reader's language); a refusal says what to do."""
        return self.explain()


@dataclass(frozen=True)
class Registered:
    """A rule about things of one class, by the app that owns them."""

    action: str
    label: Any
    check: ObjectRule


_rules: dict[tuple[type, str], Registered] = {}


def register_rule(model: type, action: str, check: ObjectRule, *, label: Any) -> None:
    """What must hold before `action` may be done to a `model` row; said once per action, in `AppConfig.ready()`."""
    known = _rules.get((model, action))
    if known and known.check.__qualname__ != check.__qualname__:
        raise ValueError(f"two rules for {action} on {model.__name__}")
    _rules[model, action] = Registered(action, label, check)


def registered_rules() -> dict[tuple[type, str], Registered]:
    """Every rule about things, by class and action, for the pages that show the policy."""
    return dict(_rules)


def decide(user: Any, action: str, thing: Any = None, *, at: datetime | date) -> Decision:
    """May `user` do `action` to `thing` (None: anywhere at all; a body; a row whose app registered a rule) at `at`?

    Never raises: whatever goes wrong inside is a refusal, and is written to the log without personal data.
    """
    try:
        return _decide(user, action, thing, _day(at))
    except ZhengtongError as refusal:
        sentence = refusal.message
        return Decision(False, f"deny.{action}", lambda: sentence, refusal)
    except Exception as error:  # fail closed (T-AZ-6): no decision is a refusal
        return _failed(error, action)


def decide_route(user: Any, mark: Access | None, *, at: datetime | date) -> Decision:
    """May `user` open a page with this mark? A page without one is closed to everybody."""
    try:
        return _decide_route(user, mark, at)
    except Exception as error:
        return _failed(error, mark.permission if mark else "")


def demand(user: Any, action: str, thing: Any = None, *, at: datetime | date) -> None:
    """Raise the refusal (`NotAllowed`, or what the rule of the thing says) unless `decide` allows it."""
    decision = decide(user, action, thing, at=at)
    if not decision.allowed:
        raise refusal_of(decision, action)


def refusal_of(decision: Decision, action: str) -> ZhengtongError:
    """The error of a refused decision; it carries rule and action, so that it can be recorded where it surfaces."""
    refusal = decision.refusal or NotAllowed(decision.reason)
    refusal.rule, refusal.action = decision.rule, action
    return refusal


def can(user: Any, permission: str, *, organization: Organization | None = None, on: date) -> bool:
    """May `user` do `permission` at `organization` (None: anywhere at all)?"""
    return decide(user, permission, organization, at=on).allowed


def require(user: Any, permission: str, *, organization: Organization | None = None, on: date) -> None:
    """Raise `NotAllowed` with the reason and the way out unless `can`."""
    demand(user, permission, organization, at=on)


def holds(user: Any, role: str, *, organization: Organization, on: date) -> bool:
    """Does `user` hold `role` at `organization`? False when nobody can tell."""
    try:
        return role in ROLES and any(h.role == role and h.reaches(organization) for h in held_by(user, on=on))
    except Exception as error:
        return _failed(error, role).allowed


def why_not(user: Any, permission: str, *, organization: Organization | None = None, on: date) -> str:
    """Why `user` may not: which posts may, which the person holds, whom to ask. Empty when the person may."""
    decision = decide(user, permission, organization, at=on)
    return "" if decision.allowed else decision.reason


# --- The engine ----------------------------------------------------------------------------------------------------


def _day(at: datetime | date) -> date:
    if isinstance(at, datetime):
        return timezone.localdate(at)
    if not isinstance(at, date):
        raise TypeError("a decision needs a moment or a day")
    return at


def _decide(user: Any, action: str, thing: Any, on: date) -> Decision:
    if thing is None or isinstance(thing, Organization):
        return _by_role(user, action, thing, on)
    known = _rules.get((type(thing), action))
    if known is None:
        return _no_policy(action)
    known.check(user, thing, on)
    return Decision(True, f"object.{action}", lambda: _("符合“{what}”的规则。").format(what=known.label))


def _by_role(user: Any, permission: str, body: Organization | None, on: date) -> Decision:
    if permission not in PERMISSIONS:
        return _no_policy(permission)
    elsewhere = False
    held = held_by(user, on=on)
    for one in held:
        role = ROLES.get(one.role)
        if role is not None and permission in role.permissions:
            if body is None or one.reaches(body):
                return Decision(True, f"role.{one.role}", lambda: _granted(one, permission))  # noqa: B023 - returned at once
            elsewhere = True
    if not held and not (getattr(user, "is_active", False) and getattr(user, "is_official", False)):
        return Decision(False, NOT_OFFICIAL, lambda: _("这是工作人员的权限，居民账号和已停用的账号不能使用。"))
    rule = ELSEWHERE if elsewhere else NO_POST
    return Decision(False, rule, lambda: _refused(permission, body, held, elsewhere))


def _decide_route(user: Any, mark: Access | None, at: datetime | date) -> Decision:
    if mark is None:
        return Decision(False, UNMARKED, lambda: _("这个地址没有登记访问规则，已拒绝访问。请联系系统管理员。"))
    if mark.level == "public":
        return Decision(True, PUBLIC, lambda: _("任何人都可以打开。"))
    if mark.level not in ("signed_in", "official"):
        return _no_policy(mark.level)
    if not user.is_authenticated:
        return Decision(False, SIGN_IN_FIRST, lambda: _("请先登录。"))
    if mark.level == "official":
        if not user.is_official:
            return Decision(False, OFFICIAL, lambda: _("这是工作人员使用的页面。您要办的事请从首页搜索。"))
        if mark.permission:
            return decide(user, mark.permission, at=at)
        return Decision(True, OFFICIAL, lambda: _("工作人员都可以打开。"))
    return Decision(True, SIGNED_IN, lambda: _("登录后都可以打开，只看得到自己的内容。"))


def _no_policy(action: str) -> Decision:
    return Decision(
        False, NO_POLICY, lambda: _("没有登记“{action}”的规则，一律不允许。请联系系统管理员。").format(action=action)
    )


def _failed(error: Exception, action: str) -> Decision:
    log.error("no decision could be made", extra={"error": type(error).__name__, "action": action})
    return Decision(False, FAILED, lambda: _("现在无法判断您的权限，为安全起见已拒绝，没有任何改动。请稍后再试。"))


def _granted(held: Held, permission: str) -> str:
    body = Organization.objects.filter(pk=held.organization_id).first()
    sentence = (
        _("“{role}”（{body}）有“{what}”的权限，含下级单位。")
        if held.subtree
        else _("“{role}”（{body}）有“{what}”的权限。")
    )
    return sentence.format(role=ROLES[held.role].label, body=body.label if body else "", what=PERMISSIONS[permission])


def _refused(permission: str, body: Organization | None, held: tuple[Held, ...], elsewhere: bool) -> str:
    what = PERMISSIONS[permission]
    where = _("（{body}）").format(body=body.label) if body else ""
    if elsewhere:
        reason = _("您在{where}没有“{what}”的权限，您的授权只在其他单位有效。").format(where=where, what=what)
    else:
        needed = _("、").join(str(ROLES[name].label) for name in roles_with(permission))
        posts = _("、").join(dict.fromkeys(str(ROLES[h.role].label) for h in held if h.role in ROLES))
        reason = _("“{what}”{where}需要以下岗位之一：{needed}。您现在的岗位：{held}。").format(
            what=what, where=where, needed=needed, held=posts or _("无")
        )
    return reason + _("确需办理的，请联系本单位管理员或县政务办授权。")
