"""The county office: applications to decide, texts to release, late orders; the rule; satisfaction by department, as page and file."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.approvals.ratings import figures as satisfaction
from zhengtong.approvals.ratings import forms, queries, screens
from zhengtong.approvals.ratings.models import Rule
from zhengtong.approvals.ratings.operations import publishing, ruling
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.audit import public as audit

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST = 50


@access.requires("ratings.review")
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """What waits for the county office: applications, texts, orders that are late or were rated badly again."""
    today = official_today()
    context = {
        "disputes": [screens.dispute_row(one, today=today) for one in queries.waiting_disputes()[:MOST]],
        "texts": [screens.text_row(one) for one in queries.waiting_texts()[:MOST]],
        "orders": [screens.order_row(one, today=today) for one in queries.to_look_at(today=today)[:MOST]],
    }
    return render(request, "ratings/review.html", context)


@access.requires("ratings.review")
@require_http_methods(["GET", "POST"])
def text(request: HttpRequest, publication_id: int) -> HttpResponse:
    """One text: released with some words hidden, or withheld for a reason."""
    found = queries.get_text(publication_id)
    audit.record_read(
        by=request.user.pk,
        subject=found.rating.subject,
        purpose="评价公开审核",
        basis="国办发〔2019〕51号",
        fields=("comment",),
        at=official_now(),
    )
    form = forms.TextForm(request.POST or None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        common: dict[str, Any] = {"publication_id": found.pk, "by": request.user, "at": official_now()}
        try:
            if given["what"] == "release":
                publishing.release(hide=given["hide"].split(), **common)
            else:
                publishing.withhold(reason=given["reason"], **common)
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("已公开。") if given["what"] == "release" else _("已决定不公开。"))
            return redirect("ratings:review")
    context = {"form": form, "row": screens.text_row(found), "text": found}
    return render(request, "ratings/text.html", context, status=form.status)


@access.requires("ratings.review")
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest) -> HttpResponse:
    """The periods and limits in force, and a new version of them."""
    current = ruling.in_force()
    initial = {name: getattr(current, name) for name in forms.RULE_FIELDS}
    form = forms.RuleForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            made = ruling.publish_rule(by=request.user, at=official_now(), **form.cleaned_data)
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("第{n}版规则已发布，以后的差评按它计算。").format(n=made.version))
            return redirect("ratings:rule")
    versions = list(Rule.objects.select_related("published_by").order_by("-version")[:MOST])
    context = {"form": form, "current": current, "versions": versions}
    return render(request, "ratings/rule.html", context, status=form.status)


@access.requires("figures.view")
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Satisfaction by department, live."""
    today = official_today()
    context = {
        "part": satisfaction.part(today).context,
        "rows": satisfaction.by_department(today=today),
        "today": today,
    }
    return render(request, "ratings/figures.html", context)


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@access.requires("figures.view")
@require_safe
def figures_csv(request: HttpRequest) -> HttpResponse:
    """The same for spreadsheet programs."""
    today = official_today()
    return _file(satisfaction.to_csv(today=today), "text/csv; charset=utf-8", f"satisfaction-{today:%Y%m%d}.csv")


@access.requires("figures.view")
@require_safe
def figures_xlsx(request: HttpRequest) -> HttpResponse:
    """The same as a workbook."""
    today = official_today()
    return _file(satisfaction.to_xlsx(today=today), XLSX, f"satisfaction-{today:%Y%m%d}.xlsx")
