"""Pages of the window: begin a recovery, confirm a colleague's, hand out the one-time password."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.accounts.recovery import operations, queries
from zhengtong.security.accounts.recovery.forms import BeginForm, HandOutForm

SERVE = "window.serve"


@access.requires(SERVE)
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """See the card, then begin; and what waits for a second person."""
    form, me = BeginForm(request.POST or None), _me(request)
    if request.method == "POST" and form.is_valid():
        try:
            row = operations.begin(**form.cleaned_data, by=me, at=official_now())
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            return redirect("account_recovery", number=row.pk)
    context = {"form": form, "rows": queries.under_way(official_now()), "me": me.pk}
    return render(request, "accounts/recovery_begin.html", context, status=form.status)


@access.requires(SERVE)
@never_cache
def recovery(request: HttpRequest, number: int) -> HttpResponse:
    """One recovery. Posted by who began it: the one-time password, shown on this answer alone and kept nowhere."""
    me, password = _me(request), ""
    form = HandOutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password = operations.carry_out(recovery_id=number, **form.cleaned_data, by=me, at=official_now())
        except ZhengtongError as refusal:
            form.refuse(refusal)
    row = queries.numbered(number)
    context = {"row": row, "form": form, "password": password, "mine": row.asked_by_id == me.pk}
    return render(request, "accounts/recovery.html", context, status=form.status)


@access.requires(SERVE)
@require_POST
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """The second person has seen the card too."""
    operations.confirm(recovery_id=number, by=_me(request), at=official_now())
    messages.success(request, _("已确认，由看过身份证的同事继续办理。"))
    return redirect("account_recovery_begin")


def _me(request: HttpRequest) -> Any:
    return request.user
