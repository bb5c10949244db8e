"""The case on one page, its actions as forms, its clocks explained, its evidence packed; the list, and the county in figures."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.approvals.cases import evidence, forms, listing, queries, screens
from zhengtong.approvals.cases import figures as county
from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.cases.operations import acceptance
from zhengtong.approvals.cases.states import State
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import number_of
from zhengtong.security.audit import public as audit


@access.requires("cases.view")
@require_safe
def case_list(request: HttpRequest) -> HttpResponse:
    """The cases of the bodies this official serves: in hand first, by due day; by words, state, department."""
    today = official_today()
    mine = listing.visible(request.user, today=today)
    counts = listing.counted(mine, request.GET, today=today)
    tabs = listing.tabs(counts, request.GET)
    page = listing.page(mine, request.GET, tabs, today=today)
    context = {
        "page": page,
        "rows": listing.rows(list(page.object_list), today=today),
        "tabs": tabs,
        "title": listing.title_of(request.GET),
        "scope": listing.scope_of(request.GET),
        "departments": list(listing.departments(counts, request.GET)),
        "states": [(value, label) for value, label in State.choices if value != State.DRAFT],
        "filters": request.GET,
    }
    return render(request, "cases/list.html", context)


@access.requires("cases.view")
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same list as a file for spreadsheet programs."""
    today = official_today()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="cases-{today:%Y%m%d}.csv"'
    listing.write_csv(response, listing.narrowed(listing.visible(request.user, today=today), request.GET, today=today))
    return response


@access.requires("cases.view")
@require_safe
def case_page(request: HttpRequest, case_id: int) -> HttpResponse:
    """Everything about a case on one page; the read of personal data is recorded with its purpose."""
    case = queries.get_for_official(case_id, request.user, on=official_today())
    _on_record(request, case, "办理行政审批", "行政许可法第三十四条", ("applicant", "answers", "materials"))
    return render(request, "cases/case.html", screens.case_context(case, request.user, at=official_now()))


def _on_record(request: HttpRequest, case: Case, purpose: str, basis: str, fields: tuple[str, ...]) -> None:
    audit.record_read(
        by=request.user.pk, subject=f"case:{case.pk}", purpose=purpose, basis=basis, fields=fields, at=official_now()
    )


@access.requires("cases.work")
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, case_id: int, key: str, task_id: int | None = None) -> HttpResponse:
    """One action: its form on a page of its own, the facts beside it; posting it runs the one operation."""
    now = official_now()
    case = queries.get_for_official(case_id, request.user, on=official_today())
    chosen, status = _chosen(key, task_id), 200
    initial = {"seen": case.row_version, "recipient": case.applicant_name}
    form = chosen.form(request.POST or None, request.FILES or None, case=case, user=request.user, initial=initial)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                forms.perform(chosen, form, at=now)
            except ZhengtongError as refusal:
                screens.add_errors(form, refusal, seen=case.row_version)
                status = refusal.status
            else:
                messages.success(request, str(chosen.done))
                return redirect("cases:case", case.pk)
    return _form_page(request, case, chosen, form, key, task_id, status)


def _form_page(
    request: HttpRequest, case: Case, chosen: forms.Act, form: Any, key: str, task_id: int | None, status: int
) -> HttpResponse:
    """The form; or, before anything is typed, why the action cannot be taken."""
    now = official_now()
    _on_record(request, case, "办理行政审批", "行政许可法第三十四条", ("applicant", "answers", "materials"))
    context = screens.act_context(case, key, chosen, at=now)
    if status == 200:
        context["why_not"] = screens.why_not(case, key, task_id, request.user, at=now)
    return render(request, "cases/act.html", {**context, "form": form}, status=status)


def _chosen(key: str, task_id: int | None) -> forms.Act:
    if key == "step" and task_id:
        return forms.step_act(task_id)
    if key == "return" and task_id:
        return forms.return_act(task_id)
    if key in forms.ACTS:
        return forms.ACTS[key]
    raise NotFound(_("没有这个操作。请返回办件页面。"))


@access.requires("cases.receive")
@require_POST
def judge(request: HttpRequest, case_id: int) -> HttpResponse:
    """Judge the materials in one form, item by item or all at once; a refusal shows the page again with what was chosen."""
    now = official_now()
    case = queries.get_for_official(case_id, request.user, on=official_today())
    judgements = screens.judgements_of(case, request.POST)
    seen = request.POST.get("seen", "")
    try:
        acceptance.judge_materials(
            case_id=case.pk, judgements=judgements, by=request.user, at=now, seen=number_of(seen, -1)
        )
    except ZhengtongError as refusal:
        context = screens.case_context(case, request.user, at=now, posted=request.POST)
        context["errors"] = {"materials": refusal.message}
        return render(request, "cases/case.html", context, status=refusal.status)
    messages.success(request, _("材料核验结果已保存。"))
    return redirect("cases:case", case.pk)


@access.requires("cases.view")
@require_safe
def clock(request: HttpRequest, case_id: int, clock_id: int) -> HttpResponse:
    """The ledger of one clock, day by day, printable."""
    case = queries.get_for_official(case_id, request.user, on=official_today())
    explained = queries.explain(case, clock_id, today=official_today())
    return render(request, "cases/clock.html", {"case": case, "explained": explained, "today": official_today()})


@access.requires("cases.view")
@require_safe
def pack(request: HttpRequest, case_id: int) -> FileResponse:
    """The evidence pack: every paper, the ledgers, the log and the attachments in one ZIP; taking it is a recorded read."""
    case = queries.get_for_official(case_id, request.user, on=official_today())
    _on_record(request, case, "导出办件证据包", "行政许可法第六十一条", ("all",))
    packed = evidence.pack(case, at=official_now())
    return FileResponse(packed, as_attachment=True, filename=f"{case.spoken_number}.zip")


@access.requires("figures.view")
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The shares the county plan asks for (G2, G3, G5), what is late, stuck or accepted by force of law, live."""
    return render(request, "cases/figures.html", county.board(today=official_today()))
