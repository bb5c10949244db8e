"""Home, catalogue, guide and the eligibility check: open to everybody."""

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.search import public as search
from zhengtong.kernel import access
from zhengtong.portal.hall import casework, guide, queries
from zhengtong.portal.hall.forms import ProgressForm, posted
from zhengtong.portal.hall.values import LEGAL, PERSON

A_PAGE = 20
OPEN_ON_HOME = 3


@access.public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What do you want to get done? One search, the usual tasks, themes, my open cases."""
    found = queries.services()
    context = {
        "often": queries.often_asked(found),
        "elders": queries.for_elders(found),
        "personal": queries.theme_tiles(found, PERSON),
        "business": queries.theme_tiles(found, LEGAL),
        "figures": queries.figures(found, official_now()),
        "departments": queries.departments_with(found),
        "townships": queries.bodies(Organization.TOWNSHIP, official_today()),
        "mine": _open_cases(request.user),
        "progress_form": ProgressForm(),
    }
    return render(request, "hall/home.html", context)


def _open_cases(user: Any) -> list[tuple[cases.Case, casework.Status]]:
    if not user.is_authenticated or user.is_official:
        return []
    mine = casework.unfinished(cases.of_person(user, on=official_today()))[:OPEN_ON_HOME]
    return [(case, casework.status_of(case)) for case in mine]


@access.public
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """The catalogue: search in plain words, filters with counts."""
    wanted = queries.Wanted.of(request.GET)
    found = queries.find_services(wanted)
    page = Paginator(found.services, A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {"wanted": wanted, "found": found, "page": page}
    if not found.services:
        everything = queries.services()
        context |= {
            "suggestions": search.suggest(wanted.text) if wanted.text else [],
            "often": queries.often_asked(everything),
            "personal": queries.theme_tiles(everything, PERSON),
        }
    return render(request, "hall/services.html", context)


@access.public
@require_safe
def service(request: HttpRequest, key: str) -> HttpResponse:
    """The guide of a service."""
    drawn = guide.guide_of(queries.get_matter(key), today=official_today())
    template = "hall/guide_print.html" if "print" in request.GET else "hall/guide.html"
    return render(request, template, {"guide": drawn, "key": key})


@access.public
def eligible(request: HttpRequest, key: str) -> HttpResponse:
    """Am I eligible? A short page of yes/no questions and a clear answer."""
    matter = queries.get_matter(key)
    assert matter.current is not None
    asked = guide.questions(matter.current.elements)
    answered = posted(request)
    given: Mapping[str, Any] = answered if answered is not None else {}
    verdict, errors = guide.judge(asked, given) if answered is not None else (None, {})
    context = {
        "version": matter.current,
        "key": key,
        "questions": [(question, given.get(question.name, ""), errors.get(question.name, "")) for question in asked],
        "errors": errors,
        "verdict": verdict,
    }
    return render(request, "hall/eligible.html", context, status=422 if errors else 200)
