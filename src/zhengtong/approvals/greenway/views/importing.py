"""移植: choose a workbook, see what it holds and what does not fit, confirm."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhengtong.approvals.greenway.forms import ImportForm
from zhengtong.approvals.greenway.operations import importing
from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.kernel.errors import ZhengtongError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@access.requires("projects.import")
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; reading it changes nothing."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = importing.read_file(name=file.name, content=file.read(), by=request.user, at=official_now())
            return redirect("greenway:import_preview", found.pk)
        except ZhengtongError as refusal:
            form.add_error("file", refusal.message)
    return render(request, "greenway/import.html", {"form": form}, status=422 if form.errors else 200)


@access.requires("projects.import")
@require_safe
def empty(request: HttpRequest) -> HttpResponse:
    """The workbook with its headings."""
    response = HttpResponse(importing.empty_workbook(), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="projects.xlsx"'
    return response


@access.requires("projects.import")
def preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the workbook would do, and what does not fit in it; POST does it."""
    found = importing.get_import(import_id, by=request.user)
    error = ""
    if request.method == "POST":
        try:
            made = importing.carry_out(import_id=found.pk, by=request.user, at=official_now())
        except ZhengtongError as refusal:
            error = refusal.message
        else:
            messages.success(request, _("已移植{n}个项目，各在它真实的阶段。").format(n=len(made)))
            return redirect("greenway:projects")
    context = {"found": found, "rows": importing.rows_of(found), "problems": found.problems, "error": error}
    return render(request, "greenway/import_preview.html", context, status=409 if error else 200)
