"""The county office: what waits for approval, what it changes, approve or return."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhengtong.approvals.matters import lint, operations, queries
from zhengtong.approvals.matters.differences import differences
from zhengtong.approvals.matters.models import MatterVersion
from zhengtong.kernel import access, official_time
from zhengtong.kernel.errors import ZhengtongError


@access.requires("matters.approve")
def waiting(request: HttpRequest) -> HttpResponse:
    """Versions that wait, oldest first."""
    return render(request, "matters/waiting.html", {"versions": queries.waiting_for_approval()})


@access.requires("matters.approve")
def review(request: HttpRequest, version_id: int) -> HttpResponse:
    """One version with its differences and the check; POST approves or returns it."""
    version = queries.get_version(version_id)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return _decided(request, version)
        except ZhengtongError as refusal:
            errors = refusal.fields or {"": refusal.message}
    findings = lint.lint(version.elements)
    old = version.matter.current
    context = {
        "version": version,
        "old": old,
        "differences": differences(old.elements if old else None, version.elements),
        "findings": findings,
        "counts": lint.counts(findings),
        "own": version.edited_by_id == request.user.pk,
        "errors": errors,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "matters/review.html", context, status=422 if errors else 200)


def _decided(request: HttpRequest, version: MatterVersion) -> HttpResponse:
    act: dict[str, Any] = {"version_id": version.pk, "by": request.user, "at": official_time.now()}
    if "approve" in request.POST:
        operations.approve_and_publish(**act)
        messages.success(request, _("“{name}”第{n}版已发布。").format(name=version.name, n=version.number))
    else:
        operations.return_(**act, reason=request.POST.get("reason", ""))
        messages.success(request, _("“{name}”第{n}版已退回编辑人。").format(name=version.name, n=version.number))
    return redirect("matters:waiting")
