"""Checks of the step graph: order, modes, roles, limits, separation of duties."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from zhengtong.approvals.matters.lint.findings import Finding, error, warning
from zhengtong.approvals.matters.values import MatterDocument, Step
from zhengtong.security.pmi import public as pmi

AFTER_DECISION = ("certify", "pay")
SITE_ROLES = ("site_inspector",)


def order(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Groups run one after another: their numbers rise by one, so that each can be reached and none is reached twice."""
    numbers = [group.no for group in document.steps]
    if not numbers:
        yield error("no_steps", _("没有办理环节。至少要有一个作出决定的环节。"), "steps")
    for previous, number in zip([0, *numbers], numbers, strict=False):
        if number <= previous:
            message = _("环节组的次序有重复或倒退（{a}之后是{b}），会形成循环。").format(a=previous, b=number)
            yield error("steps_cycle", message, "steps")
        elif number != previous + 1:
            message = _("环节组从第{a}组跳到第{b}组，后面的环节无法到达。").format(a=previous, b=number)
            yield error("step_unreachable", message, "steps")
    keys = [step.key for step in document.flat_steps()]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield error("step_twice", _("环节“{key}”写了两次，请换一个键。").format(key=key), f"steps.{key}")


def modes(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """A single group has one step, a parallel one several; only a `lead` group has a lead, exactly one."""
    for group in document.steps:
        where, size = f"steps.{group.no}", len(group.steps)
        leads = sum(step.lead for step in group.steps)
        if size == 0:
            yield error("group_empty", _("第{n}组没有环节。").format(n=group.no), where)
        elif group.mode == "single" and size > 1:
            yield error(
                "single_with_many", _("第{n}组是单环节，却列了{size}个环节。").format(n=group.no, size=size), where
            )
        elif group.mode != "single" and size < 2:
            yield error("parallel_alone", _("第{n}组是并行，却只有一个环节。").format(n=group.no), where)
        if group.mode == "lead" and leads != 1:
            yield error(
                "lead_not_one",
                _("第{n}组由牵头环节决定，牵头的应恰好一个，现有{k}个。").format(n=group.no, k=leads),
                where,
            )
        if group.mode != "lead" and leads:
            yield warning("lead_without_use", _("第{n}组不是牵头方式，牵头标记不起作用。").format(n=group.no), where)


def decision(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Somebody accepts, exactly one step decides, and only making and paying out follows."""
    if document.accept_role not in pmi.ROLES:
        yield error("no_accept_role", _("没有写明由哪个岗位受理。"), "accept_role")
    decides = [step for step in document.flat_steps() if step.kind == "decide"]
    if len(decides) != 1:
        yield error("decide_not_one", _("作出决定的环节应恰好一个，现有{n}个。").format(n=len(decides)), "steps")
    passed = False
    for group in document.steps:
        for step in group.steps:
            if passed and step.kind not in AFTER_DECISION:
                yield error(
                    "work_after_decision",
                    _("“{name}”排在决定之后，不会再影响结果。").format(name=step.name),
                    f"steps.{step.key}",
                )
            if not passed and step.kind in AFTER_DECISION:
                yield error(
                    "result_before_decision", _("“{name}”排在决定之前。").format(name=step.name), f"steps.{step.key}"
                )
        passed = passed or any(step.kind == "decide" for step in group.steps)
        if len(group.steps) > 1 and any(step.kind == "decide" for step in group.steps):
            yield error("decide_in_parallel", _("决定环节应单独成组，不能与其他环节并行。"), f"steps.{group.no}")


def roles(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Known roles and bodies; 承办、审核、批准 are different duties."""
    for step in document.flat_steps():
        where = f"steps.{step.key}"
        if step.role not in pmi.ROLES:
            yield error(
                "unknown_role", _("“{name}”的岗位“{role}”不存在。").format(name=step.name, role=step.role), where
            )
            continue
        if step.department and step.department not in bodies:
            yield error(
                "unknown_department",
                _("“{name}”的部门“{code}”不在机构目录里。").format(name=step.name, code=step.department),
                where,
            )
        if step.min_officers < 1:
            yield error("no_officer", _("“{name}”至少要有1名工作人员。").format(name=step.name), where)
        yield from _duty(step, where)


def _duty(step: Step, where: str) -> Iterator[Finding]:
    duty = pmi.ROLES[step.role].duty
    if step.kind == "decide" and duty != pmi.APPROVE:
        message = _("“{name}”作出决定，岗位“{role}”却不是批准岗，请确认已授权。").format(
            name=step.name, role=pmi.ROLES[step.role].label
        )
        yield warning("decided_by_other_duty", message, where)
    if step.kind != "decide" and duty == pmi.APPROVE:
        yield warning("approver_not_deciding", _("“{name}”用了批准岗，却不是决定环节。").format(name=step.name), where)
    if step.role in SITE_ROLES and step.min_officers < 2:
        yield error(
            "site_visit_alone",
            _("“{name}”应指派两名以上工作人员（行政许可法第三十四条）。").format(name=step.name),
            where,
        )


def limits(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """What the steps take fits into what was promised (the longest of a parallel group counts)."""
    total = sum(group.workdays for group in document.steps)
    if total > document.promised_workdays:
        message = _("各环节合计{total}个工作日，超过承诺时限{promised}个工作日。").format(
            total=total, promised=document.promised_workdays
        )
        yield error("steps_exceed_promise", message, "steps")
    for step in document.flat_steps():
        if step.workdays < 0:
            yield error("negative_days", _("“{name}”的时限不能小于0。").format(name=step.name), f"steps.{step.key}")


RULES = (order, modes, decision, roles, limits)
