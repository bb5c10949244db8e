"""Make the PDF of a paper when it is first wanted, from the content frozen at issue; keep it for good."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.models import Case, Paper
from zhengtong.approvals.cases.operations.acceptance import material_lines
from zhengtong.approvals.cases.operations.paperwork import common
from zhengtong.approvals.cases.papers.render import render
from zhengtong.approvals.cases.readers import PAPER
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import NotFound


def printed(*, paper_id: int, at: datetime) -> files.Attachment:
    """The PDF of a paper, made and kept on first request. Raises `NotFound`, `CannotPrint`, `Unavailable`.

    It is drawn before the transaction begins: typst takes its time, a lock must not.
    """
    paper = Paper.objects.select_related("attachment__stored", "base").filter(pk=paper_id).first()
    if paper is None:
        raise NotFound(_("没有找到这份文书。"))
    if paper.attachment is not None:
        return paper.attachment
    return _keep(paper_id, render(paper.kind, paper.content), at=at)


@transaction.atomic
def _keep(paper_id: int, content: bytes, *, at: datetime) -> files.Attachment:
    paper = Paper.objects.select_for_update(of=("self",)).select_related("attachment__stored").get(pk=paper_id)
    if paper.attachment is not None:  # somebody else was faster
        return paper.attachment
    kept = files.keep_bytes(
        content=content,
        name=f"{paper.title}{paper.number}.pdf",
        mime="application/pdf",
        owner_kind=PAPER,
        owner_id=paper.pk,
        by=None,
        at=at,
    )
    paper.attachment = kept
    paper.save(update_fields=["attachment"])
    return kept


def submission_receipt(case: Case) -> bytes:
    """The receipt of an online filing (网上材料接收凭证) as PDF, from the facts of the submission; not kept, made when asked for."""
    if case.submitted_at is None:
        raise NotFound(_("申请还没有提交，没有回执。"))
    content = {
        **common(case, case.acceptance_point, case.submitted_at),
        "number": case.spoken_number or "",
        "verify_url": f"{settings.PUBLIC_URL}/progress/?number={case.spoken_number}",
        "received_at": timezone.localtime(case.submitted_at),
        "channel": case.get_channel_display(),
        "received_by": "系统自动接收",
        "materials": material_lines(case),
        "next_steps": (
            f"窗口在{case.elements.pre_review_workdays}个工作日内预审，收件后{case.elements.acceptance_workdays}个工作日内决定是否受理。",
            "凭编号和查询码可随时在网上查询进度，不需要登录。",
        ),
    }
    return render("online_receipt", content)
