"""Forecast with simulator, patterns, performance with its cases, the weekly brief."""

from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.organizations import public as organizations
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import number_of
from zhengtong.oversight.supervision import forecast as forecasts
from zhengtong.oversight.supervision import patterns, performance, stuck, weekly
from zhengtong.oversight.supervision.listing import day_of
from zhengtong.oversight.supervision.states import Level
from zhengtong.oversight.supervision.views.cards import overseen


@access.requires("supervision.view")
@require_safe
def forecast(request: HttpRequest) -> HttpResponse:
    """What goes yellow or red in the next five working days, if nobody moves."""
    least = Level.WARNING if request.GET.get("show") == "all" else Level.YELLOW
    found = forecasts.coming(now=official_now(), bodies=overseen(request.user), least=least)
    tabs = [
        {"label": _("黄牌和红牌"), "url": "?", "current": least == Level.YELLOW},
        {"label": _("包括预警"), "url": "?show=all", "current": least == Level.WARNING},
    ]
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    context = {"page": page, "rows": forecasts.by_body(found), "tabs": tabs, "today": official_today()}
    return render(request, "supervision/forecast.html", context)


@access.requires("supervision.view")
@require_safe
def stuck_page(request: HttpRequest) -> HttpResponse:
    """Clocks that cannot be counted now, why, and who can put that right. They hold up no other."""
    bodies = overseen(request.user)
    page = Paginator(stuck.watches(bodies), 25).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": stuck.described(page.object_list),
        "unread": stuck.unread(bodies),
        "years": stuck.years(bodies),
    }
    return render(request, "supervision/stuck.html", context)


@access.requires("supervision.view")
@require_safe
def simulator(request: HttpRequest, case_id: int) -> HttpResponse:
    """“If 自然资源局 answers by Thursday …”: nothing is changed."""
    today = official_today()
    case = cases.get_for_official(case_id, request.user, on=today)
    given = {name: day_of(str(value)) for name, value in request.GET.items() if name.startswith("step-") and value}
    answers = {number_of(name[5:], 0): day for name, day in given.items() if day is not None and name[5:].isdecimal()}
    outcome, problem, status = None, "", 200
    try:
        outcome = forecasts.simulate(case_id=case_id, answers=answers, today=today)
    except ZhengtongError as refusal:
        problem, status = refusal.message, 200 if not answers else 422
    steps = [
        {"task": task, "name": f"step-{task.pk}", "value": answers.get(task.pk, "")}
        for task in forecasts.open_steps(case_id)
    ]
    context = {"case": case, "outcome": outcome, "problem": problem, "steps": steps, "today": today}
    return render(request, "supervision/simulator.html", context, status=status)


def _period(request: HttpRequest) -> tuple[date, date]:
    """The asked period; the last thirty days when none, or none that makes sense, is asked for."""
    today = official_today()
    last = day_of(request.GET.get("last", "")) or today
    first = day_of(request.GET.get("first", "")) or last - timedelta(days=30)
    return (first, last) if first <= last else (last, first)


@access.requires("supervision.view")
@require_safe
def patterns_page(request: HttpRequest) -> HttpResponse:
    """What no single case shows."""
    first, last = _period(request)
    context = {"found": patterns.found(first=first, last=last), "first": first, "last": last}
    return render(request, "supervision/patterns.html", context)


@access.requires("supervision.view")
@require_safe
def performance_page(request: HttpRequest) -> HttpResponse:
    """The indicators of every body, and its points by the model."""
    first, last = _period(request)
    rows = performance.measured(first=first, last=last, bodies=overseen(request.user))
    context = {
        "rows": [{"one": one, "score": performance.score(one)} for one in rows],
        "first": first,
        "last": last,
        "model": performance.score_model(),
    }
    return render(request, "supervision/performance.html", context)


@access.requires("supervision.view")
@require_safe
def opened(request: HttpRequest, kind: str) -> HttpResponse:
    """The cases a figure is made of."""
    first, last = _period(request)
    code = request.GET.get("department", "")
    body = organizations.get_by_code(code) if code else None
    if kind not in performance.OPENED:
        raise NotFound(_("没有这样的指标，请从绩效指标页面进入。"))
    rows = performance.opened(kind, body, first, last)
    visible = cases.at_organizations(request.user, on=official_today()).values("pk")
    page = Paginator(rows.filter(pk__in=visible), 25).get_page(request.GET.get("page"))
    titles = {
        "accepted": _("期内受理的办件"),
        "undecided": _("期内受理、还没有决定的办件"),
        "decided": _("期内决定的办件"),
        "late": _("超过承诺的办件，包括到期还没有决定的"),
    }
    context = {"page": page, "title": titles[kind], "body": body, "first": first, "last": last}
    return render(request, "supervision/opened.html", context)


@access.requires("supervision.view")
@require_safe
def brief(request: HttpRequest) -> HttpResponse:
    """The weekly brief, to be printed."""
    made = weekly.brief(until=official_today(), now=official_now())
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="supervision-{official_today():%Y%m%d}.pdf"'
    return response


@access.public
@require_safe
def on_time(request: HttpRequest) -> HttpResponse:
    """What everybody may see: per department, how many cases were decided, how many of them within the promise."""
    last = official_today()
    first = last - timedelta(days=90)
    rows = performance.public_rates(first=first, last=last)
    context: dict[str, Any] = {"rows": rows[:-1], "county": rows[-1] if rows else None, "first": first, "last": last}
    return render(request, "supervision/on_time.html", context)
