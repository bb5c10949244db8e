"""The life of a card: confirmed or cancelled, acknowledged, explained, corrected, verified, closed; revoked only with a reason."""

from datetime import datetime
from typing import Any
from zlib import crc32

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices import public as notices
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid
from zhengtong.oversight.supervision import recipients, rules
from zhengtong.oversight.supervision.events import CardIssued, CardRevoked
from zhengtong.oversight.supervision.models import Card, CardEvent
from zhengtong.oversight.supervision.operations import issuing, watching
from zhengtong.oversight.supervision.operations.moving import arrow_exists, lock, put
from zhengtong.oversight.supervision.recipients import Directory
from zhengtong.oversight.supervision.refusals import CannotActOnCard
from zhengtong.oversight.supervision.rulebook import DEFAULTS, in_force
from zhengtong.oversight.supervision.states import Act, AppealState, Level, Watching

MANUAL = "M-01"


def _text(text: str, sentence: str, *, name: str = "text") -> str:
    if len(text.strip()) < 5:
        raise Invalid(sentence, fields={name: sentence})
    return text.strip()


def _follow(card: Card, *, now: datetime) -> None:
    """The clock of the answer starts or stops with the card."""
    watching.refresh(subjects=[f"card:{card.pk}"], source="own", since=None, at=now)


@transaction.atomic
def confirm(*, card_id: int, by: Any, at: datetime, text: str = "", seen: int | None = None) -> Card:
    """Let a card out that waits for confirmation; from now run the days to answer it."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    arrow_exists(card, Act.CONFIRM)
    issuing.set_windows(card, in_force(), calendars.current(), at=at)
    fact = CardIssued(card_id=card.pk, code=card.code, level=card.level, about=card.subject, actor_id=by.pk)
    put(card, Act.CONFIRM, at=at, by=by, text=text.strip(), fact=fact)
    recipients.done(card, recipients.CONFIRM, at=at)
    directory = Directory.of(timezone.localdate(at))
    recipients.tell_issued(card, directory, also=card.rule.recipients if card.rule else (), at=at)
    _follow(card, now=at)
    return card


@transaction.atomic
def cancel(*, card_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """Do not let a card out, with the reason; it stays on record."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    put(card, Act.CANCEL, at=at, by=by, text=_text(reason, _("请写明不予发出的原因，原因会留在记录中。")))
    recipients.done(card, at=at)
    return card


@transaction.atomic
def acknowledge(*, card_id: int, by: Any, at: datetime, seen: int | None = None) -> Card:
    """Sign that the card was read."""
    card = lock(card_id, seen=seen)
    rules.may_answer(card, by, timezone.localdate(at))
    put(card, Act.ACKNOWLEDGE, at=at, by=by)
    return card


