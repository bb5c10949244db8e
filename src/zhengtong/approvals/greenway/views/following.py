"""The page of a project, the same for everybody who takes part; the list; the joint clock day by day; the acts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.approvals.greenway import acts, queries, screens
from zhengtong.approvals.greenway.models import JointCase, Project
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import StaleVersion, ZhengtongError
from zhengtong.security.audit import public as audit


@access.signed_in
@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """An official's projects by the bodies they serve; a resident's own and those they are agent of."""
    today, user = official_today(), request.user
    official = bool(user.is_official)  # type: ignore[union-attr]
    rows = queries.of_official(user, on=today) if official else queries.of_person(user, on=today)
    context = screens.listed(rows, request.GET.dict(), today=today)
    context |= {"layout": "layouts/office.html" if official else "layouts/public.html", "official": official}
    return render(request, "greenway/projects.html", context)


def _seen_by(request: HttpRequest, project_id: int) -> Project:
    project = queries.get_for(project_id, request.user, on=official_today())
    if request.user.is_official:  # type: ignore[union-attr]
        audit.record_read(
            by=request.user.pk,
            subject=f"project:{project.pk}",
            purpose="办理并联审批",
            basis="行政许可法第二十六条",
            fields=("applicant", "branches"),
            at=official_now(),
        )
    return project


@access.signed_in
@require_safe
def project(request: HttpRequest, project_id: int) -> HttpResponse:
    """One page: the picture of every stage, what waits for whom, the clock, papers, visits, agents, the log."""
    found = _seen_by(request, project_id)
    return render(request, "greenway/project.html", screens.project_context(found, request.user, at=official_now()))


@access.signed_in
@require_safe
def print_project(request: HttpRequest, project_id: int) -> HttpResponse:
    """The same picture on paper."""
    found = _seen_by(request, project_id)
    return render(request, "greenway/print.html", screens.project_context(found, request.user, at=official_now()))


@access.signed_in
@require_safe
def clock(request: HttpRequest, joint_id: int) -> HttpResponse:
    """The ledger of the joint clock, day by day, printable."""
    joint = queries.joint_for(joint_id, request.user, on=official_today())
    return render(request, "greenway/clock.html", screens.ledger_context(joint, request.user, at=official_now()))


@access.signed_in
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, project_id: int, key: str, thing: int) -> HttpResponse:
    """One act on a project: its form on a page of its own; posting runs the one operation."""
    found = queries.get_for(project_id, request.user, on=official_today())
    chosen, now = acts.act(key), official_now()
    form = acts.form_for(chosen, found, thing, request.user, request.POST or None, at=now)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = acts.perform(chosen, form, thing, by=request.user, at=now)
            except ZhengtongError as refusal:
                status = refusal.status
                _show(form, refusal, found)
            else:
                messages.success(request, str(chosen.done))
                return _after(key, made, found)
    context = {"project": found, "act": chosen, "form": form, "key": key, "thing": thing}
    context["layout"] = "layouts/office.html" if request.user.is_official else "layouts/public.html"  # type: ignore[union-attr]
    return render(request, "greenway/act.html", context, status=status)


def _after(key: str, made: Any, found: Project) -> HttpResponse:
    """Back to the project; who begins a stage goes on to its first question."""
    if key == "begin" and isinstance(made, JointCase):
        return redirect("greenway:go_on", made.pk)
    return redirect("greenway:project", found.pk)


def _show(form: Any, refusal: ZhengtongError, found: Project) -> None:
    """A refusal's sentences at their fields; after `StaleVersion` the form is brought up to the newest version."""
    for name, sentence in refusal.fields.items():
        form.add_error(name if name in form.fields else None, str(sentence))
    if not refusal.fields:
        form.add_error(None, refusal.message)
    if isinstance(refusal, StaleVersion):
        form.data = form.data.copy()
        form.data["seen"] = str(queries.get(found.pk).row_version)
