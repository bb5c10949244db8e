"""The local provider's own page. It looks unlike the county's on purpose, and says that no money moves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from zhengtong.approvals.fees import providers
from zhengtong.approvals.fees.providers import local
from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound


@access.public
@require_http_methods(["GET", "POST"])
def charge(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm or turn back; either way the payer is sent back to the county."""
    if local.KEY not in providers.active():
        raise NotFound(_("没有启用这个支付渠道。"))
    found, now = local.charge_of(token), official_now()
    if request.method == "POST":
        if "give_up" in request.POST:
            local.give_up(token=token, at=now)
        else:
            local.pay(token=token, at=now)
        return redirect(found.return_path)
    over = found.state == found.OPEN and found.expires_at <= now
    return render(request, "fees/local.html", {"charge": found, "over": over})