@transaction.atomic
def explain(*, card_id: int, text: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """Say why it came to this. Stops the clock of the answer; the supervisor is asked to look."""
    return _answer(card_id, Act.EXPLAIN, _text(text, _("请写明情况说明，至少五个字。")), by=by, at=at, seen=seen)


@transaction.atomic
def correct(*, card_id: int, text: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """Report what was done to put it right."""
    return _answer(card_id, Act.CORRECT, _text(text, _("请写明整改措施和结果，至少五个字。")), by=by, at=at, seen=seen)


def _answer(card_id: int, act: Act, text: str, *, by: Any, at: datetime, seen: int | None) -> Card:
    card = lock(card_id, seen=seen)
    rules.may_answer(card, by, timezone.localdate(at))
    put(card, act, at=at, by=by, text=text)
    recipients.done(card, recipients.ANSWER, at=at)
    recipients.ask_supervisor(card, recipients.VERIFY, Directory.of(timezone.localdate(at)), at=at)
    _follow(card, now=at)
    return card


@transaction.atomic
def send_back(*, card_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """The answer is not good enough: the body answers again; its days run anew from today."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    text = _text(reason, _("请写明退回的原因，承办单位据此重报。"))
    arrow_exists(card, Act.SEND_BACK)
    in_use = in_force()
    card.feedback_workdays = in_use.days("feedback_workdays") if in_use else DEFAULTS["feedback_workdays"]
    card.feedback_due_on = calendars.current().nth_after(timezone.localdate(at), card.feedback_workdays)
    put(card, Act.SEND_BACK, at=at, by=by, text=text)
    recipients.done(card, recipients.VERIFY, at=at)
    recipients.ask_again(card, at=at)
    _follow(card, now=at)
    return card


@transaction.atomic
def verify(*, card_id: int, text: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """The supervisor has looked and is content; breaking the same rule within thirty days now weighs more."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    card.verified_at = at
    put(card, Act.VERIFY, at=at, by=by, text=_text(text, _("请写明核实的方式和结论，至少五个字。")))
    recipients.done(card, recipients.VERIFY, at=at)
    return card


@transaction.atomic
def close(*, card_id: int, by: Any, at: datetime, text: str = "", seen: int | None = None) -> Card:
    """End the card. Not while an appeal or a correction order is open."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    arrow_exists(card, Act.CLOSE)
    if card.appeals.filter(state__in=(AppealState.FILED, AppealState.REPORTED_UP)).exists():
        raise CannotActOnCard(_("申诉还没有处理完，请先处理申诉再办结。"))
    if card.orders.filter(ended_at__isnull=True).exists():
        raise CannotActOnCard(_("督办还没有验收，请先验收督办再办结。"))
    put(card, Act.CLOSE, at=at, by=by, text=text.strip())
    recipients.done(card, at=at)
    return card


@transaction.atomic
def revoke(*, card_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """The supervisor takes a card back, with the reason: it no longer counts, and stays on record."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    if card.appeals.filter(state__in=(AppealState.FILED, AppealState.REPORTED_UP)).exists():
        # What was reported up is decided above, and an appeal gets its answer.
        raise CannotActOnCard(
            _("这张监察卡有申诉没有处理完。请处理申诉，申诉成立的同时撤销监察卡；已经上报的，由上级裁决。")
        )
    return take_back(card, _text(reason, _("请写明撤销的理由，理由会通知收卡单位。")), by=by, at=at)


def take_back(card: Card, text: str, *, by: Any, at: datetime) -> Card:
    """Revoke a locked card and tell the head of the body."""
    fact = CardRevoked(card_id=card.pk, level=card.level, actor_id=by.pk)
    card.doubt = ""
    put(card, Act.REVOKE, at=at, by=by, text=text, fact=fact)
    recipients.done(card, at=at)
    directory = Directory.of(timezone.localdate(at))
    for user_id in directory.heads.get(card.organization_id, ()):
        notices.send(
            template="supervision.revoked",
            at=at,
            to_user_id=user_id,
            params=recipients.params_of(card),
            subject=f"card:{card.pk}",
            url=f"/supervision/cards/{card.pk}/",
        )
    _follow(card, now=at)
    return card


@transaction.atomic
def uphold(*, card_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Card:
    """The supervisor has looked at a red card whose ledger changed, and it stands, with the reason."""
    card = lock(card_id, seen=seen)
    rules.may_supervise(by, card.organization, timezone.localdate(at))
    if not card.doubt:
        raise CannotActOnCard(_("这张监察卡没有提请复核的事项。"))
    text = _text(reason, _("请写明维持的理由。"))
    card.doubt = ""
    put(card, Act.UPHOLD, at=at, by=by, text=text)
    recipients.done(card, recipients.DOUBT, at=at)
    return card


def _about(organization: Organization, number: str) -> tuple[str, str]:
    """What a card by hand is about: the case with this number, else the body; and where it is found."""
    case = cases.Case.objects.filter(spoken_number=number.strip().upper()).first() if number.strip() else None
    return (f"case:{case.pk}", f"/cases/{case.pk}/") if case else (f"body:{organization.pk}", "")


def _once_a_day(about: str, said: str) -> str:
    """The key of a card by hand: the same words on the same day are one card. Raises `CannotActOnCard` when it is there already."""
    key = f"manual:{about}:{crc32(said.encode()):08x}"
    if Card.objects.filter(fire_key=key).exists():
        raise _issued_already()
    return key


def _save_once(card: Card) -> None:
    try:
        with transaction.atomic():
            card.save(force_insert=True)
    except IntegrityError:  # pressed twice at once
        raise _issued_already() from None


def _issued_already() -> CannotActOnCard:
    return CannotActOnCard(_("同样内容的监察卡您今天已经发过一张，没有重复发出。请在监察卡列表中查看。"))


@transaction.atomic
def issue_by_hand(
    *,
    organization: Organization,
    level: int,
    heading: str,
    reason: str,
    by: Any,
    at: datetime,
    number: str = "",
) -> Card:
    """人工发卡: the supervisor saw something no rule watches. The reason is the evidence, and is told to the body."""
    rules.may_supervise(by, organization, timezone.localdate(at))
    if level not in Level.values:
        raise Invalid(_("请选择预警、黄牌或红牌。"), fields={"level": _("请选择级别。")})
    if len(heading.strip()) < 4:
        raise Invalid(_("请写明事由。"), fields={"heading": _("请写明事由，至少四个字。")})
    text = _text(reason, _("请写明发卡的事实和理由，至少五个字。"), name="reason")
    words = {"zh": heading.strip(), "en": heading.strip()}
    about, url = _about(organization, number)
    fire_key = _once_a_day(
        f"{about}:{by.pk}:{timezone.localdate(at)}:{level}", f"{organization.pk}|{words['zh']}|{text}"
    )
    serial = Card.objects.filter(manual=True).count() + 1
    card = Card(
        source="manual",
        key=f"{about}:{serial}",
        fire_key=fire_key,
        subject=about,
        kind=Watching.FACT,
        organization=organization,
        role="department_head",
        number=number,
        title=words,
        topic=words["zh"],
        url=url,
        code=MANUAL,
        level=level,
        manual=True,
        evidence={
            "rule": {
                "code": MANUAL,
                "name": {"zh": "监察员人工发卡", "en": "Issued by the supervisor"},
                "level": level,
            },
            "facts": {"reason": text, "by": by.display_name},
        },
        threshold_at=at,
        drawn_at=at,
        state="issued",
    )
    issuing.set_windows(card, in_force(), calendars.current(), at=at)
    _save_once(card)
    CardEvent.objects.create(
        card=card, seq=1, act=Act.ISSUE, from_state="", to_state=card.state, actor=by, at=at, text=text
    )
    recipients.tell_issued(card, Directory.of(timezone.localdate(at)), at=at)
    events.publish(CardIssued(card_id=card.pk, code=MANUAL, level=level, about=about, actor_id=by.pk), at=at)
    _follow(card, now=at)
    return card
