"""Rules as data: begin a draft from a profile or from what is in force, change it, publish it with its document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.oversight.supervision import rulebook
from zhengtong.oversight.supervision.events import RuleSetDrafted, RuleSetPublished
from zhengtong.oversight.supervision.models import Rule, RuleSet
from zhengtong.oversight.supervision.refusals import CannotPublish
from zhengtong.oversight.supervision.rules import RULES
from zhengtong.oversight.supervision.states import Level, Mode, RuleState
from zhengtong.security.pmi import public as pmi

COPIED = (
    "position",
    "code",
    "name",
    "law",
    "kind",
    "basis",
    "mode",
    "value",
    "level",
    "automatic",
    "enabled",
    "recipients",
)
MOST_DAYS = 60


def get_rule_set(rule_set_id: int) -> RuleSet:
    """One version. Raises `NotFound`."""
    found = RuleSet.objects.filter(pk=rule_set_id).first()
    if found is None:
        raise NotFound(_("没有找到这一版监察规则。"))
    return found


def _draft(rule_set_id: int) -> RuleSet:
    found = RuleSet.objects.select_for_update().filter(pk=rule_set_id).first()
    if found is None:
        raise NotFound(_("没有找到这一版监察规则。"))
    if found.state != RuleState.DRAFT:
        raise CannotPublish(_("已施行的规则不能修改。请另起草案，修改后再施行。"))
    return found


@transaction.atomic
def begin_draft(*, by: Any, at: datetime, profile: str = "") -> RuleSet:
    """Begin the next version: from a profile that ships with the product, or (none named) from the rules in force."""
    if by is not None:
        pmi.require(by, RULES, on=timezone.localdate(at))
    if RuleSet.objects.filter(state=RuleState.DRAFT).exists():
        raise CannotPublish(_("已有一份草案在起草，请先施行或放弃它。"))
    version = (RuleSet.objects.aggregate(n=Max("version"))["n"] or 0) + 1
    known = {one["key"]: one for one in rulebook.profiles()}
    if profile in known:
        made = _from_profile(known[profile], version, by=by, at=at)
    else:
        made = _from_force(version, by=by, at=at)
    _publish_draft_fact(made, "begun", by=by, at=at)
    return made


def _from_profile(given: Mapping[str, Any], version: int, *, by: Any, at: datetime) -> RuleSet:
    made = RuleSet.objects.create(
        version=version,
        profile=given["key"],
        name=given["name"]["zh"],
        document=given["document"],
        note=given["note"],
        settings=given["settings"],
        created_at=at,
        created_by=by,
    )
    Rule.objects.bulk_create(
        Rule(rule_set=made, position=position, **rule) for position, rule in enumerate(given["rules"], 1)
    )
    return made


def _from_force(version: int, *, by: Any, at: datetime) -> RuleSet:
    source = RuleSet.objects.filter(state=RuleState.PUBLISHED).first()
    if source is None:
        raise Invalid(_("还没有施行中的规则，请从一个方案开始。"), fields={"profile": _("请选择方案。")})
    made = RuleSet.objects.create(
        version=version,
        profile=source.profile,
        name=source.name,
        document=source.document,
        note=source.note,
        settings=source.settings,
        created_at=at,
        created_by=by,
    )
    Rule.objects.bulk_create(
        Rule(rule_set=made, **{name: getattr(rule, name) for name in COPIED}) for rule in source.rules.all()
    )
    return made


@transaction.atomic
def change_rule(*, rule_id: int, changes: Mapping[str, Any], by: Any, at: datetime) -> Rule:
    """Change value, level, automatic, enabled, recipients or mode (left, percent, overdue) of one rule of the draft."""
    pmi.require(by, RULES, on=timezone.localdate(at))
    rule = Rule.objects.select_related("rule_set").filter(pk=rule_id).first()
    if rule is None:
        raise NotFound(_("没有找到这条规则。"))
    _draft(rule.rule_set_id)
    for name in ("value", "level", "automatic", "enabled", "recipients", "mode"):
        if name in changes:
            setattr(rule, name, changes[name])
    _check_rule(rule)
    rule.save()
    _publish_draft_fact(rule.rule_set, f"rule {rule.code}", by=by, at=at)
    return rule


def _check_rule(rule: Rule) -> None:
    if rule.level not in Level.values:
        raise Invalid(_("请选择级别。"), fields={"level": _("请选择预警、黄牌或红牌。")})
    if rule.mode == Mode.PERCENT and not 1 <= rule.value <= 100:
        raise Invalid(_("百分比须在1至100之间。"), fields={"value": _("请填写1至100。")})
    if rule.mode in (Mode.LEFT, Mode.OVERDUE) and not 0 <= rule.value <= MOST_DAYS:
        raise Invalid(_("工作日数须在0至60之间。"), fields={"value": _("请填写0至60。")})
    twin = Rule.objects.filter(rule_set=rule.rule_set_id, code=rule.code, level=rule.level).exclude(pk=rule.pk)
    if twin.exists():
        raise Invalid(_("同一编号已有这个级别的规则。"), fields={"level": _("请选择另一个级别。")})


@transaction.atomic
def change_settings(
    *, rule_set_id: int, document: str, note: str, settings: Mapping[str, int], by: Any, at: datetime
) -> RuleSet:
    """Change the document, the note, and the windows of the draft."""
    pmi.require(by, RULES, on=timezone.localdate(at))
    draft = _draft(rule_set_id)
    for name in rulebook.DEFAULTS:
        if not 1 <= int(settings[name]) <= MOST_DAYS:
            raise Invalid(_("天数须在1至60之间。"), fields={name: _("请填写1至60。")})
    draft.document, draft.note = document.strip()[:200], note.strip()[:500]
    draft.settings = {name: int(settings[name]) for name in rulebook.DEFAULTS}
    draft.save(update_fields=["document", "note", "settings"])
    _publish_draft_fact(draft, "settings", by=by, at=at)
    return draft


@transaction.atomic
def discard_draft(*, rule_set_id: int, by: Any, at: datetime) -> None:
    """Give a draft up; its back-tests go with it."""
    pmi.require(by, RULES, on=timezone.localdate(at))
    draft = _draft(rule_set_id)
    _publish_draft_fact(draft, "discarded", by=by, at=at)
    draft.delete()


@transaction.atomic
def publish_rules(*, rule_set_id: int, by: Any, at: datetime) -> RuleSet:
    """Bring a draft into force from `at`. Never retroactive: a clock that runs is looked at anew from this moment.

    Refuses without the document the rules rest on, and without any enabled rule.
    """
    if by is not None:
        pmi.require(by, RULES, on=timezone.localdate(at))
    draft = _draft(rule_set_id)
    if not draft.document.strip():
        raise CannotPublish(_("请先写明规则所依据的文件（名称、文号、日期），再施行。"))
    if not draft.rules.filter(enabled=True).exists():
        raise CannotPublish(_("没有启用任何规则，不能施行。"))
    RuleSet.objects.filter(state=RuleState.PUBLISHED).update(state=RuleState.SUPERSEDED)
    draft.state, draft.published_at, draft.published_by = RuleState.PUBLISHED, at, by
    draft.save(update_fields=["state", "published_at", "published_by"])
    fact = RuleSetPublished(rule_set_id=draft.pk, version=draft.version, actor_id=by.pk if by else None)
    events.publish(fact, at=at)
    return draft


def _publish_draft_fact(draft: RuleSet, change: str, *, by: Any, at: datetime) -> None:
    fact = RuleSetDrafted(rule_set_id=draft.pk, change=change, actor_id=by.pk if by else None)
    events.publish(fact, at=at)
