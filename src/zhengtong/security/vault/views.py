"""The page of the security administrator: which keys seal personal data, and turning them over."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.security.vault import operations, queries

MANAGE = "vault.manage"


@access.requires(MANAGE)
@never_cache
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Which keys are in use, since when, what the earlier ones still seal, and how far a rotation is."""
    return render(request, "vault/keys.html", {"state": queries.state()})


@access.requires(MANAGE)
@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Start a rotation; the worker carries it out."""
    operations.start_rotation(by=request.user.pk, at=official_now())
    messages.success(request, _("新密钥已启用，后台正在把原有资料换用新密钥，办事不受影响。"))
    return redirect("vault:keys")
