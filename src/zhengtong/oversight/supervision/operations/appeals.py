"""申诉: once per card, within its window, with evidence; upheld, sent back, or reported up and decided above."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import Invalid
from zhengtong.oversight.supervision import recipients, rules
from zhengtong.oversight.supervision.events import AppealDecided, AppealFiled
from zhengtong.oversight.supervision.models import Appeal, Card
from zhengtong.oversight.supervision.operations.cards import take_back
from zhengtong.oversight.supervision.operations.moving import arrow_exists, lock, put
from zhengtong.oversight.supervision.readers import APPEAL
from zhengtong.oversight.supervision.recipients import Directory
from zhengtong.oversight.supervision.refusals import CannotAppeal
from zhengtong.oversight.supervision.states import APPEAL_ARROWS, Act, AppealState


@transaction.atomic
def appeal(
    *, card_id: int, text: str, by: Any, at: datetime, uploads: Iterable[Any] = (), seen: int | None = None
) -> Appeal:
    """Say why the card is wrong, with what proves it. Once, and by the last day of the window (three working days by default).

    The card stands until somebody has decided; its days to answer run on.
    """
    card = lock(card_id, seen=seen)
    today = timezone.localdate(at)
    rules.may_answer(card, by, today)
    arrow_exists(card, Act.APPEAL)
    if card.appeals.exists():
        raise CannotAppeal(_("这张监察卡已经申诉过一次，不能再次申诉。对处理结果有异议的，请向上级机关反映。"))
    if card.appeal_until is not None and today > card.appeal_until:
        raise CannotAppeal(
            _("申诉期限已于{day}届满。仍有异议的，请在情况说明中写明，由监察员核实。").format(
                day=date_format(card.appeal_until, "Y-m-d")
            )
        )
    if len(text.strip()) < 5:
        raise Invalid(_("请写明申诉的事实和理由。"), fields={"text": _("请写明事实和理由，至少五个字。")})
    filed = Appeal.objects.create(
        card=card, organization=card.organization, text=text.strip(), filed_by=by, filed_at=at
    )
    for upload in uploads:
        files.receive(upload=upload, owner_kind=APPEAL, owner_id=filed.pk, by=by.pk, at=at)
    fact = AppealFiled(card_id=card.pk, appeal_id=filed.pk, actor_id=by.pk)
    put(card, Act.APPEAL, at=at, by=by, text=filed.text, data={"appeal": filed.pk}, fact=fact)
    recipients.ask_supervisor(card, recipients.APPEAL, Directory.of(today), at=at)
    return filed


def _locked(card: Card, verb: str) -> Appeal:
    found = Appeal.objects.select_for_update().filter(card=card).first()
    if found is None or (found.state, verb) not in APPEAL_ARROWS:
        raise CannotAppeal(_("没有等待这样处理的申诉，页面可能已过时。请刷新后查看。"))
    return found


@transaction.atomic
def decide_appeal(*, card_id: int, result: str, text: str, by: Any, at: datetime, seen: int | None = None) -> Appeal:
    """Answer an appeal: `revoke` the card, `send_back` (it stands), or `report_up` to the head of the county.

    What was reported up is decided by whoever decides above, not by the supervisor who passed it on; who issued a card by hand does not
    turn down the appeal against it.
    """
    card = lock(card_id, seen=seen)
    today = timezone.localdate(at)
    if result not in ("revoke", "send_back", "report_up"):
        raise Invalid(_("请选择处理结果。"), fields={"result": _("请选择撤销、打回或上报。")})
    found = _locked(card, result)
    if found.state == AppealState.REPORTED_UP:
        rules.may_decide_above(by, card.organization, today)
    else:
        rules.may_supervise(by, card.organization, today)
        if result == "send_back":
            rules.not_in_own_matter(card, by)
    if len(text.strip()) < 5:
        raise Invalid(_("请写明处理的理由，理由会告知申诉单位。"), fields={"text": _("请写明理由，至少五个字。")})
    found.state = APPEAL_ARROWS[(found.state, result)]
    if result == "report_up":
        found.reported_by, found.reported_at, found.reported_text = by, at, text.strip()
    else:
        found.decided_by, found.decided_at, found.answer = by, at, text.strip()
    found.save()
    _carry_out(card, found, result, text.strip(), by=by, at=at)
    return found


def _carry_out(card: Card, found: Appeal, result: str, text: str, *, by: Any, at: datetime) -> None:
    if result == "revoke":
        take_back(card, text, by=by, at=at)
        return
    act = Act.REPORT_UP if result == "report_up" else Act.REJECT
    fact = AppealDecided(card_id=card.pk, appeal_id=found.pk, state=found.state, actor_id=by.pk)
    put(card, act, at=at, by=by, text=text, data={"appeal": found.pk}, fact=fact)
    recipients.done(card, recipients.APPEAL, recipients.SUPERIOR, at=at)
    if result == "report_up":
        recipients.ask_superior(card, Directory.of(timezone.localdate(at)), at=at)
