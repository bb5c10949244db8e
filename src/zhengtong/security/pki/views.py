"""Pages of the security administrator; lists, status and certificates for programs."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.security.pki import operations, queries
from zhengtong.security.pki.forms import RevocationForm, SearchForm
from zhengtong.security.pki.models import Authority, Ceremony, CertificateRequest
from zhengtong.security.pki.values import ALGORITHMS, KINDS, POST, ROOT

MANAGE, WITNESS = "certificates.manage", "certificates.witness"
PAGE = 30
LARGEST_QUESTION = 16 * 1024


@access.requires(MANAGE)
def certificates(request: HttpRequest) -> HttpResponse:
    """Search the issuance log."""
    form, now = SearchForm(request.GET or None), official_now()
    page = Paginator(queries.certificates(**form.wanted(), at=now), PAGE).get_page(request.GET.get("page"))
    rows = [(row, row.state(now), row.state_words(now)) for row in page]
    return render(request, "pki/certificates.html", {"form": form, "page": page, "rows": rows})


@access.requires(MANAGE)
@never_cache
def certificate(request: HttpRequest, serial: str) -> HttpResponse:
    """One certificate in words."""
    row, now = queries.by_serial(serial), official_now()
    context = {
        "certificate": row,
        "state": row.state(now),
        "state_words": row.state_words(now),
        "kind": KINDS[row.kind],
        "algorithm": ALGORITHMS[row.algorithm],
        "reason": queries.reason_words(row),
        "revocable": row.revoked_at is None and row.kind not in (ROOT, POST),
        "serial": ":".join(row.serial[n : n + 4] for n in range(0, len(row.serial), 4)),
    }
    return render(request, "pki/certificate.html", context)


@access.requires(MANAGE)
def revoke(request: HttpRequest, serial: str) -> HttpResponse:
    """Revoke one, with a reason."""
    row = queries.by_serial(serial)
    form = RevocationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            by = request.user.pk
            operations.revoke(certificate=row, reason=form.cleaned_data["reason"], by=by, at=official_now())
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("证书已吊销，立即生效。"))
            return redirect("pki:certificate", serial=row.serial)
    return render(request, "pki/revoke.html", {"form": form, "certificate": row}, status=form.status)


@access.requires(MANAGE)
def authorities(request: HttpRequest) -> HttpResponse:
    """Every authority with its expiry, the lists, who was at the ceremony, and the slot for a licensed certifier."""
    now = official_now()
    rows = []
    for row in Authority.objects.select_related("certificate", "parent").prefetch_related("lists").order_by("pk"):
        lists = list(row.lists.all())
        rows.append(
            {
                "authority": row,
                "algorithm": ALGORITHMS[row.algorithm],
                "state": row.certificate.state(now),
                "state_words": row.certificate.state_words(now),
                "soon": row.certificate.not_after < now + queries.AUTHORITY_SOON,
                "lists_until": min((one.next_update for one in lists), default=None),
                "lists_late": any(one.next_update < now or one.stale for one in lists),
            }
        )
    context = {
        "rows": rows,
        "ceremonies": Ceremony.objects.order_by("-pk"),
        "waiting": CertificateRequest.objects.filter(certificate__isnull=True).count(),
    }
    return render(request, "pki/authorities.html", context)


@access.requires(WITNESS)
@never_cache
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Which key ends when, what is being renewed, and by whom."""
    now, pending = official_now(), queries.open_renewals()
    context = {
        "rows": [(one, pending.get(one.what)) for one in queries.keys_in_use(now)],
        "holders": queries.holders_ending(now),
        "me": request.user.pk,
    }
    return render(request, "pki/keys.html", context)


def _me(request: HttpRequest) -> int:
    assert request.user.pk is not None
    return request.user.pk


@access.requires(MANAGE)
@require_POST
def ask_renewal(request: HttpRequest) -> HttpResponse:
    """The first person: make this key anew."""
    operations.ask_renewal(what=request.POST.get("what", "")[:60], by=_me(request), at=official_now())
    messages.success(request, _("已提出换发，等另一个人在本页确认。"))
    return redirect("pki:keys")


@access.requires(WITNESS)
@require_POST
def confirm_renewal(request: HttpRequest, number: int) -> HttpResponse:
    """The second person confirms."""
    row = operations.confirm_renewal(renewal_id=number, by=_me(request), at=official_now())
    if row.done_at is None:
        messages.warning(request, _("已确认。密钥存放处现在连不上，恢复后自动换发，不会改用别的密钥。"))
    else:
        messages.success(request, _("已换发。新密钥从现在起使用，原证书继续用于核验。"))
    return redirect("pki:keys")


@access.requires(MANAGE)
@require_POST
def withdraw_renewal(request: HttpRequest, number: int) -> HttpResponse:
    """Take back what nobody has confirmed."""
    operations.withdraw_renewal(renewal_id=number, by=_me(request), at=official_now())
    messages.success(request, _("已撤回，没有换发。"))
    return redirect("pki:keys")


@access.public
@require_safe
def revocation_list(request: HttpRequest, shard: str) -> HttpResponse:
    """The newest list of a shard, DER (RFC 5280)."""
    found = queries.list_named(shard)
    if found is None:
        raise NotFound(_("没有这份吊销列表。"))
    response = HttpResponse(bytes(found.der), content_type="application/pkix-crl")
    response["Cache-Control"] = "public, max-age=30"
    return response


@access.public
@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """Status of certificates (RFC 6960) over HTTP POST, both algorithms."""
    # A form instead of a question was read already on its way here: it is answered as malformed.
    form = request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded")
    fits = not form and int(request.META.get("CONTENT_LENGTH") or 0) <= LARGEST_QUESTION
    question = request.body if fits else b""
    return HttpResponse(queries.status(question, now=official_now()), content_type="application/ocsp-response")


@access.public
@require_safe
def trust_list(request: HttpRequest) -> HttpResponse:
    """Roots and authorities with fingerprints, as JSON."""
    return JsonResponse(queries.trust_list(), json_dumps_params={"ensure_ascii": False})


@access.public
@require_safe
def authority_certificate(request: HttpRequest, name: str) -> HttpResponse:
    """An authority's certificate, DER."""
    found = queries.authority_named(name)
    if found is None:
        raise NotFound(_("没有这个签发机构。"))
    return HttpResponse(bytes(found.certificate.der), content_type="application/pkix-cert")
