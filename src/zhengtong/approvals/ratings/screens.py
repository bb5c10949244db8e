"""What the pages draw, put together from rows: nothing here changes anything."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.ratings import acts, queries, rules
from zhengtong.approvals.ratings.models import CODES, Dispute, Publication, Rating, Rule, Visit, WorkOrder
from zhengtong.approvals.ratings.operations.ruling import in_force
from zhengtong.approvals.ratings.states import Entry, Release, Ruling, Standing, State
from zhengtong.approvals.ratings.values import tag_labels
from zhengtong.security.accounts import public as accounts

TONES = {
    State.OPENED: "soon",
    State.ASSIGNED: "soon",
    State.CONTACTED: "info",
    State.REPLIED: "info",
    State.CLOSED: "ok",
    State.SET_ASIDE: "paused",
}


def rule_in_force() -> Rule:
    """For pages that name a period."""
    return in_force()


def window(visit: Visit) -> str:
    """A window in words."""
    return _("{body}{n}号窗口").format(body=visit.organization.label, n=visit.counter)


def public_row(rating: Rating) -> dict[str, Any]:
    """A rating as everybody may read it."""
    texts = {text.part: text for text in getattr(rating, "texts", [])}
    order: WorkOrder | None = getattr(rating, "order", None)
    return {
        "rating": rating,
        "about": queries.about(rating),
        "tags": tag_labels(rating.tags),
        "comment": texts.get(Publication.COMMENT),
        "reply": texts.get(Publication.REPLY),
        "order": order,
        "again": dict(CODES).get(order.follow_up_code) if order and order.follow_up_code else "",
        "standing": Standing(rating.standing).label if rating.standing != Standing.COUNTED else "",
    }


def order_row(order: WorkOrder, *, today: date) -> dict[str, Any]:
    """A work order in a list."""
    clock = queries.running_clock(order)
    dispute: Dispute | None = getattr(order.rating, "dispute", None)
    return {
        "order": order,
        "rating": order.rating,
        "about": queries.about(order.rating),
        "number": order.rating.case.spoken_number if order.rating.case else "",
        "tone": TONES[State(order.state)],
        "clock": clock,
        "clock_label": _clock_label(clock[0]) if clock else "",
        "remaining": queries.workdays_left(clock[1], today) if clock else None,
        "late": bool(clock and clock[1] < today),
        "disputed": dispute is not None and dispute.ruling == Ruling.WAITING,
    }


def _clock_label(kind: str) -> str:
    return {"contact": _("联系评价人"), "correct": _("整改并答复")}[kind]


def order_tabs(counts: dict[str, int], chosen: str) -> list[dict[str, Any]]:
    """The parts of the list."""
    labels = {
        "open": _("待整改"),
        "late": _("已超期"),
        "replied": _("待回访"),
        "ended": _("已结束"),
        "all": _("全部"),
    }
    current = chosen if chosen in labels else "open"
    return [
        {"label": label, "url": f"?scope={key}", "count": counts[key], "current": key == current}
        for key, label in labels.items()
    ]


def order_context(rating: Rating, user: Any, *, today: date) -> dict[str, Any]:
    """Everything the page of a work order shows."""
    order = rating.order
    clocks = [
        (_("联系评价人"), order.contact_due_on, order.contacted_at, State(order.state) in queries.NOT_CONTACTED),
        (_("整改并答复"), order.correct_due_on, order.replied_at, State(order.state) in queries.NOT_CORRECTED),
    ]
    return {
        **order_row(order, today=today),
        "tags": tag_labels(rating.tags),
        "rule": order.rule or in_force(),
        "clocks": [
            {
                "label": label,
                "due_on": due,
                "done_at": done,
                "in_time": done is not None and timezone.localdate(done) <= due,
                "runs": runs,
                "remaining": queries.workdays_left(due, today),
            }
            for label, due, done, runs in clocks
        ],
        "dispute": getattr(rating, "dispute", None),
        "texts": list(rating.publications.order_by("part")),
        "again": dict(CODES).get(order.follow_up_code or 0, ""),
        "reach": _how_to_reach(rating, order),
        "entries": history(rating, names=True),
        "offered": acts.offered(rating, order, user, on=today),
        "case": rating.case,
    }


def _how_to_reach(rating: Rating, order: WorkOrder) -> list[tuple[str, str]]:
    """Whom to call: what the department needs to contact the person, and nothing more."""
    if order.phone:
        return [(_("评价人留的电话"), order.phone)]
    case = rating.case
    if case is not None and case.applicant_phone:
        name = accounts.masked_name(case.applicant_name) if case.applicant_kind == "person" else case.applicant_name
        return [(_("申请人"), name), (_("电话"), case.applicant_phone)]
    if rules.can_be_reached(rating, order):
        return [(_("联系"), _("评价人有账号，答复会发到其消息箱"))]
    return [(_("联系"), _("评价人没有留联系方式"))]


def history(rating: Rating, *, names: bool) -> list[dict[str, Any]]:
    """The record as a timeline; the person who rated sees no officer's name."""
    found = []
    for event in rating.log.select_related("actor"):
        text = event.data.get("note", "") if names else ""
        if event.kind == Entry.FOLLOWED_UP or event.kind == Entry.GIVEN:
            text = str(dict(CODES).get(event.data.get("code", 0), ""))
        if event.kind == Entry.ESCALATED:
            text = _clock_label(event.data["clock"])
        if event.kind == Entry.RULED:
            text = str(Ruling.UPHELD.label if event.data["upheld"] else Ruling.REJECTED.label)
        if event.kind in (Entry.RELEASED, Entry.WITHHELD):
            text = str(dict(Publication.PARTS)[event.data["part"]])
        actor = event.actor.display_name if names and event.actor and event.actor.is_official else ""
        state = "problem" if event.kind == Entry.ESCALATED else "done"
        found.append({"at": event.at, "title": Entry(event.kind).label, "text": text, "actor": actor, "state": state})
    return found


