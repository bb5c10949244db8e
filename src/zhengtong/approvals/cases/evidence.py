"""The evidence pack of a case (证据包): what 复议, 诉讼 and 归档 ask for, gathered from the rows and handed to the packer."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import override

from zhengtong.approvals.cases import charging, queries
from zhengtong.approvals.cases.models import Case, CaseEvent, Clock
from zhengtong.approvals.cases.operations.filing import files_of_materials
from zhengtong.approvals.cases.operations.paperwork import common
from zhengtong.approvals.cases.operations.printing import printed
from zhengtong.approvals.cases.papers import values
from zhengtong.approvals.cases.papers.evidence import Entry, build_evidence_pack
from zhengtong.approvals.cases.readers import ANSWER, EVIDENCE
from zhengtong.approvals.cases.states import Kind, State
from zhengtong.approvals.fees import public as fees
from zhengtong.foundation.files import public as files


def pack(case: Case, *, at: datetime) -> IO[bytes]:
    """A temporary file with the ZIP: papers, the ledger of every clock, the event log, attachments with their digests."""
    with override("zh-hans"):
        shared = {**common(case, case.department, at), "number": case.spoken_number or ""}
        return build_evidence_pack(
            shared,
            papers=_papers(case, at),
            ledgers=list(_ledgers(case, shared, timezone.localdate(at))),
            log=_log(case, shared),
            attachments=_attachments(case),
            state=str(State(case.state).label),
            at=at,
        )


def _papers(case: Case, at: datetime) -> Iterator[Entry]:
    for paper in case.papers.order_by("id"):
        kept = printed(paper_id=paper.pk, at=at)
        yield Entry("papers", f"{paper.number}{paper.title}.pdf", paper.title, partial(files.open_, kept))
    # What was asked for and paid, also by a bill that was replaced; a branch's stands with its stage.
    for bill_paper in fees.papers_about(charging.subject_of(case)):
        kept, title = fees.printed(paper_id=bill_paper.pk, at=at), str(bill_paper.get_kind_display())
        yield Entry("fees", f"{bill_paper.number}{title}.pdf", title, partial(files.open_, kept))


def _attachments(case: Case) -> Iterator[Entry]:
    kept, names = files_of_materials(case), {item.pk: item.name for item in case.checklist.all()}
    for item_id, attachments in sorted(kept.items()):
        for attachment in attachments:
            yield Entry(
                "attachments",
                attachment.name,
                names[item_id],
                partial(files.open_, attachment),
                attachment.stored.digest,
            )
    for kind, title in ((EVIDENCE, "特别程序依据"), (ANSWER, "申请内容附件")):
        for attachment in files.attachments_of(kind, case.pk):
            yield Entry(
                "attachments", attachment.name, title, partial(files.open_, attachment), attachment.stored.digest
            )


def _ledgers(case: Case, shared: dict[str, Any], today: date) -> Iterator[values.ClockLedger]:
    for clock in Clock.objects.filter(case=case).order_by("id"):
        explained = queries.explain(case, clock.pk, today=today)
        view, ledger = explained.view, explained.ledger
        yield values.ClockLedger.model_validate(
            {
                **shared,
                "clock_name": view.label,
                "starts_on": view.started_on,
                "limit": f"{view.total}个工作日",
                "due": view.due_on or "",
                "used": view.used,
                "remaining": view.remaining,
                "pauses": tuple(f"{p.start}起至{p.end or '今'}：{p.reason}（{p.basis}）" for p in ledger.budget.pauses),
                "calendar_version": f"第{ledger.calendar_version}版",
                "days": tuple(
                    {
                        "day": d.day,
                        "counts": d.counts,
                        "number": d.number,
                        "why": d.why,
                        "kind": d.kind,
                        "basis": d.basis,
                    }
                    for d in ledger.days
                ),
                "today": today,
            }
        )


def _log(case: Case, shared: dict[str, Any]) -> values.EventLog:
    events = tuple(_line(event) for event in case.log.select_related("actor").order_by("seq"))
    return values.EventLog.model_validate({**shared, "events": events, "state": str(State(case.state).label)})


def _line(event: CaseEvent) -> dict[str, Any]:
    return {
        "sequence": event.seq,
        "effective_at": timezone.localtime(event.effective_at),
        "recorded_at": timezone.localtime(event.recorded_at),
        "actor": event.actor.display_name if event.actor else "系统",
        "on_behalf_of": event.on_behalf_of,
        "action": str(Kind(event.kind).label),
        "detail": str(event.data.get("reason", "")),
    }
