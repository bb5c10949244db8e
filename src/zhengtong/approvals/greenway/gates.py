"""What projects say about a case: it may not be decided before what it rests on, nor by the applicant's agent; and its panel."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import queries, rules
from zhengtong.approvals.greenway.models import Branch
from zhengtong.approvals.greenway.refusals import CannotFile, WaitsForPrerequisite
from zhengtong.approvals.greenway.states import BranchState

TONES = {
    BranchState.GRANTED: "ok",
    BranchState.REFUSED: "overdue",
    BranchState.WAITING: "soon",
    BranchState.SUSPENDED: "paused",
    BranchState.LEFT: "",
    BranchState.NOT_NEEDED: "",
    BranchState.PLANNED: "",
}


@cases.slots.gate(name="greenway")
def may_decide(case: cases.Case, outcome: str, by: Any, at: datetime) -> None:
    """Nothing is granted before its prerequisites are (滨州 2020 第十六条); a refusal on other grounds may be given at any time.

    A branch is submitted with the others, never by itself. Raises `WaitsForPrerequisite`, `CannotDecideAsAgent`, `CannotFile`.
    """
    branch = queries.branch_of_case(case.pk)
    if branch is None:
        return
    if outcome == cases.slots.SUBMIT:
        if branch.state == BranchState.DRAFTING:
            raise CannotFile(_("这个事项是联合办理的一部分，请在项目页面统一提交。"))
        return
    rules.not_the_agent(branch.joint.project, by)
    if outcome not in (cases.Outcome.GRANT, cases.Outcome.GRANT_DEFERRED):
        return
    missing = queries.unmet(branch)
    if missing:
        names = "、".join(f"{one.label}（{one.department.short_label}，{one.get_state_display()}）" for one in missing)
        raise WaitsForPrerequisite(
            _("这个事项要等前置结果，现在可以审查，还不能准予：{names}。结果一到即可决定，系统会提醒。").format(
                names=names
            )
        )


@cases.slots.panel(name="greenway")
def panel(case: cases.Case) -> cases.CasePanel | None:
    """The project the case belongs to, what it waits for, and the record of a joint visit."""
    branch = queries.branch_of_case(case.pk)
    if branch is None or branch.state == BranchState.DRAFTING:
        return None
    project = branch.joint.project
    lines = [cases.PanelLine(f"{project.name} {project.number}", reverse("greenway:project", args=[project.pk]))]
    lines.append(
        cases.PanelLine(branch.joint.label, "", str(branch.get_state_display()), TONES.get(_state(branch), "info"))
    )
    lines += [
        cases.PanelLine(
            _("等：{name}").format(name=one.label), "", str(one.get_state_display()), TONES.get(_state(one), "info")
        )
        for one in queries.unmet(branch)
    ]
    for visit in branch.visits.exclude(state="cancelled").order_by("pk"):
        when = formats.date_format(timezone.localtime(visit.visit_at), "Y-m-d H:i") if visit.visit_at else ""
        words = visit.record or visit.purpose
        lines.append(cases.PanelLine(_("联合勘验 {when}：{words}").format(when=when, words=words), ""))
    return cases.CasePanel(_("所属项目"), tuple(lines))


def _state(branch: Branch) -> BranchState:
    return BranchState(branch.state)
