"""Pages about keys (security administrator), about erasures and retention (two officials), and about one's own data (everybody)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.vault import operations, queries
from zhengtong.security.vault.forms import DecisionForm, ErasureForm, ErasureForOtherForm, RetentionForm
from zhengtong.security.vault.retention import operations as retaining
from zhengtong.security.vault.retention import periods
from zhengtong.security.vault.retention import queries as retained

MANAGE, ERASURES = "vault.manage", "erasures.handle"
PAGE = 20


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


def _me(request: HttpRequest) -> int:
    assert request.user.pk is not None
    return request.user.pk


@access.signed_in
@never_cache
def my_data(request: HttpRequest) -> HttpResponse:
    """What the county holds of me: take it along; what an erasure would do; ask for it."""
    me, now = _me(request), official_now()
    form = ErasureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.ask_erasure(person_id=me, **form.cleaned_data, by=me, at=now)
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("已收到您的申请。由工作人员核对确认后删除，结果在本页查看。"))
            return redirect("vault:my_data")
    parts = operations.outcome(person_id=me, at=now)
    context = {
        "form": form,
        "going": [part for part in parts if part.goes],
        "staying": [part for part in parts if not part.goes],
        "blocked": any(part.blocks for part in parts),
        "asked": queries.request_of(me),
    }
    return render(request, "vault/my_data.html", context, status=form.status)


@access.signed_in
@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """All of my data in one file (个人信息保护法 第四十五条)."""
    me = _me(request)
    said = {"format": "zhengtong-person/1", "at": official_now(), **queries.exported(me)}
    answer = JsonResponse(said, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="my-data-{me}.json"'
    return answer


@access.requires(ERASURES)
@never_cache
def erasures(request: HttpRequest) -> HttpResponse:
    """Every request for erasure; enter one for somebody."""
    form = ErasureForOtherForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            row = operations.ask_erasure(
                person_id=given["number"].pk,
                ground=given["ground"],
                note=given["note"],
                by=_me(request),
                at=official_now(),
            )
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("已登记，等另一位工作人员确认。"))
            return redirect("vault:erasure", number=row.pk)
    page = Paginator(queries.requests(), PAGE).get_page(request.GET.get("page"))
    return render(request, "vault/erasures.html", {"form": form, "page": page}, status=form.status)


@access.requires(ERASURES)
@never_cache
def erasure(request: HttpRequest, number: int) -> HttpResponse:
    """One request: what would go and what stays, said before; confirm it, or refuse it with a reason."""
    row, now = queries.request_numbered(number), official_now()
    confirms = request.method == "POST" and "confirm" in request.POST
    form = DecisionForm(request.POST if request.method == "POST" and not confirms else None)
    if confirms or (request.method == "POST" and form.is_valid()):
        refusal = "" if confirms else form.cleaned_data["refusal"]
        operations.decide_erasure(request_id=number, refusal=refusal, by=_me(request), at=now)
        messages.success(request, _("已确认，后台马上删除。") if confirms else _("已记下不删除的理由，本人可以看到。"))
        return redirect("vault:erasure", number=number)
    parts = [] if row.done_at else operations.outcome(person_id=row.person_id, at=now)
    may_decide = row.decided_at is None and _me(request) not in (row.asked_by_id, row.person_id)
    context = {"row": row, "parts": parts, "form": form, "may_decide": may_decide}
    return render(request, "vault/erasure.html", context, status=form.status)


@access.public
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """How long what is kept, since when, by which source; for everybody (个人信息保护法 第十七条第一款第二项)."""
    return render(request, "vault/kept.html", {"periods": periods.in_force().values()})


@access.requires(ERASURES)
@never_cache
@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """What is kept how long, what will be deleted within thirty days, which changes wait, what was deleted."""
    deleted = Paginator(retained.deleted(), PAGE).get_page(request.GET.get("page"))
    names = periods.shipped()
    context = {
        "lines": retained.lines(official_now()),
        "page": deleted,
        "rows": [(one, names[one["key"]].name if one["key"] in names else one["key"]) for one in deleted],
        "me": _me(request),
    }
    return render(request, "vault/retention.html", context)


@access.requires(ERASURES)
@never_cache
def change_retention(request: HttpRequest, key: str) -> HttpResponse:
    """The first person: another period for one kind of data."""
    period = retained.line(key)
    begun = {"amount": period.amount or None, "unit": period.unit, "source": period.source, "dated": period.dated}
    form = RetentionForm(request.POST or None, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            retaining.ask_change(key=key, **form.cleaned_data, by=_me(request), at=official_now())
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("已提出，等另一位工作人员在本页确认后生效。"))
            return redirect("vault:retention")
    context = {"form": form, "period": period, "changes": retained.changes(key)}
    return render(request, "vault/retention_change.html", context, status=form.status)


@access.requires(ERASURES)
@require_POST
def decide_retention(request: HttpRequest, number: int) -> HttpResponse:
    """The second person confirms a change; or it is turned down."""
    confirm = "confirm" in request.POST
    retaining.decide_change(change_id=number, confirm=confirm, by=_me(request), at=official_now())
    messages.success(request, _("已确认，新的期限从现在起生效。") if confirm else _("已记下不同意，期限没有改变。"))
    return redirect("vault:retention")
