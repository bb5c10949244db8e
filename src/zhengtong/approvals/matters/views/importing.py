"""Import: choose a file, see what it would do, confirm."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhengtong.approvals.matters import imports
from zhengtong.approvals.matters.forms import ImportForm
from zhengtong.kernel import access, official_time
from zhengtong.kernel.errors import ZhengtongError


@access.requires("matters.edit")
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; reading it changes nothing."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = imports.read_file(name=file.name, content=file.read(), by=request.user, at=official_time.now())
            return redirect("matters:import_preview", found.pk)
        except ZhengtongError as refusal:
            form.add_error("file", refusal.message)
    return render(request, "matters/import.html", {"form": form}, status=422 if form.errors else 200)


@access.requires("matters.edit")
def preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the file would do, matter by matter, and what does not fit in it; POST does it."""
    found = imports.get_import(import_id, by=request.user)
    error = ""
    if request.method == "POST":
        try:
            return _carried_out(request, found.pk)
        except ZhengtongError as refusal:
            error = refusal.message
    planned = imports.plan(found, by=request.user, on=official_time.today())
    context = {
        "found": found,
        "planned": planned,
        "problems": imports.problems_of(found),
        "blocked": sum(item.action == imports.BLOCKED for item in planned),
        "to_do": sum(item.action in (imports.NEW, imports.CHANGE) for item in planned),
        "error": error,
    }
    return render(request, "matters/import_preview.html", context, status=409 if error else 200)


def _carried_out(request: HttpRequest, import_id: int) -> HttpResponse:
    made = imports.carry_out(
        import_id=import_id, by=request.user, at=official_time.now(), skip_bad="skip" in request.POST
    )
    messages.success(request, _("已生成{n}份草稿，检查后逐份提交审核。").format(n=len(made)))
    return redirect("/catalogue/?standing=draft")
