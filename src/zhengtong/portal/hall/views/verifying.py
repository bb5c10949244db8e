"""Is this paper genuine? For anyone, from the QR code, the code under it, or the licence number."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound
from zhengtong.portal.hall import queries, rules
from zhengtong.portal.hall.forms import VerifyForm


@access.public
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Ask by code or licence number."""
    form = VerifyForm(request.GET if "code" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("hall:verified", quote(form.cleaned_data["code"].strip().replace("/", " "), safe=""))
    return render(request, "hall/verify.html", {"form": form}, status=422 if form.errors else 200)


@access.public
@require_safe
def verified(request: HttpRequest, code: str) -> HttpResponse:
    """What the county says of this paper: genuine, expired, revoked, or not known here."""
    rules.may_try(request, "verify")
    try:
        found = queries.verify_any(code)
    except NotFound:
        rules.count_try(request, "verify")
        return render(request, "hall/not_genuine.html", {"code": code[:80]}, status=404)
    return render(request, "hall/verified.html", {"found": found, "code": code})
