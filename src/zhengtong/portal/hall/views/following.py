"""My cases, one case with its clock, supplement, withdraw, rate; progress without an account; papers as PDF."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import public as greenway
from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.files import public as files
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, Refusal
from zhengtong.portal.hall import casework, drafts, rules
from zhengtong.portal.hall.forms import ProgressForm, WithdrawForm, posted
from zhengtong.security.audit import public as audit

A_PAGE = 10


def _mine(request: HttpRequest, case_id: int) -> cases.Case:
    return cases.get_for_applicant(case_id, request.user, on=official_today())


@access.signed_in
@require_safe
def my(request: HttpRequest) -> HttpResponse:
    """My cases: what waits for me first, search, tabs, pages."""
    today, text = official_today(), request.GET.get("q", "")[:60].strip()
    tab = request.GET.get("tab", "open") if request.GET.get("tab") in casework.TABS else "open"
    counts = casework.tab_counts(request.user, today=today)
    labels = {"open": _("未办结"), "done": _("已结束"), "all": _("全部")}
    tabs = [{"label": labels[t], "url": f"?tab={t}", "current": t == tab, "count": counts[t]} for t in casework.TABS]
    page = Paginator(casework.my_cases(request.user, tab=tab, text=text, today=today), A_PAGE).get_page(
        request.GET.get("page")
    )
    rows = [(case, casework.status_of(case)) for case in page]
    return render(request, "hall/my.html", {"tabs": tabs, "tab": tab, "text": text, "page": page, "rows": rows})


@access.signed_in
@require_safe
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case: status, who acts next, the clock, history, papers, what can be done."""
    today = official_today()
    page = casework.case_page(_mine(request, case_id), today=today)
    return render(request, "hall/case.html", {"page": page, "case": page.case, "today": today, "own": True})


@access.signed_in
@require_safe
def clock(request: HttpRequest, case_id: int, clock_id: int) -> HttpResponse:
    """The ledger of one clock, day by day, for printing."""
    case = _mine(request, case_id)
    today = official_today()
    explained = cases.explain(case, clock_id, today=today)
    return render(
        request, "hall/clock.html", {"case": case, "explained": explained, "today": today, "back_url": "../.."}
    )


@access.signed_in
def supplement(request: HttpRequest, case_id: int) -> HttpResponse:
    """The frozen notice, item by item; submitted when every item has been answered."""
    case = _mine(request, case_id)
    notice = casework.open_notice(case)
    if notice is None or notice.notice.in_review:
        raise NotFound(_("没有等待补正的通知。请从“我的办件”查看最新情况。"))
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            cases.supplement(case_id=case.pk, by=request.user, at=official_now())
        except Refusal as refusal:
            errors = {"": refusal.message}
        else:
            messages.success(request, _("补正材料已提交，窗口会在五个工作日内答复是否受理。"))
            return redirect("hall:case", case.pk)
    context = {"case": case, "notice": notice, "errors": errors, "next": cases.next_actor(case)}
    return render(request, "hall/supplement.html", context, status=422 if errors else 200)


@access.signed_in
def review_supplement(request: HttpRequest, case_id: int) -> HttpResponse:
    """Papers asked for during review: upload, then say that they are in."""
    case = _mine(request, case_id)
    notice = casework.open_notice(case)
    if notice is None or not notice.notice.in_review:
        raise NotFound(_("没有等待补交的通知。请从“我的办件”查看最新情况。"))
    if request.method == "POST":
        cases.answer_in_review(case_id=case.pk, by=request.user, at=official_now())
        messages.success(request, _("已告知办理部门：补交的材料已上传。"))
        return redirect("hall:case", case.pk)
    return render(request, "hall/review_supplement.html", {"case": case, "notice": notice})


