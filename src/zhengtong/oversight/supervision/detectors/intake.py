"""At the door: acceptance, refusal, the one-time notice."""

from collections.abc import Iterator

from zhengtong.approvals.cases.states import Kind
from zhengtong.oversight.supervision.detectors.facts import CaseFacts
from zhengtong.oversight.supervision.values import Finding

GOOD = ("ok", "shared", "not_needed")
ABOUT_PAPERS = ("not_corrected",)
"""Reasons for not accepting that say the papers were wanting."""


def refused_without_reason(facts: CaseFacts) -> Iterator[Finding]:
    """I-01: 不予受理无原因. The reason is coded; the explanation says what it means here."""
    event = facts.last(Kind.REFUSE_ACCEPTANCE)
    if event is None:
        return
    reason, words = event.data.get("reason", ""), str(event.data.get("explanation", "")).strip()
    if not reason or not words:
        yield Finding(
            "I-01", event.effective_at, {"reason": reason, "explanation": words}, organization_id=_door(facts)
        )


def _door(facts: CaseFacts) -> int:
    return facts.case.acceptance_point_id


def too_many_notices(facts: CaseFacts) -> Iterator[Finding]:
    """I-05: 补交告知 > n 次. Those before acceptance; `value` is the number that is allowed."""
    notices = [notice for notice in facts.notices if not notice.in_review]
    allowed = facts.values.get("I-05", 1)
    if len(notices) > allowed:
        last = notices[-1]
        told = {"notices": len(notices), "allowed": allowed, "reason": last.override_reason}
        yield Finding("I-05", last.issued_at, told, mark=str(len(notices)), organization_id=_door(facts))


def supplement_before_notice(facts: CaseFacts) -> Iterator[Finding]:
    """I-06: 补交受理早于告知."""
    told = facts.events(Kind.NOTIFY_DEFECTS)
    for answer in facts.events(Kind.SUPPLEMENT_IN):
        notice = next((e for e in told if e.data.get("notice") == answer.data.get("notice")), None)
        if notice is not None and answer.effective_at < notice.effective_at:
            times = {"notice": notice.effective_at.isoformat(), "supplement": answer.effective_at.isoformat()}
            yield Finding("I-06", answer.effective_at, times, mark=str(answer.seq), organization_id=_door(facts))


def refused_though_complete(facts: CaseFacts) -> Iterator[Finding]:
    """S-01: 对符合条件不受理. Refused because of the papers, while every paper was found in order (行政许可法 72(1))."""
    event = facts.last(Kind.REFUSE_ACCEPTANCE)
    required = [item for item in facts.checklist if item.required]
    if event is None or event.data.get("reason") not in ABOUT_PAPERS or not required:
        return
    if all(item.judgement in GOOD for item in required):
        judged = {item.name: item.judgement for item in required}
        yield Finding(
            "S-01", event.effective_at, {"reason": event.data["reason"], "papers": judged}, organization_id=_door(facts)
        )


def deemed(facts: CaseFacts) -> Iterator[Finding]:
    """S-02: 未在五日内告知, 视为受理. Dated when the five days were over, not when they began."""
    event = facts.last(Kind.DEEM_ACCEPT)
    if event is not None:
        clock = facts.clocks.get("acceptance")
        told = {"received_at": event.data.get("accepted_at", ""), "due_on": str(clock.due_on) if clock else ""}
        elapsed = next((e for e in facts.events(Kind.ELAPSED) if e.data.get("kind") == "acceptance"), None)
        at = elapsed.effective_at if elapsed else event.recorded_at
        role = "township_officer" if facts.case.acceptance_point.kind == "township" else "window_officer"
        yield Finding("S-02", at, told, organization_id=_door(facts), role=role)


def told_piecemeal(facts: CaseFacts) -> Iterator[Finding]:
    """S-03: 未一次性告知. A second notice before acceptance, or a listed paper asked for only during review."""
    before = [notice for notice in facts.notices if not notice.in_review]
    for notice in before[1:]:
        named = {"first": _names(before[0].items), "later": _names(notice.items), "reason": notice.override_reason}
        yield Finding("S-03", notice.issued_at, named, mark=f"notice{notice.pk}", organization_id=_door(facts))
    listed = {material.name for material in facts.elements.materials}
    wanting = {item.name for item in facts.checklist if item.judgement in ("pending", "not_needed", "deferred")}
    for notice in facts.notices:
        missed = [name for name in _names(notice.items) if name in listed and name in wanting]
        if notice.in_review and missed:
            told = {"asked_in_review": missed}
            yield Finding("S-03", notice.issued_at, told, mark=f"review{notice.pk}", organization_id=_door(facts))


def _names(items: list[dict[str, str]]) -> list[str]:
    return [item.get("name", "").strip() for item in items]


def refused_without_remedy(facts: CaseFacts) -> Iterator[Finding]:
    """S-04: 不受理、不许可无理由或无救济 (行政许可法 38, 72(5)). Read from the paper that was issued, not from a form."""
    for kind, happened in (("not_accepted", Kind.REFUSE_ACCEPTANCE), ("refusal", Kind.DECIDE_REFUSE)):
        event = facts.last(happened)
        if event is None:
            continue
        paper = facts.papers.get(kind, {})
        reasons = paper.get("reasons") or paper.get("reason") or paper.get("facts")
        if not paper or not reasons or not str(paper.get("remedies", "")).strip():
            told = {"paper": bool(paper), "reasons": bool(reasons), "remedies": str(paper.get("remedies", ""))[:200]}
            yield Finding("S-04", event.effective_at, told, mark=kind)


def asked_again(facts: CaseFacts) -> Iterator[Finding]:
    """S-10: 重复要求材料. A later notice asks for a paper that had been found in order before it (行政许可法 31)."""
    good: set[str] = set()
    names = {item.material_no: item.name for item in facts.checklist}
    notices = {notice.pk: notice for notice in facts.notices}
    for event in facts.log:
        if event.kind == Kind.JUDGE:
            for number, verdict in (event.data.get("materials") or {}).items():
                judged = verdict[0] if isinstance(verdict, (list, tuple)) else verdict
                name = names.get(int(number), "")
                (good.add if judged in ("ok", "shared") else good.discard)(name)
        notice = notices.get(event.data.get("notice", 0))
        if event.kind in (Kind.NOTIFY_DEFECTS, Kind.REVIEW_SUPPLEMENT) and notice is not None:
            again = [name for name in _names(notice.items) if name in good]
            if again:
                yield Finding("S-10", notice.issued_at, {"papers": again}, mark=str(notice.pk))


def proof_missing(facts: CaseFacts) -> Iterator[Finding]:
    """S-12: 受理凭证缺失. Dated, sealed, in writing, for acceptance and for refusal alike (行政许可法 32 末款)."""
    pairs = ((Kind.ACCEPT, "acceptance"), (Kind.DEEM_ACCEPT, "acceptance"), (Kind.REFUSE_ACCEPTANCE, "not_accepted"))
    for kind, paper in pairs:
        event = facts.last(kind)
        if event is not None and paper not in facts.papers:
            yield Finding("S-12", event.effective_at, {"missing": paper}, mark=paper, organization_id=_door(facts))
