"""The window: fill in a bundle or project for the person at the counter; judge the one set and accept all branches together."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import guides, queries, rules
from zhengtong.approvals.greenway.models import JointCase
from zhengtong.approvals.greenway.operations import filing, sharing
from zhengtong.approvals.greenway.states import JointState
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError
from zhengtong.kernel.forms import number_of
from zhengtong.security.accounts.values import Principal
from zhengtong.security.pmi import public as pmi


@access.requires("window.serve")
def window(request: HttpRequest) -> HttpResponse:
    """Find the person or body, or take a person without an account by their card; choose what is done as one thing, begin its form."""
    number = request.POST.get("number", "").strip()
    walk_in = cases.WalkInForm(request.POST if "walk_in" in request.POST else None)
    context: dict[str, Any] = {"number": number, "found": [], "errors": {}, "walk_in": walk_in}
    # What was typed of a person is not what a project is called.
    context["typed"] = {} if walk_in.is_bound else request.POST
    status = 200
    try:
        if "walked_in" in request.POST or walk_in.is_valid():
            context |= {"found": [_walked_in(request, walk_in)], "walked_in": True}
        elif walk_in.is_bound:
            status = 422
        elif request.method == "POST":
            context["found"] = cases.find_at_counter(number, by=request.user, at=official_now())
            context["searched"] = True
        if "template" in request.POST and context["found"]:
            return _begin(request, context)
    except Invalid as refusal:
        context["errors"], status = refusal.fields or {"": refusal.message}, 422
    context["choices"] = [(t.key, t.current.label) for t in queries.templates() if t.current]
    return render(request, "greenway/window.html", context, status=status)


def _walked_in(request: HttpRequest, form: cases.WalkInForm) -> Principal:
    """The person whose card was just typed in, or was before: kept sealed with the session, never on the page."""
    if form.is_bound:
        cases.remember_at_counter(request, form.principal())
    found = cases.remembered_at_counter(request)
    if found is None:
        raise NotFound(_("没有找到这个办事人，请重新查找。"))
    return found


def _begin(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    which = request.POST.get("which", "0")
    place = number_of(which, 0)
    if place >= len(context["found"]):
        raise NotFound(_("没有找到这个办事人，请重新查找。"))
    template = queries.template(request.POST.get("template", ""))
    form = guides.start_form(template, request.user, request.POST, on=official_today())
    if not form.is_valid():
        raise Invalid(
            _("请补全项目信息。"),
            fields={name: " ".join(str(one) for one in errors) for name, errors in form.errors.items()},
        )
    point = next(iter(pmi.organizations_where(request.user, "window.serve", on=official_today())), None)
    at_town = point is not None and point.kind == Organization.TOWNSHIP
    joint = guides.open_for(
        template,
        form,
        by=request.user,
        at=official_now(),
        principal=context["found"][place],
        acceptance_point=point,
        assisted_by=request.user,
        channel="township" if at_town else "window",
    )
    cases.forget_at_counter(request)
    return redirect("greenway:go_on", joint.pk)


@access.signed_in
@require_safe
def receipt(request: HttpRequest, project_id: int) -> HttpResponse:
    """What the person takes home: number and query code of the whole, and the number of every matter."""
    project = queries.get_for(project_id, request.user, on=official_today())
    rules.fills_in(project, request.user, official_today())
    branches = [one for one in queries.whole(project).every() if one.case is not None and one.case.spoken_number]
    if not branches or not project.query_code:
        raise NotFound(_("还没有统一提交，提交以后才有回执。"))
    address = f"{settings.PUBLIC_URL}/progress/?number={project.number}"
    context = {
        "project": project,
        "branches": branches,
        "progress_url": address,
        "back_url": reverse("greenway:project", args=[project.pk]),
    }
    return render(request, "greenway/receipt.html", context)


@access.requires("cases.receive")
def reception(request: HttpRequest, joint_id: int) -> HttpResponse:
    """The one set of papers, judged once for all branches; then all are accepted and handed over together, or told once."""
    joint = queries.joint_for(joint_id, request.user, on=official_today())
    rules.leads(joint, request.user, "cases.receive", official_today())
    errors: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            return _receive(request, joint)
        except ZhengtongError as refusal:
            errors, status = {"": refusal.message}, refusal.status
    rows = sharing.papers(joint)
    context = {
        "joint": joint,
        "project": joint.project,
        "open": joint.state == JointState.SUBMITTED,
        "papers": [(number, row, guides.users_of(row.used_by)) for number, row in enumerate(rows, 1)],
        "defective": sum(row.judgement == "defective" for row in rows),
        "problems": cases.SUPPLEMENT_PROBLEMS.items(),
        "branches": sharing.drafts(joint),
        "errors": errors,
        "seen": joint.project.row_version,
    }
    return render(request, "greenway/reception.html", context, status=status)


def _receive(request: HttpRequest, joint: JointCase) -> HttpResponse:
    now, seen = official_now(), request.POST.get("seen", "")
    verdicts = {}
    for number, row in enumerate(sharing.papers(joint), 1):
        judgement = request.POST.get(f"judgement-{number}", "")
        if judgement in ("ok", "defective", "not_needed"):
            problem = request.POST.get(f"problem-{number}", "") if judgement == "defective" else ""
            verdicts[row.name] = (judgement, problem, request.POST.get(f"remark-{number}", "")[:300])
    filing.judge(
        joint_id=joint.pk,
        judgements=verdicts,
        all_in_order="accept" in request.POST or "all" in request.POST,
        by=request.user,
        at=now,
        seen=number_of(seen, -1),
    )
    if "accept" not in request.POST:
        messages.success(request, _("材料核验结果已保存，对所有事项有效。"))
        return redirect("greenway:reception", joint.pk)
    filing.accept(joint_id=joint.pk, by=request.user, at=now)
    messages.success(request, _("已统一受理，各事项已同时转办到部门。"))
    return redirect("greenway:project", joint.project_id)