@access.signed_in
def withdraw(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take the application back, after saying what that means."""
    case = _mine(request, case_id)
    casework.require_withdrawable(case)
    form = WithdrawForm(posted(request), initial={"seen": case.row_version})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        cases.withdraw(case_id=case.pk, by=request.user, reason=given["reason"], at=official_now(), seen=given["seen"])
        messages.success(request, _("已撤回申请。需要时可以重新申请。"))
        return redirect("hall:case", case.pk)
    return render(request, "hall/withdraw.html", {"case": case, "form": form})


@access.signed_in
@require_POST
def amend(request: HttpRequest, case_id: int) -> HttpResponse:
    """Begin to renew or change the licence of a case, or go on where it was begun."""
    begun = casework.amend(_mine(request, case_id), request.POST.get("purpose", ""), request.user, at=official_now())
    return redirect(drafts.first_url(begun))


def _rate(request: HttpRequest, case: cases.Case, by: Any, channel: str) -> HttpResponse:
    form = ratings.RatingForm(posted(request), reachable=bool(by or case.applicant_phone))
    if request.method == "POST" and form.is_valid():
        rating = ratings.rate_case(case_id=case.pk, by=by, channel=channel, at=official_now(), **form.given())
        ratings.remember(request.session, rating)
        return redirect("ratings:thanks")
    context = {"about": case.version.label, "number": case.spoken_number, "form": form}
    return render(request, "ratings/rate.html", context, status=422 if form.errors else 200)


@access.signed_in
def rate(request: HttpRequest, case_id: int) -> HttpResponse:
    """Rate one's own case."""
    return _rate(request, _mine(request, case_id), request.user, "account")


@access.public
def rate_by_code(request: HttpRequest, case_id: int) -> HttpResponse:
    """Rate a case whose number and query code were given in this session."""
    return _rate(request, rules.followed_case(request, case_id), None, "code")


@access.public
def progress(request: HttpRequest) -> HttpResponse:
    """Progress by number and query code, without an account."""
    form = ProgressForm(posted(request), initial={"number": request.GET.get("number", "")[:60]})
    if request.method == "POST" and form.is_valid():
        rules.may_try(request, "progress")
        try:
            return _to_what_fits(request, form.cleaned_data["number"], form.cleaned_data["code"])
        except NotFound as refusal:
            rules.count_try(request, "progress")
            form.add_error("code", refusal.message)
    return render(request, "hall/progress.html", {"form": form}, status=422 if form.errors else 200)


def _to_what_fits(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """To the case, or to the project or bundle, of which these are number and code. Raises `NotFound`."""
    try:
        case = cases.by_query_code(number, code)
    except NotFound:
        project = greenway.by_query_code(number, code)
        found = [branch.case_id for branch in greenway.whole(project).every() if branch.case_id]
        rules.follow_project(request.session, project.pk, found)
        return redirect("hall:progress_project", project.pk)
    rules.follow(request.session, case.pk)
    return redirect("hall:progress_case", case.pk)


@access.public
@require_safe
def progress_project(request: HttpRequest, project_id: int) -> HttpResponse:
    """A project or bundle for somebody who gave its number and query code: where each matter stands; no personal data."""
    if not rules.follows_project(request.session, project_id):
        return redirect("hall:progress")
    project = greenway.get(project_id)
    found = greenway.whole(project)
    clocks = {clock.joint_id: clock for clock in greenway.clocks(project.pk)}
    hidden = (greenway.BranchState.PLANNED, greenway.BranchState.NOT_NEEDED)
    stages = [
        {
            "joint": joint,
            "clock": clocks.get(joint.pk),
            "branches": [one for one in found.branches[joint.pk] if one.state not in hidden],
        }
        for joint in found.joints
    ]
    return render(request, "hall/project.html", {"project": project, "stages": stages})


@access.public
@require_safe
def progress_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """The case for somebody who gave its number and query code; personal data masked."""
    if not rules.follows(request.session, case_id):
        return redirect("hall:progress")
    today = official_today()
    page = casework.case_page(cases.get(case_id), today=today)
    return render(request, "hall/case.html", {"page": page, "case": page.case, "today": today, "own": False})


@access.public
@require_safe
def paper(request: HttpRequest, paper_id: int) -> FileResponse:
    """The PDF of a paper, made on first request; read by an official, it is put on record."""
    found = cases.Paper.objects.filter(pk=paper_id).only("case_id").first()
    if found is None:
        raise NotFound(_("没有找到这份文书。"))
    case, by_official = rules.readable_paper_case(request, found.case_id)
    if by_official:
        _on_record(request, case.pk)
    attachment = cases.printed(paper_id=paper_id, at=official_now())
    return _served(attachment, download="save" in request.GET)


def _on_record(request: HttpRequest, case_id: int) -> None:
    audit.record_read(
        by=request.user.pk,
        subject=f"case:{case_id}",
        purpose="查看办件文书",
        basis="行政许可办理",
        fields=["paper"],
        at=official_now(),
    )


def _served(attachment: Any, *, download: bool) -> FileResponse:
    response = FileResponse(
        files.open_(attachment), as_attachment=download, filename=attachment.name, content_type="application/pdf"
    )
    response["Cache-Control"] = "private, no-cache"
    return response
