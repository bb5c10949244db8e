"""From “start” to the receipt: for whom, one thing a page, materials, check answers, submit."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, Refusal, ZhengtongError
from zhengtong.portal.hall import casework, drafts, queries
from zhengtong.portal.hall.forms import posted


@access.signed_in
def start(request: HttpRequest, key: str) -> HttpResponse:
    """For whom is it, and in which township; then a draft is opened."""
    matter = queries.get_matter(key)
    form = drafts.start_form(matter, request.user, posted(request))
    if request.method == "POST" and form.is_valid():
        case = drafts.open_draft(matter, form, by=request.user, at=official_now())
        return redirect(drafts.first_url(case))
    context = {
        "matter": matter,
        "version": matter.current,
        "form": form,
        "key": key,
        "draft": drafts.draft_of(matter, request.user),
        "back_url": reverse("hall:service", args=[key]),
    }
    return render(request, "hall/start.html", context, status=422 if form.errors else 200)


@access.signed_in
def go_on(request: HttpRequest, case_id: int) -> HttpResponse:
    """Where a saved application goes on; a submitted one shows its receipt."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    return redirect(drafts.first_url(case))


@access.signed_in
def question(request: HttpRequest, case_id: int, page: str) -> HttpResponse:
    """One page of questions: read, check, keep, go on."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    if case.state != cases.State.DRAFT:
        return redirect(drafts.first_url(case))
    if request.method != "POST":
        return _asked(request, case, page, case.answers)
    if matters.only_rows_changed(request.POST):
        typed = matters.typed(case.version.elements.form, page, request.POST)
        return _asked(request, case, page, {**case.answers, **typed})
    try:
        case = drafts.keep_page(case, page, request.POST, request.FILES, by=request.user, at=official_now())
    except Invalid as refusal:
        return _refused(request, case_id, page, refusal)
    if "save" in request.POST:
        return _saved(request)
    if "upload" in request.POST:
        return redirect("hall:question", case.pk, page)
    return redirect(drafts.url_after(case, page))


def _asked(
    request: HttpRequest, case: cases.Case, page: str, answers: dict[str, Any], errors: dict[str, Any] | None = None
) -> HttpResponse:
    context = drafts.question_page(case, page, answers, errors or {})
    return render(request, "hall/question.html", context, status=422 if errors else 200)


def _refused(request: HttpRequest, case_id: int, page: str, refusal: Invalid) -> HttpResponse:
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    form = case.version.elements.form
    typed = matters.typed(form, page, request.POST)
    if "save" in request.POST:
        drafts.keep_unfinished(case, page, typed, refusal, by=request.user, at=official_now())
        return _saved(request)
    uploaded = drafts.file_answers(form, page, case.answers)
    return _asked(
        request, case, page, {**case.answers, **typed, **uploaded}, dict(refusal.fields) or {"": refusal.message}
    )


def _saved(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("已保存。以后从“我的办件”接着填写。"))
    return redirect("hall:my")


@access.signed_in
@require_safe
def materials(request: HttpRequest, case_id: int) -> HttpResponse:
    """The list of materials with what is still missing."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    if case.state != cases.State.DRAFT:
        return redirect(drafts.first_url(case))
    return render(request, "hall/materials.html", drafts.materials_page(case, request))


@access.signed_in
def material(request: HttpRequest, case_id: int, no: int) -> HttpResponse:
    """Upload for one material, several files, also straight from a phone's camera."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    item = casework.material_of(case, no)
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            added = drafts.keep_material(case, no, request.FILES.getlist("files"), by=request.user, at=official_now())
        except ZhengtongError as refusal:
            errors, status = {"files": refusal.message}, refusal.status
        else:
            messages.success(request, _("已上传{n}个文件。").format(n=added))
            return redirect(request.get_full_path() if "more" in request.POST else drafts.after_upload(case))
    context = drafts.material_page(case, item, request, errors)
    return render(request, "hall/material.html", context, status=status)


@access.signed_in
@require_POST
def remove_file(request: HttpRequest, case_id: int, public_id: UUID) -> HttpResponse:
    """Take an upload back."""
    cases.take_back_file(case_id=case_id, public_id=public_id, by=request.user, at=official_now())
    messages.success(request, _("文件已移除。"))
    return redirect(drafts.safe_next(request, reverse("hall:materials", args=[case_id])))


@access.signed_in
def check(request: HttpRequest, case_id: int) -> HttpResponse:
    """Check your answers, declare, submit. A second submission shows the receipt of the first."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    if case.state != cases.State.DRAFT:
        return redirect("hall:done", case.pk)
    errors = drafts.declaration_errors(request.POST) if request.method == "POST" else {}
    if request.method == "POST" and not errors:
        try:
            cases.submit(case_id=case.pk, by=request.user, at=official_now())
        except (Invalid, Refusal) as refusal:
            if drafts.is_submitted(case.pk):
                return redirect("hall:done", case.pk)
            errors = drafts.problems(refusal)
        else:
            return redirect("hall:done", case.pk)
    return render(request, "hall/check.html", drafts.check_page(case, errors), status=422 if errors else 200)


@access.signed_in
@require_safe
def done(request: HttpRequest, case_id: int) -> HttpResponse:
    """The confirmation: number, query code, QR code, what happens next and until when."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    if case.submitted_at is None:
        return redirect(drafts.first_url(case))
    return render(request, "hall/done.html", drafts.receipt_page(case, today=official_today()))


@access.signed_in
@require_safe
def receipt(request: HttpRequest, case_id: int) -> HttpResponse:
    """The receipt of the submission as PDF."""
    case = cases.get_for_applicant(case_id, request.user, on=official_today())
    response = HttpResponse(cases.submission_receipt(case, at=official_now()), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="receipt-{case.spoken_number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
