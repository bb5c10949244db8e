"""Pages of the auditor, and the page on which a person sees who read their data."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from zhengtong.kernel import access
from zhengtong.security.audit import queries
from zhengtong.security.audit.forms import RangeForm, SearchForm

PAGE = 50
CHECKED_AT_ONCE = 20_000


@access.requires("audit.view")
def search(request: HttpRequest) -> HttpResponse:
    """Search the chain by person, subject, action and time."""
    form = SearchForm(request.GET or None)
    page = Paginator(queries.entries(form.wanted()), PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/search.html", {"form": form, "page": page, "rows": queries.worded(page)})


@access.requires("audit.view")
def trail(request: HttpRequest, subject: str) -> HttpResponse:
    """Everything that happened to one subject, in order."""
    page = Paginator(queries.trail(subject), PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/trail.html", {"subject": subject, "page": page, "rows": queries.worded(page)})


@access.requires("audit.view")
def entry(request: HttpRequest, seq: int) -> HttpResponse:
    """One entry with its place in the chain."""
    found = queries.get_entry(seq)
    context = {"row": queries.worded([found])[0], "entry": found, "verification": queries.verify(seq, seq)}
    return render(request, "audit/entry.html", context)


@access.requires("audit.view")
@never_cache
def verification(request: HttpRequest) -> HttpResponse:
    """Check a stretch of the chain; without a question, its newest part."""
    last = queries.last_seq()
    first = max(1, last - CHECKED_AT_ONCE + 1)
    form = RangeForm(request.GET or {"first": first, "last": max(last, 1)})
    found = queries.verify(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else None
    return render(request, "audit/verification.html", {"form": form, "found": found, "last": last})


@access.signed_in
@never_cache
def my_reads(request: HttpRequest) -> HttpResponse:
    """谁看过我的信息: every recorded read of one's own data, with office and purpose."""
    return render(request, "audit/my_reads.html", {"reads": queries.reads_about(request.user)})