def rater_context(rating: Rating, *, today: date) -> dict[str, Any]:
    """One's own rating and what became of it."""
    order: WorkOrder | None = getattr(rating, "order", None)
    dispute: Dispute | None = getattr(rating, "dispute", None)
    waiting = dispute is not None and dispute.ruling == Ruling.WAITING and dispute.objected_at is None
    clock = queries.running_clock(order) if order else None
    return {
        "rating": rating,
        "about": queries.about(rating),
        "tags": tag_labels(rating.tags),
        "order": order,
        "dispute": dispute,
        "clock": clock,
        "remaining": queries.workdays_left(clock[1], today) if clock else None,
        "again": dict(CODES).get(order.follow_up_code or 0, "") if order else "",
        "can_rate_again": bool(order and order.state == State.REPLIED and order.follow_up_code is None),
        "can_object": bool(waiting),
        "standing": Standing(rating.standing).label if rating.standing != Standing.COUNTED else "",
        "entries": history(rating, names=False),
        "today": today,
    }


def dispute_row(dispute: Dispute, *, today: date) -> dict[str, Any]:
    """An application in the review."""
    heard = dispute.objected_at is not None
    return {
        "dispute": dispute,
        "rating": dispute.rating,
        "about": queries.about(dispute.rating),
        "heard": heard,
        "ripe": heard or today > dispute.object_due_on,
    }


def text_row(text: Publication) -> dict[str, Any]:
    """A text in the review: as it would be public, beside what was written."""
    rating = text.rating
    if text.part == Publication.COMMENT:
        original = rating.comment
    else:
        original = rating.order.reply
    return {
        "text": text,
        "rating": rating,
        "about": queries.about(rating),
        "original": original,
        "state": Release(text.state).label,
        "tags": tag_labels(rating.tags),
    }
