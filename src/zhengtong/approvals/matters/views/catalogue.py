"""The catalogue: list, one matter, one version, differences, export, retirement."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhengtong.approvals.matters import elements, exchange, lint, operations, queries, reading
from zhengtong.approvals.matters.differences import differences
from zhengtong.approvals.matters.forms import ReasonForm
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import access, official_time
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import number_of
from zhengtong.security.pmi import public as pmi

PER_PAGE = 30
FORMATS = {
    "json": (exchange.to_json, "application/json"),
    "xlsx": (exchange.to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@access.requires("matters.view")
def index(request: HttpRequest) -> HttpResponse:
    """All matters with search, filters, counts and pages; the same selection as a file with `format`."""
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "department", "type_code", "standing")}
    text = asked["q"]
    rows = queries.listed(text=text, **{k: v for k, v in asked.items() if k != "q"})
    if request.GET.get("format") in FORMATS:
        return _file(rows, request.GET["format"])
    context = {
        **asked,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "figures": queries.catalogue_figures(),
        "departments": _departments(text),
        "types": elements.TYPE_CODES,
        "type_names": dict(elements.TYPE_CODES),
        "standings": queries.STANDINGS,
    }
    return render(request, "matters/index.html", context)


def _departments(text: str) -> list[tuple[str, str, int]]:
    counted = dict(queries.facets(queries.listed(text=text))["department"])
    bodies = Organization.objects.filter(code__in=counted)
    return [(body.code, body.short_label, counted[body.code]) for body in bodies]


def _file(rows: Iterable[Matter], kind: str) -> HttpResponse:
    write, mime = FORMATS[kind]
    ids = [matter.current_id or matter.open_id for matter in rows]  # type: ignore[attr-defined]
    found = MatterVersion.objects.filter(pk__in=[pk for pk in ids if pk]).order_by("matter__implementation_code")
    response = HttpResponse(write(version.elements for version in found), content_type=mime)
    response["Content-Disposition"] = f'attachment; filename="matters-{official_time.today():%Y%m%d}.{kind}"'
    return response


@access.requires("matters.view")
def matter(request: HttpRequest, key: str) -> HttpResponse:
    """One matter: the version in force (or the newest) and its history."""
    found = queries.get_matter(key)
    version = found.current or found.versions.first()
    if version is None:
        raise NotFound(_("这个事项还没有任何版本。"))
    return redirect("matters:version", version.pk)


@access.requires("matters.view")
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """One version, read: its elements by section, what the check says, its history and what can be done."""
    found = queries.get_version(version_id)
    findings = lint.lint(found.elements)
    may_edit = pmi.can(request.user, "matters.edit", organization=found.matter.department, on=official_time.today())
    may_approve = pmi.can(
        request.user, "matters.approve", organization=found.matter.department, on=official_time.today()
    )
    versions = list(found.matter.versions.select_related("edited_by", "decided_by").defer("document"))
    context = {
        "version": found,
        "matter": found.matter,
        "sections": reading.sections(found.elements, findings),
        "findings": findings,
        "counts": lint.counts(findings),
        "versions": versions,
        "open_version": next((v for v in versions if v.state in MatterVersion.OPEN), None),
        "may_edit": may_edit,
        "may_approve": may_approve,
        "guide_url": queries.guide_url(found.matter.key),
    }
    return render(request, "matters/version.html", context)


@access.requires("matters.view")
def compare(request: HttpRequest, version_id: int) -> HttpResponse:
    """What a version changed against the one before it, or against `with`."""
    new = queries.get_version(version_id)
    others = new.matter.versions.exclude(pk=new.pk)
    asked = request.GET.get("with", "")
    old = (
        others.filter(pk=number_of(asked, 0)).first()
        if asked.isdigit()
        else others.filter(number__lt=new.number).first()
    )
    context = {
        "version": new,
        "old": old,
        "others": others.defer("document"),
        "differences": differences(old.elements if old else None, new.elements),
    }
    return render(request, "matters/compare.html", context)


@access.requires("matters.approve")
def retire(request: HttpRequest, key: str) -> HttpResponse:
    """Stop handling a matter: say what that means, ask for the reason, do it."""
    found = queries.get_matter(key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _done(request, form, found):
        messages.success(request, _("“{name}”已停用，办事指南不再显示，在办的办件照常办结。").format(name=found.key))
        return redirect("matters:index")
    status = 422 if form.errors else 200
    return render(request, "matters/retire.html", {"form": form, "matter": found}, status=status)


def _done(request: HttpRequest, form: ReasonForm, found: Matter) -> bool:
    try:
        reason = form.cleaned_data["reason"]
        operations.retire(matter_id=found.pk, by=request.user, at=official_time.now(), reason=reason)
    except ZhengtongError as refusal:
        form.add_error("reason", refusal.message)
    return not form.errors


def waiting(user: Any) -> int:
    """How many versions wait for approval, for the badge in the navigation."""
    return queries.waiting_for_approval().count()
