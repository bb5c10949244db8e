"""Pages of the working days, and the clock of a demo."""

from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhengtong.foundation.calendars import operations, queries
from zhengtong.foundation.calendars.forms import ClockForm, DaysForm, ImportForm
from zhengtong.foundation.calendars.values import DEMO_PANELS, amended, builtin_document, differences, year_of
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError


@access.official
def index(request: HttpRequest) -> HttpResponse:
    """The present year."""
    return year(request, queries.official_today().year)


@access.official
def year(request: HttpRequest, number: int) -> HttpResponse:
    """One year as twelve months, or the sentence that says why nothing is shown."""
    version, document = queries.document_in_force()
    today = queries.official_today()
    shown = sorted({*map(int, document), number, today.year, today.year + 1})
    context = {
        "number": number,
        "year": year_of(document, number),
        "version": version,
        "years": [n for n in shown if abs(n - number) <= 4],
        "missing": queries.years_missing(today),
        "today": today,
        "builtin_years": list(builtin_document()),
    }
    return render(request, "calendars/year.html", context)


@access.requires("calendars.manage")
def edit(request: HttpRequest) -> HttpResponse:
    """Change a day or a few."""
    form = DaysForm(request.POST or None, initial=request.GET.dict())
    return _amend(request, form, "calendars/days.html")


@access.requires("calendars.manage")
def import_year(request: HttpRequest) -> HttpResponse:
    """Read in a year."""
    missing = queries.years_missing(queries.official_today())
    form = ImportForm(request.POST or None, initial={"year": next(iter(missing), None), **request.GET.dict()})
    return _amend(request, form, "calendars/import.html")


def _amend(request: HttpRequest, form: Any, template: str) -> HttpResponse:
    """Form → preview of the differences → a new version."""
    version, document = queries.document_in_force()
    context: dict[str, Any] = {"form": form, "version": version}
    if request.method == "POST" and form.is_valid():
        try:
            if "publish" in request.POST:
                return _publish(request, form, document)
            change = form.change(document)
            context["differences"] = differences(document, amended(document, change.days, change.sources))
            context["preview"] = "back" not in request.POST
        except ZhengtongError as refusal:
            form.refuse(refusal)
    if context.get("preview") and not form.errors:
        return render(request, "calendars/preview.html", context)
    return render(request, template, context, status=422 if form.errors else 200)


def _publish(request: HttpRequest, form: Any, document: dict[str, Any]) -> HttpResponse:
    base = request.POST.get("base", "")
    published = operations.amend(
        base=int(base) if base.isascii() and base.isdigit() else -1,
        change=form.change(document),
        reason=form.cleaned_data["reason"],
        by=request.user.pk,
        at=queries.official_now(),
    )
    messages.success(
        request, _("第{number}版工作日历已发布，在办事项的期限将按新版重新计算。").format(number=published.number)
    )
    return redirect("calendars:version", number=published.number)


@access.requires("calendars.manage")
@require_POST
def publish_builtin(request: HttpRequest) -> HttpResponse:
    """Begin with the years that ship with the product."""
    reason = _("采用系统自带的国务院办公厅放假安排")
    if queries.document_in_force()[0] == 0:
        operations.publish_version(
            document=builtin_document(), reason=reason, by=request.user.pk, at=queries.official_now()
        )
    return redirect("calendars:index")


@access.official
def versions(request: HttpRequest) -> HttpResponse:
    """Every version with what it changed."""
    return render(request, "calendars/versions.html", {"versions": queries.versions()})


@access.official
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version against the one before."""
    row = queries.get_version(number)
    before = queries.get_version(number - 1).document if number > 1 else {}
    changes = differences(before, row.document)
    begun = {change.year for change in changes if change.day is None}
    shown = [change for change in changes if change.day is None or change.year not in begun]
    return render(request, "calendars/version.html", {"version": row, "differences": shown})


@access.public
def demo(request: HttpRequest) -> HttpResponse:
    """The clock of the demo county, and what else a demo offers."""
    _demand_demo()
    step = request.POST.get("step", "")
    form = ClockForm(request.POST if request.method == "POST" and step not in STEPS else None)
    if request.method == "POST" and (step in STEPS or form.is_valid()):
        try:
            operations.move_demo_clock(to=_wanted(step, form))
        except ZhengtongError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("演示时间已拨动。到期的办件会在几秒钟内由后台处理。"))
            return redirect("demo")
    panels = [(panel.title, panel.links()) for panel in DEMO_PANELS.values()]
    context = {"form": form, "now": queries.official_now(), "panels": panels}
    return render(request, "calendars/demo.html", context, status=422 if form.errors else 200)


def _demand_demo() -> None:
    if not settings.DEMO:
        raise NotFound(_("没有找到这个页面。这里不是演示县。"))


STEPS = {"hour": 0, "workday": 1, "five_workdays": 5}
"""What the buttons ask for: working days ahead; an hour is none."""


def _wanted(step: str, form: ClockForm) -> datetime:
    """Where the clock shall go: an hour on, or nine o'clock of a day."""
    now = queries.official_now()
    if step == "hour":
        return now + timedelta(hours=1)
    if step in STEPS:
        day = queries.current().nth_after(timezone.localdate(now), STEPS[step])
    else:
        day = form.cleaned_data["day"]
    return timezone.make_aware(datetime.combine(day, time(9)))
