"""From the list of one-things to the submission of all branches: one thing a page, works without scripts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhengtong.approvals.greenway import guides, queries, rules, wizard
from zhengtong.approvals.greenway.models import JointCase
from zhengtong.approvals.greenway.operations import filing, opening, sharing
from zhengtong.approvals.greenway.states import JointState
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError


@access.public
@require_safe
def bundles(request: HttpRequest) -> HttpResponse:
    """What can be done as one thing, and the templates of investment projects."""
    context = {"bundles": guides.cards("bundle"), "projects": guides.cards("project")}
    return render(request, "greenway/bundles.html", context)


@access.public
@require_safe
def guide(request: HttpRequest, key: str) -> HttpResponse:
    """What is in it: matters, who handles them, in which order, how long, which papers are given once."""
    return render(request, "greenway/guide.html", guides.guide(queries.template(key)))


@access.signed_in
def start(request: HttpRequest, key: str) -> HttpResponse:
    """For whom, and what project it is; then the one form begins."""
    template = queries.template(key)
    data = request.POST if request.method == "POST" else None
    form = guides.start_form(template, request.user, data, on=official_today())
    if data is not None and form.is_valid():
        try:
            joint = guides.open_for(template, form, by=request.user, at=official_now())
        except Invalid as refusal:
            for field, sentence in refusal.fields.items():
                form.add_error(field if field in form.fields else None, str(sentence))
            if not refusal.fields:
                form.add_error(None, refusal.message)
        else:
            return redirect("greenway:go_on", joint.pk)
    context = {**guides.guide(template), "form": form, "back_url": reverse("greenway:guide", args=[key])}
    return render(request, "greenway/start.html", context, status=422 if form.errors else 200)


def _mine(request: HttpRequest, joint_id: int) -> JointCase:
    """A stage this person fills in. Raises `NotFound`."""
    joint = queries.joint_for(joint_id, request.user, on=official_today())
    rules.fills_in(joint.project, request.user, official_today())
    return joint


@access.signed_in
@require_safe
def go_on(request: HttpRequest, joint_id: int) -> HttpResponse:
    """Where a saved form goes on; a submitted one shows its project."""
    joint = _mine(request, joint_id)
    if joint.state != JointState.DRAFTING:
        return redirect("greenway:project", joint.project_id)
    step = wizard.unanswered(wizard.steps(joint, today=official_today()), today=official_today())
    if step is None:
        return redirect("greenway:materials", joint.pk)
    return redirect("greenway:question", joint.pk, step.key)


@access.signed_in
def question(request: HttpRequest, joint_id: int, step: str) -> HttpResponse:
    """One page of the one form: read, check, keep, go on."""
    joint = _mine(request, joint_id)
    if joint.state != JointState.DRAFTING:
        return redirect("greenway:project", joint.project_id)
    today = official_today()
    try:
        found, every = wizard.find(joint, step, today=today)
    except NotFound:
        return redirect("greenway:go_on", joint.pk)
    if request.method != "POST":
        return _asked(request, joint, found, every, found.answers, {})
    typed = {**found.answers, **matters.typed(found.form, found.page.key, request.POST)}
    if matters.only_rows_changed(request.POST):
        return _asked(request, joint, found, every, typed, {})
    try:
        wizard.keep(joint, found, request.POST, request.FILES, by=request.user, at=official_now())
    except Invalid as refusal:
        if "save" in request.POST:
            return redirect("greenway:projects")
        return _asked(request, joint, found, every, typed, dict(refusal.fields) or {"": refusal.message})
    if "save" in request.POST:
        messages.success(request, _("已保存。以后从“我的项目与一件事”接着填写。"))
        return redirect("greenway:projects")
    return redirect(_after(_mine(request, joint_id), step))


def _after(joint: JointCase, key: str) -> str:
    """The next page: after a question about the situation the pages may be others than before."""
    following = wizard.following(wizard.steps(joint, today=official_today()), key)
    if following is None:
        return reverse("greenway:materials", args=[joint.pk])
    return reverse("greenway:question", args=[joint.pk, following.key])


def _asked(
    request: HttpRequest,
    joint: JointCase,
    step: wizard.Step,
    every: list[wizard.Step],
    answers: dict[str, Any],
    errors: dict[str, Any],
) -> HttpResponse:
    today = official_today()
    before = wizard.preceding(every, step.key)
    drawn = wizard.questions(step, answers, errors, today=today)
    place = [one.key for one in every].index(step.key) + 1
    context = {
        "joint": joint,
        "project": joint.project,
        "step": step,
        "questions": drawn,
        "errors": errors,
        "uploads": wizard.uploaded(step),
        "multipart": any(question.kind == "file" for question in drawn),
        "place": place,
        "total": len(every),
        "back_url": reverse("greenway:question", args=[joint.pk, before.key])
        if before
        else reverse("greenway:project", args=[joint.project_id]),
    }
    return render(request, "greenway/question.html", context, status=422 if errors else 200)


@access.signed_in
@require_safe
def materials(request: HttpRequest, joint_id: int) -> HttpResponse:
    """The one set of papers: each once, with the branches that use it."""
    joint = _mine(request, joint_id)
    if joint.state not in (JointState.DRAFTING, JointState.SUPPLEMENT):
        return redirect("greenway:project", joint.project_id)
    rows = sharing.papers(joint)
    every = wizard.steps(joint, today=official_today()) if joint.state == JointState.DRAFTING else []
    context = {
        "joint": joint,
        "project": joint.project,
        "drafting": joint.state == JointState.DRAFTING,
        "to_give": guides.to_give(joint, rows),
        "shared": [row for row in rows if row.by_sharing],
        "back_url": reverse("greenway:question", args=[joint.pk, every[-1].key])
        if every
        else reverse("greenway:project", args=[joint.project_id]),
    }
    return render(request, "greenway/materials.html", context)


@access.signed_in
def material(request: HttpRequest, joint_id: int, no: int) -> HttpResponse:
    """Upload one paper, once for every branch that needs it."""
    joint = _mine(request, joint_id)
    rows = sharing.papers(joint)
    if not 1 <= no <= len(rows) or rows[no - 1].by_sharing:
        raise NotFound(_("没有这份材料，请返回材料清单。"))
    paper, errors, status = rows[no - 1], {}, 200
    if request.method == "POST":
        try:
            given = opening.give_material(
                joint_id=joint.pk,
                name=paper.name,
                uploads=request.FILES.getlist("files"),
                by=request.user,
                at=official_now(),
            )
        except ZhengtongError as refusal:
            errors, status = {"files": refusal.message}, refusal.status
        else:
            messages.success(request, _("已上传，{n}个事项都能用，不用再交。").format(n=given))
            return redirect("greenway:materials", joint.pk)
    context = {
        "joint": joint,
        "project": joint.project,
        "paper": paper,
        "errors": errors,
        "back_url": reverse("greenway:materials", args=[joint.pk]),
    }
    return render(request, "greenway/material.html", context, status=status)


@access.signed_in
def check(request: HttpRequest, joint_id: int) -> HttpResponse:
    """All answers and papers, the declaration; one press submits every branch."""
    joint = _mine(request, joint_id)
    if joint.state != JointState.DRAFTING:
        return redirect("greenway:project", joint.project_id)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        if not request.POST.get("declaration"):
            errors = {"declaration": _("请确认所填内容和材料真实、准确，再提交。")}
        else:
            try:
                filing.submit(joint_id=joint.pk, by=request.user, at=official_now())
            except ZhengtongError as refusal:
                errors = {"": refusal.message}
            else:
                messages.success(request, _("已统一提交，各事项同时有了编号。窗口会在五个工作日内统一答复是否受理。"))
                if joint.project.assisted_by_id:
                    return redirect("greenway:receipt", joint.project_id)
                return redirect("greenway:project", joint.project_id)
    context = {**guides.check_context(joint, today=official_today()), "errors": errors}
    return render(request, "greenway/check.html", context, status=422 if errors else 200)
