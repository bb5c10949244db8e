"""The editor of a department: begin a version, change it section by section, see the check, submit or discard."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhengtong.approvals.matters import editing, elements, lint, operations, queries, rows
from zhengtong.approvals.matters.elements import Section
from zhengtong.approvals.matters.forms import NewMatterForm
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.rows import Problem, Sheets
from zhengtong.foundation.organizations import public as organizations
from zhengtong.kernel import access, expressions, official_time
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import number_of
from zhengtong.security.pmi import public as pmi


@access.requires("matters.edit")
def new(request: HttpRequest) -> HttpResponse:
    """Begin a new matter."""
    form = NewMatterForm(request.POST or None, user=request.user, on=official_time.today())
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("matters:section", _begun(request, form).pk, "basic")
        except ZhengtongError as refusal:
            form.add_error(None, refusal.message)
    return render(request, "matters/new.html", {"form": form}, status=422 if form.errors else 200)


def _begun(request: HttpRequest, form: NewMatterForm) -> MatterVersion:
    given = form.cleaned_data
    body = organizations.get_by_code(given["department"])
    taken = Matter.objects.filter(department=body).count()
    document = editing.blank(
        key=given["key"], name=given["name"], type_code=given["type_code"], department=body, main=900 - taken % 900
    )
    return operations.create_draft(document=document, by=request.user, at=official_time.now(), reason=given["reason"])


@access.requires("matters.edit")
@require_POST
def revise(request: HttpRequest, key: str) -> HttpResponse:
    """Begin the next version from the one in force, or go on with the one that is open."""
    matter = queries.get_matter(key)
    open_one = matter.versions.filter(state__in=MatterVersion.OPEN).first()
    if open_one is None:
        base = matter.current or matter.versions.first()
        if base is None:
            raise NotFound(_("这个事项还没有任何版本。"))
        open_one = operations.create_draft(document=base.elements, by=request.user, at=official_time.now())
    return redirect("matters:section", open_one.pk, elements.SECTIONS[0].key)


def _editable(request: HttpRequest, version_id: int, section_key: str) -> tuple[MatterVersion, Section]:
    version = queries.get_version(version_id)
    section = elements.section(section_key)
    if section is None:
        raise NotFound(_("事项没有这一部分。"))
    pmi.require(request.user, "matters.edit", organization=version.matter.department, on=official_time.today())
    return version, section


@access.requires("matters.edit")
def section(request: HttpRequest, version_id: int, section_key: str) -> HttpResponse:
    """One section of a draft, as inputs; POST saves it, or adds, moves and removes rows."""
    version, part = _editable(request, version_id, section_key)
    if version.state not in (MatterVersion.DRAFT, MatterVersion.RETURNED):
        return redirect("matters:version", version.pk)
    if request.method != "POST":
        return _drawn(request, version, part, rows.flatten(version.elements), [])
    given = editing.posted(part, request.POST)
    opened = editing.obey(part, given, request.POST)
    if opened is not None:
        return _drawn(request, version, part, editing.merged(version.elements, given), [], opened=opened)
    return _saved(request, version, part, editing.merged(version.elements, given))


def _saved(request: HttpRequest, version: MatterVersion, part: Section, sheets: Sheets) -> HttpResponse:
    document, problems = rows.assemble(sheets)
    if document is None:
        return _drawn(request, version, part, sheets, problems)
    seen = request.POST.get("seen", "")
    try:
        operations.edit_draft(
            version_id=version.pk,
            document=document,
            by=request.user,
            at=official_time.now(),
            seen=number_of(seen, -1) if seen else None,
        )
    except ZhengtongError as refusal:
        return _drawn(request, version, part, sheets, [Problem("", 0, "", refusal.message)], status=refusal.status)
    messages.success(request, _("“{section}”已保存。").format(section=part.title))
    if "next" in request.POST:
        following = _neighbour(part, 1)
        return (
            redirect("matters:section", version.pk, following.key)
            if following
            else redirect("matters:version", version.pk)
        )
    return redirect("matters:section", version.pk, part.key)


def _neighbour(part: Section, step: int) -> Section | None:
    place = elements.SECTIONS.index(part) + step
    return elements.SECTIONS[place] if 0 <= place < len(elements.SECTIONS) else None


def _drawn(
    request: HttpRequest,
    version: MatterVersion,
    part: Section,
    sheets: Sheets,
    problems: list[Problem],
    *,
    opened: tuple[str, int] | None = None,
    status: int = 422,
) -> HttpResponse:
    errors = editing.errors_of(part, problems)
    context: dict[str, Any] = {
        "version": version,
        "section": part,
        "tabs": [_tab(version, one, part) for one in elements.SECTIONS],
        "inputs": editing.inputs(part, sheets, errors),
        "tables": editing.tables(part, sheets, errors, opened),
        "errors": errors,
        "seen": request.POST.get("seen", version.revision),
        "following": _neighbour(part, 1),
        "functions": expressions.FUNCTIONS,
        "fields": version.elements.form.fields,
        **_checked(sheets, part),
    }
    return render(request, "matters/section.html", context, status=status if problems else 200)


def _tab(version: MatterVersion, section: Section, here: Section) -> dict[str, Any]:
    url = reverse("matters:section", args=[version.pk, section.key])
    return {"label": section.title, "url": url, "current": section == here, "count": None}


def _checked(sheets: Sheets, part: Section) -> dict[str, Any]:
    document, problems = rows.assemble(sheets)
    findings = lint.lint(document) if document else []
    here = [finding for finding in findings if elements.section_of(finding.where) == part.key]
    elsewhere = lint.counts([finding for finding in findings if finding not in here])
    return {"findings": here, "elsewhere": elsewhere, "problems": problems, "counts": lint.counts(findings)}


@access.requires("matters.edit")
@require_POST
def check(request: HttpRequest, version_id: int, section_key: str) -> HttpResponse:
    """The check of what is on the page, not saved yet: the panel beside the editor, brought up to date while one types."""
    version, part = _editable(request, version_id, section_key)
    sheets = editing.merged(version.elements, editing.posted(part, request.POST))
    return render(request, "matters/_check.html", {"version": version, "section": part, **_checked(sheets, part)})


@access.requires("matters.edit")
@require_POST
def submit(request: HttpRequest, version_id: int) -> HttpResponse:
    """Hand a draft to the county office; refused with the first error of the check."""
    try:
        operations.submit(version_id=version_id, by=request.user, at=official_time.now())
        messages.success(request, _("已提交县政务办审核。审核通过后自动发布。"))
    except ZhengtongError as refusal:
        messages.error(request, refusal.message)
    return redirect("matters:version", version_id)


@access.requires("matters.edit")
@require_POST
def discard(request: HttpRequest, version_id: int) -> HttpResponse:
    """Throw a draft away."""
    name = queries.get_version(version_id).name
    operations.discard_draft(version_id=version_id, by=request.user, at=official_time.now())
    messages.success(request, _("“{name}”的这一版草稿已作废。").format(name=name))
    return redirect("matters:index")
