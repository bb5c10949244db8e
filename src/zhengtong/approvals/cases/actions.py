"""What the case page offers an official: every action of the present phase, each allowed or with the reason it is not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import charging, queries, rules, slots, states
from zhengtong.approvals.cases.models import Case, Extension, Licence, StepAct, StepTask
from zhengtong.approvals.cases.operations import acceptance, review, steps
from zhengtong.approvals.cases.refusals import CannotAccept, CannotExtend, CannotSuspend, CannotWorkOnStep
from zhengtong.approvals.cases.states import Kind, Outcome, State
from zhengtong.approvals.cases.values import ActionView
from zhengtong.kernel.errors import NotAllowed, Refusal
from zhengtong.security.pmi import public as pmi

Check = Callable[[Case, Any, datetime], None]


@dataclass(frozen=True)
class Action:
    """A button: the event it leads to and the rule that decides."""

    key: str
    label: str | Promise
    kind: Kind
    check: Check


def _at_window(permission: str) -> Check:
    return lambda case, user, at: rules.serves(case, user, permission, timezone.localdate(at))


def _judged(case: Case, user: Any, at: datetime) -> None:
    rules.serves(case, user, "cases.accept", timezone.localdate(at))
    acceptance.require_judged(case)
    if case.checklist.filter(judgement="defective").exists():
        raise CannotAccept(_("有需补正的材料，请发一次性补正通知。"))


def _notify(case: Case, user: Any, at: datetime) -> None:
    rules.serves(case, user, "cases.notify", timezone.localdate(at))
    acceptance.require_judged(case)


def _suspend(case: Case, user: Any, at: datetime) -> None:
    review.may_suspend(case, user, at)
    if not any(p.effect == "suspend" for p in case.elements.special_procedures):
        raise CannotSuspend(_("本事项没有登记可以暂停计时的特别程序。"))


def _extend(case: Case, user: Any, at: datetime) -> None:
    rules.at_department(case, user, "cases.extend", timezone.localdate(at))
    if not any(p.effect == "extend" for p in case.elements.special_procedures):
        raise CannotExtend(_("本事项没有登记延长审批的依据。"))
    if Extension.objects.filter(case=case).exists():
        raise CannotExtend(_("本办件已延长过一次。"))


def _decide(case: Case, user: Any, at: datetime) -> None:
    task = case.tasks.select_related("organization").filter(kind="decide").first()
    if task is None:
        raise Refusal(_("本事项没有决定环节。"))
    rules.works_on(task, user, timezone.localdate(at))
    slots.ask(case, outcome=Outcome.GRANT, by=user, at=at)
    rules.duty_is_free(case, user, pmi.ROLES[task.role].duty) if pmi.ROLES[task.role].duty else None


def _head(case: Case, user: Any, at: datetime) -> None:
    if not pmi.holds(user, "department_head", organization=case.department, on=timezone.localdate(at)):
        raise NotAllowed(_("由本部门负责人办理。"))


def _certify(case: Case, user: Any, at: datetime) -> None:
    rules.at_department(case, user, "cases.certify", timezone.localdate(at))
    if case.outcome == Outcome.REFUSE:
        raise Refusal(_("不予许可的办件不制证。"))


def _deliver(case: Case, user: Any, at: datetime) -> None:
    rules.serves(case, user, "cases.deliver", timezone.localdate(at))
    if case.state == State.DECIDED and case.outcome != Outcome.REFUSE:
        raise Refusal(_("结果文书还没有制作。"))
    if case.outcome != Outcome.REFUSE:
        charging.require_paid(case, "delivery")


def _in_review(case: Case, user: Any, at: datetime) -> None:
    review.officer_of_open_step(case, user, at)


def _deferred(case: Case, user: Any, at: datetime) -> None:
    rules.serves(case, user, "cases.receive", timezone.localdate(at))
    if not case.checklist.filter(judgement="deferred").exists():
        raise Refusal(_("本办件没有等待补交的容缺材料。"))


ACTIONS: tuple[Action, ...] = (
    Action("begin_pre_review", gettext_lazy("开始预审"), Kind.BEGIN_PRE_REVIEW, _at_window("cases.receive")),
    Action("receive", gettext_lazy("收件"), Kind.RECEIVE, _at_window("cases.receive")),
    Action("fix_on_spot", gettext_lazy("当场更正"), Kind.FIX_ON_SPOT, _at_window("cases.receive")),
    Action("accept", gettext_lazy("受理"), Kind.ACCEPT, _judged),
    Action("notify_defects", gettext_lazy("一次性告知补正"), Kind.NOTIFY_DEFECTS, _notify),
    Action("supplement", gettext_lazy("代交补正材料"), Kind.SUPPLEMENT_IN, _at_window("cases.receive")),
    Action("refuse_acceptance", gettext_lazy("不予受理"), Kind.REFUSE_ACCEPTANCE, _at_window("cases.accept")),
    Action("hand_over", gettext_lazy("转办"), Kind.HAND_OVER, _at_window("cases.accept")),
    Action("decide", gettext_lazy("作出决定"), Kind.DECIDE_GRANT, _decide),
    Action("review_supplement", gettext_lazy("要求补交材料"), Kind.REVIEW_SUPPLEMENT, _in_review),
    Action("suspend", gettext_lazy("开始特别程序"), Kind.SUSPEND, _suspend),
    Action("resume", gettext_lazy("结束特别程序"), Kind.RESUME, lambda c, u, at: review.may_suspend(c, u, at)),
    Action("extend", gettext_lazy("延长审批期限"), Kind.EXTEND, _extend),
    Action("certify", gettext_lazy("制作结果文书"), Kind.CERTIFY, _certify),
    Action("deliver", gettext_lazy("送达"), Kind.DELIVER, _deliver),
    Action("hand_in_deferred", gettext_lazy("收到容缺材料"), Kind.DEFERRED_IN, _deferred),
    Action("archive", gettext_lazy("归档"), Kind.ARCHIVE, _at_window("cases.deliver")),
    Action("withdraw", gettext_lazy("代办撤回申请"), Kind.WITHDRAW, _at_window("cases.receive")),
    Action("transfer_up", gettext_lazy("转报上级"), Kind.TRANSFER_UP, _head),
    Action("terminate", gettext_lazy("终止办理"), Kind.TERMINATE, _head),
    Action("change_licence", gettext_lazy("撤销或注销证照"), Kind.CHANGE_LICENCE, _head),
    Action("void", gettext_lazy("作废"), Kind.VOID, _head),
)


def actions_for(case: Case, user: Any, *, at: datetime) -> list[ActionView]:
    """The actions the state machine allows now, each tried against its rule; step opinions come first, one per open step."""
    views = [_step_action(case, task, user, timezone.localdate(at)) for task in _open_steps(case)]
    for action in ACTIONS:
        if (case.state, action.kind) not in states.ARROWS:
            continue
        if action.key == "hand_in_deferred" and not case.checklist.filter(judgement="deferred").exists():
            continue
        if action.key == "change_licence" and not Licence.objects.filter(case=case, state="valid").exists():
            continue
        allowed, why_not = rules.allowed(action.check, case, user, at)
        views.append(ActionView(action.key, str(action.label), allowed, why_not))
    return views


def _open_steps(case: Case) -> list[StepTask]:
    if case.state != State.IN_PROCESS:
        return []
    return list(case.tasks.filter(state=StepTask.OPEN).exclude(kind="decide").select_related("organization"))


def _step_action(case: Case, task: StepTask, user: Any, on: date) -> ActionView:
    def check() -> None:
        rules.works_on(task, user, on)
        steps.lead_is_last(case, task)
        _signs_once(task, user)
        duty = pmi.ROLES[task.role].duty
        if duty:
            rules.duty_is_free(case, user, duty)

    allowed, why_not = rules.allowed(check)
    return ActionView("step", _("签署意见：{step}").format(step=queries.step_label(task)), allowed, why_not, task.pk)


def _signs_once(task: StepTask, user: Any) -> None:
    since = {"at__gte": task.opened_at} if task.opened_at else {}
    if StepAct.objects.filter(task=task, officer_id=user.pk, **since).exists():
        raise CannotWorkOnStep(
            _("您已在这个环节签署过意见。本环节须{n}人办理，请由另一人签署。").format(n=task.min_officers)
        )
