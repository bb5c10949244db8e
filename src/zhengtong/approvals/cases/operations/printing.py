"""Make the PDF of a paper when it is first wanted, from the content frozen at issue; sign it; keep it for good."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.models import Case, Paper, StepAct
from zhengtong.approvals.cases.operations.acceptance import material_lines
from zhengtong.approvals.cases.operations.paperwork import common
from zhengtong.approvals.cases.papers.render import render
from zhengtong.approvals.cases.readers import PAPER
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import NotFound
from zhengtong.security.pmi import public as pmi
from zhengtong.security.signatures import public as signatures

DECIDED = ("decision", "refusal", "not_accepted", "licence")
"""Papers that say what an official decided: that official signs them too."""


def printed(*, paper_id: int, at: datetime) -> files.Attachment:
    """The PDF of a paper, made, signed and kept on first request. Raises `NotFound`, `CannotPrint`, `Unavailable`.

    It is drawn and signed before the transaction begins: typst takes its time, a lock must not. Without keys there is no
    paper (`CannotSign`, 503): it stays unprinted and is signed when somebody asks again.
    """
    related = ("attachment__stored", "base", "organization", "issued_by")
    paper = Paper.objects.select_related(*related).filter(pk=paper_id).first()
    if paper is None:
        raise NotFound(_("没有找到这份文书。"))
    if paper.attachment is not None:
        return paper.attachment
    official = _decided_by(paper, at) if paper.kind in DECIDED else None
    drawn = render(paper.kind, paper.content)
    signed = signatures.sign_pdf(drawn, department=paper.organization, official=official, at=at)
    return _keep(paper_id, signed, at=at)


def _decided_by(paper: Paper, at: datetime) -> signatures.Official | None:
    """Who made the decision that the paper states, with the post they hold; for a licence the one who granted it."""
    acts = StepAct.objects.filter(task__case=paper.case_id, task__kind="decide")
    act = acts.select_related("officer", "task__organization").order_by("id").last()
    if act is None or paper.kind == "not_accepted":
        user = paper.issued_by
        return signatures.Official(user.pk, user.display_name, paper.organization) if user else None
    body, role = act.task.organization, act.task.role
    held = pmi.holds(act.officer, role, organization=body, on=timezone.localdate(at))
    roles = (f"{role}@organization:{body.pk}",) if held else ()
    return signatures.Official(act.officer_id, act.officer.display_name, body, roles)


@transaction.atomic
def _keep(paper_id: int, content: bytes, *, at: datetime) -> files.Attachment:
    paper = Paper.objects.select_for_update(of=("self",)).select_related("attachment__stored").get(pk=paper_id)
    if paper.attachment is not None:  # somebody else was faster
        return paper.attachment
    kept = _file(paper, content, at=at)
    paper.attachment = kept
    paper.save(update_fields=["attachment"])
    signatures.enter(subject=f"{PAPER}:{paper.pk}", content=content, at=at)
    return kept


def _file(paper: Paper, content: bytes, *, at: datetime) -> files.Attachment:
    return files.keep_bytes(
        content=content,
        name=f"{paper.title}{paper.number}.pdf",
        mime="application/pdf",
        owner_kind=PAPER,
        owner_id=paper.pk,
        by=None,
        at=at,
    )


def print_of(paper_id: int) -> bytes:
    """The kept PDF of a paper, for the renewal of its archive stamp."""
    paper = Paper.objects.select_related("attachment__stored").get(pk=paper_id)
    assert paper.attachment is not None
    with files.open_(paper.attachment) as content:
        return content.read()


@transaction.atomic
def replace_print(*, paper_id: int, content: bytes, at: datetime) -> None:
    """Put the same paper with another archive stamp in the place of what was kept; the earlier file stays as evidence."""
    paper = Paper.objects.select_for_update(of=("self",)).select_related("attachment__stored", "base").get(pk=paper_id)
    assert paper.attachment is not None
    files.remove(attachment=paper.attachment, at=at)
    paper.attachment = _file(paper, content, at=at)
    paper.save(update_fields=["attachment"])


def submission_receipt(case: Case, *, at: datetime) -> bytes:
    """The receipt of an online filing (网上材料接收凭证) as PDF, signed; from the facts of the submission, not kept, made when asked for.

    Raises `NotFound` before the submission, `CannotSign` (503) without keys.
    """
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
    return signatures.sign_pdf(render("online_receipt", content), department=case.acceptance_point, at=at)
