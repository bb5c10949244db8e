"""What the pages before and during filing show: cards, the guide of a template, who may begin, the check."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.approvals.greenway import queries, wizard
from zhengtong.approvals.greenway.forms import StartForm
from zhengtong.approvals.greenway.models import Branch, JointCase, Template, own
from zhengtong.approvals.greenway.operations import opening, sharing
from zhengtong.approvals.greenway.plans import BranchPlan, StagePlan, TemplateDocument
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.values import Principal

OF_PERSONS, OF_BODIES = {"1"}, {"2", "3", "4", "5", "6"}


def cards(kind: str) -> list[dict[str, Any]]:
    """The templates of a kind as tiles."""
    found = []
    for template in queries.templates(kind):
        assert template.current is not None
        plan = template.current.plan
        count = sum(len(stage.branches) for stage in plan.stages)
        found.append(
            {
                "title": template.current.label,
                "url": reverse("greenway:guide", args=[template.key]),
                "text": own(plan.description, plan.description_en),
                "note": _("最多{n}个事项 · 联合时限{days}个工作日").format(n=count, days=limit_of(plan)),
            }
        )
    return found


def limit_of(plan: TemplateDocument) -> int:
    """The working days of all stages together."""
    return plan.total_limit_workdays or sum(stage.limit_workdays for stage in plan.stages)


@dataclass(frozen=True)
class Line:
    """One matter as the guide tells of it."""

    name: str
    url: str
    body: str
    days: int | None
    when: str
    after: tuple[str, ...]


@dataclass(frozen=True)
class StageGuide:
    """One stage as the guide tells of it."""

    name: str
    lead: str
    limit: int
    lines: tuple[Line, ...]
    shared: tuple[str, ...]
    once: tuple[str, ...]


def guide(template: Template) -> dict[str, Any]:
    """Everything the guide of a template says."""
    assert template.current is not None
    version = template.current
    plan = version.plan
    keys = [branch.matter for stage in plan.stages for branch in stage.branches]
    known = {m.key: m for m in matters.Matter.objects.select_related("current", "department").filter(key__in=keys)}
    codes = {stage.lead_department for stage in plan.stages}
    leads = {body.code: body.label for body in Organization.objects.filter(code__in=codes)}
    return {
        "template": template,
        "version": version,
        "plan": plan,
        "description": own(plan.description, plan.description_en),
        "limit": limit_of(plan),
        "stages": [_stage(plan, stage, known, leads) for stage in plan.stages],
        "questions": [own(field.label, field.label_en) for field in plan.questions],
    }


def _stage(plan: TemplateDocument, stage: StagePlan, known: dict[str, Any], leads: dict[str, str]) -> StageGuide:
    def name(key: str) -> str:
        matter = known.get(key)
        return matter.current.label if matter and matter.current else key

    english = {
        material.name: material.name_en
        for branch in stage.branches
        if branch.matter in known and known[branch.matter].current
        for material in known[branch.matter].current.elements.materials
    }

    questions = {
        field.key: own(field.label, field.label_en)
        for branch in stage.branches
        if branch.matter in known and known[branch.matter].current
        for field in known[branch.matter].current.elements.form.fields
    }

    def line(branch: BranchPlan) -> Line:
        matter = known.get(branch.matter)
        elements = matter.current.elements if matter and matter.current else None
        question = plan.question_of(branch)
        return Line(
            name=name(branch.matter),
            url=reverse("hall:service", args=[branch.matter]) if matter else "",
            body=branch.authority or (matter.department.label if matter else ""),
            days=elements.promised_workdays if elements else None,
            when=own(question.label, question.label_en) if question else "",
            after=tuple(name(key) for key in branch.prerequisites),
        )

    return StageGuide(
        own(stage.name, stage.name_en),
        leads.get(stage.lead_department, ""),
        stage.limit_workdays,
        tuple(line(branch) for branch in stage.branches),
        tuple(own(one, english.get(one, "")) for one in stage.shared_materials),
        tuple(questions[key] for key in stage.shared_fields if key in questions),
    )


# --- beginning ------------------------------------------------------------------------------------------------------------


def principals(template: Template, user: Any, *, on: date) -> list[Principal]:
    """For whom `user` may begin it: persons where it is for persons, bodies where it is for bodies."""
    assert template.current is not None
    wanted = set(template.current.plan.audiences)
    fitting = []
    for principal in accounts.principals_of(user, on=on):
        if principal.kind == "person" and wanted & OF_PERSONS or principal.kind == "enterprise" and wanted & OF_BODIES:
            fitting.append(principal)
    return fitting


def townships_for(template: Template, *, on: date) -> list[tuple[str, str]]:
    """The townships, where one of them takes part in a matter."""
    assert template.current is not None
    keys = [branch.matter for stage in template.current.plan.stages for branch in stage.branches]
    known = matters.Matter.objects.select_related("current").filter(key__in=keys, current__isnull=False)
    if not any(s.role == "township_officer" for m in known if m.current for s in m.current.elements.flat_steps()):
        return []
    rows = Organization.objects.active(on).filter(kind=Organization.TOWNSHIP).order_by("path")
    return [(body.code, body.label) for body in rows]


def start_form(template: Template, user: Any, data: QueryDict | None, *, on: date) -> StartForm:
    """The form with those for whom `user` may begin."""
    capacities = {
        "self": _("本人"),
        "legal": _("我是法定代表人"),
        "manager": _("我是管理员"),
        "handler": _("我是经办人"),
        "agent": _("受委托代办"),
    }
    found = [
        (p.key, f"{p.name}（{capacities.get(p.capacity, '')}，{p.masked_id_number}）")
        for p in principals(template, user, on=on)
    ]
    return StartForm(data, principals=found, townships=townships_for(template, on=on), kind=template.kind)


def open_for(
    template: Template, form: StartForm, *, by: Any, at: datetime, principal: Principal | None = None, **more: Any
) -> JointCase:
    """Open the project or bundle and begin its first stage. Raises `NotAllowed` for somebody one may not act for."""
    given = form.cleaned_data
    who = principal or accounts.require_principal(by, given.get("principal", ""), on=at.date())
    code = given.get("township")
    project = opening.open_project(
        template=template,
        principal=who,
        by=by,
        at=at,
        name=given.get("name", ""),
        code=given.get("code", ""),
        site=given.get("site", ""),
        investment=given.get("investment"),
        township=Organization.objects.filter(code=code).first() if code else None,
        **more,
    )
    first = project.joints.order_by("no").first()
    assert first is not None
    return opening.begin_stage(joint_id=first.pk, by=by, at=at)


# --- papers and check -----------------------------------------------------------------------------------------------------


def users_of(branches: tuple[Branch, ...]) -> str:
    """Which branches use a paper, in words."""
    return _("用于：{names}").format(names="、".join(branch.label for branch in branches))


def to_give(joint: JointCase, rows: list[sharing.SharedPaper]) -> list[dict[str, Any]]:
    """The papers somebody has to give, as a list of tasks; after a notice those to be given again come with the reason."""
    found = []
    for number, row in enumerate(rows, 1):
        if row.by_sharing:
            continue
        if row.judgement == "defective":
            status, tone = row.remark or _("需补正，请重新上传"), "overdue"
        elif row.files:
            status, tone = _("已上传{n}个文件，{m}个事项共用").format(n=len(row.files), m=len(row.used_by)), "ok"
        else:
            status, tone = (_("还没有上传"), "soon") if row.required else (_("需要时上传"), "")
        found.append(
            {
                "label": row.label,
                "url": reverse("greenway:material", args=[joint.pk, number]),
                "status": status,
                "tone": tone,
                "hint": f"{users_of(row.used_by)}{'。' + row.condition if row.condition else ''}",
            }
        )
    return found


def check_context(joint: JointCase, *, today: date) -> dict[str, Any]:
    """Check your answers: the branches, every answer with where to change it, the papers."""
    every = wizard.steps(joint, today=today)
    urls = {step.key: reverse("greenway:question", args=[joint.pk, step.key]) for step in every}
    rows = sharing.papers(joint)
    open_one = wizard.unanswered(every, today=today)
    branches = joint.branches.exclude(state="not_needed").select_related("department").order_by("no")
    return {
        "joint": joint,
        "project": joint.project,
        "branches": list(branches),
        "sections": wizard.in_words(joint, every, urls, today=today),
        "materials": [
            {"label": row["label"], "value": row["status"], "url": row["url"], "action": _("上传")}
            for row in to_give(joint, rows)
        ],
        "missing": [row for row in rows if row.required and not row.by_sharing and not row.files],
        "unanswered": urls[open_one.key] if open_one else "",
        "back_url": reverse("greenway:materials", args=[joint.pk]),
    }
