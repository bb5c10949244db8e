"""The window: find the person, choose the matter, fill in for them, take the papers, print the receipt — one page after the other."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhengtong.approvals.cases import counter, queries
from zhengtong.approvals.cases.operations import filing
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, ZhengtongError


@access.requires("window.serve")
def start(request: HttpRequest) -> HttpResponse:
    """Find the person or body by the whole number; or take a person without an account by what their card says."""
    if "walk_in" in request.POST:
        return _walk_in(request)
    number = request.POST.get("number", "").strip()
    context: dict[str, Any] = {"number": number, "found": [], "errors": {}}
    if request.method == "POST":
        try:
            context["found"] = counter.find(number, by=request.user, at=official_now())
            context["searched"] = True
        except Invalid as refusal:
            context["errors"] = refusal.fields
    return _start_page(request, context, counter.WalkInForm(initial={"id_number": number if len(number) == 18 else ""}))


def _walk_in(request: HttpRequest) -> HttpResponse:
    form = counter.WalkInForm(request.POST)
    if not form.is_valid():
        return _start_page(request, {"errors": {}}, form)
    counter.remember(request, form.principal())
    return redirect("cases:window_matters")


def _start_page(request: HttpRequest, context: dict[str, Any], form: counter.WalkInForm) -> HttpResponse:
    wrong = bool(context["errors"] or form.errors)
    context |= {"walk_in": form, "step_names": counter.STEPS, "drafts": counter.drafts_of(request.user)}
    return render(request, "cases/window_start.html", context, status=422 if wrong else 200)


@access.requires("window.serve")
def choose_matter(request: HttpRequest) -> HttpResponse:
    """Search the matter the person asks for, in their words."""
    if request.method == "POST":
        number, which = request.POST.get("person", ""), request.POST.get("which", "0")
        counter.remember(request, counter.chosen(number, which, by=request.user, at=official_now()))
        return redirect("cases:window_matters")
    principal = counter.remembered(request)
    if principal is None:
        return redirect("cases:window")
    text = request.GET.get("q", "").strip()
    found = counter.matters_for(text, request.user, on=official_today())
    context = {"principal": principal, "step_names": counter.STEPS, "q": text, "matters": found}
    context["licences"] = [] if text else counter.licences_of(principal)
    return render(request, "cases/window_matters.html", context)


@access.requires("window.serve")
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Open the draft for the remembered person."""
    principal = counter.remembered(request)
    if principal is None:
        return redirect("cases:window")
    case = counter.open_draft(request.POST.get("matter", ""), principal, by=request.user, at=official_now())
    return redirect("cases:window_fill", case.pk)


@access.requires("window.serve")
@require_POST
def amend(request: HttpRequest) -> HttpResponse:
    """Open the renewal or change of a licence of the remembered person."""
    principal = counter.remembered(request)
    if principal is None:
        return redirect("cases:window")
    given = (request.POST.get("licence", ""), request.POST.get("purpose", ""))
    case = counter.amend(*given, principal, by=request.user, at=official_now())
    return redirect("cases:window_fill", case.pk)


@access.requires("window.serve")
def fill(request: HttpRequest, case_id: int) -> HttpResponse:
    """All questions on one page, and the papers; the main button files and receives in one act."""
    case = counter.draft_of(case_id, request.user)
    typed = counter.Typed(case.answers)
    if request.method == "POST":
        typed = counter.read_all(case, request.POST, request.FILES, by=request.user, at=official_now())
        if not typed.errors and "file" in request.POST:
            return _file(request, case.pk)
        if not typed.errors and "save" in request.POST:
            messages.success(request, _("已保存。"))
            return redirect("cases:window_fill", case.pk)
    context = counter.fill_context(case, typed.answers, typed.errors, on=official_today())
    return render(request, "cases/window_fill.html", context, status=typed.status)


def _file(request: HttpRequest, case_id: int) -> HttpResponse:
    try:
        case = filing.file_at_window(case_id=case_id, by=request.user, at=official_now())
    except ZhengtongError as refusal:
        case = queries.get(case_id)
        context = counter.fill_context(case, case.answers, refusal.fields or {"": refusal.message}, on=official_today())
        return render(request, "cases/window_fill.html", context, status=refusal.status)
    counter.forget(request)
    messages.success(request, _("已收件，编号{number}。请打印接收凭证交给办事人。").format(number=case.spoken_number))
    return redirect("cases:case", case.pk)


@access.requires("window.serve")
@require_POST
def add_material(request: HttpRequest, case_id: int, material_no: int) -> HttpResponse:
    """Keep a scanned paper for a material, in a draft or at the counter against a notice."""
    case = queries.get_for_official(case_id, request.user, on=official_today())
    for upload in request.FILES.getlist("file"):
        filing.add_material(case_id=case.pk, material_no=material_no, upload=upload, by=request.user, at=official_now())
    return redirect("cases:window_fill" if case.state == "draft" else "cases:case", case.pk)
