"""Who gets a card. Recipients cumulate: 预警 goes to the post that works, 黄牌 to the head of the body too, 红牌 to the supervisor as well."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_noop

from zhengtong.foundation.notices import public as notices
from zhengtong.foundation.worklists import public as worklists
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.states import Level, Recipient
from zhengtong.security.pmi import public as pmi

SYSTEM = "supervision"
SUPERVISOR, HEAD, COUNTY_HEAD = "supervisor", "department_head", "county_head"
BY_LEVEL = {
    Level.WARNING: (Recipient.OFFICER,),
    Level.YELLOW: (Recipient.OFFICER, Recipient.HEAD),
    Level.RED: (Recipient.OFFICER, Recipient.HEAD, Recipient.SUPERVISOR),
}
ANSWER, CONFIRM, VERIFY, APPEAL, DOUBT, SUPERIOR = (
    "card",
    "card_confirm",
    "card_verify",
    "card_appeal",
    "card_doubt",
    "card_superior",
)
TITLES = {
    ANSWER: gettext_noop("答复{level}：{rule}"),
    CONFIRM: gettext_noop("确认是否发出{level}：{rule}"),
    VERIFY: gettext_noop("核实整改情况：{rule}"),
    APPEAL: gettext_noop("处理申诉：{rule}"),
    DOUBT: gettext_noop("复核红牌：{rule}"),
    SUPERIOR: gettext_noop("裁决上报的申诉：{rule}"),
}
LEVELS = {
    Level.WARNING: {"zh": "预警", "en": "warning"},
    Level.YELLOW: {"zh": "黄牌", "en": "yellow card"},
    Level.RED: {"zh": "红牌", "en": "red card"},
}


@dataclass
class Directory:
    """Who holds which post on a day: three queries, asked once for a batch of cards."""

    on: date
    heads: dict[int, list[int]] = field(default_factory=dict)
    supervisors: list[tuple[int, int]] = field(default_factory=list)
    county_heads: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, on: date) -> "Directory":
        """As it stands on this day."""
        found = cls(on)
        for body, user in pmi.holders_of(HEAD, on=on).values_list("organization_id", "user_id"):
            found.heads.setdefault(body, []).append(user)
        found.supervisors = list(pmi.holders_of(SUPERVISOR, on=on).values_list("organization_id", "user_id"))
        found.county_heads = list(pmi.holders_of(COUNTY_HEAD, on=on).values_list("organization_id", "user_id"))
        return found


def recipients_of(card: Card, also: Iterable[str] = ()) -> set[str]:
    """Who gets this card: by its level, and whom the rule names beside."""
    return {*BY_LEVEL[Level(card.level)], *also}


@dataclass
class Outgoing:
    """To-dos and notices about cards, gathered to be written at once."""

    todos: list[worklists.Todo] = field(default_factory=list)
    letters: list[notices.Notice] = field(default_factory=list)

    def tell_issued(self, card: Card, directory: Directory, *, also: Iterable[str] = (), at: datetime) -> None:
        """Put an issued card on the lists of those who answer, and write to heads and supervisors."""
        who = recipients_of(card, also)
        if card.officer_id:
            self._open(card, ANSWER, at=at, user_id=card.officer_id)
        elif card.role and (card.role != HEAD or Recipient.HEAD not in who):
            self._open(card, ANSWER, at=at, organization_id=card.organization_id, role=card.role)
        users: set[int] = set()
        if Recipient.HEAD in who and card.organization_id in directory.heads:
            self._open(card, ANSWER, at=at, organization_id=card.organization_id, role=HEAD)
            users.update(directory.heads[card.organization_id])
        if Recipient.SUPERVISOR in who:
            users.update(user for _body, user in directory.supervisors)
        if Recipient.COUNTY_HEAD in who:
            users.update(user for _body, user in directory.county_heads)
        self.letters += [_letter(card, user_id, at=at) for user_id in users]

    def ask_supervisor(self, card: Card, kind: str, directory: Directory, *, at: datetime) -> None:
        """Put a card on the list of the supervisors: to confirm, to verify, to decide an appeal, to look again."""
        for body in {body for body, _user in directory.supervisors}:
            self._open(card, kind, at=at, organization_id=body, role=SUPERVISOR)

    def send(self) -> None:
        """Write what was gathered."""
        worklists.open_all(todos=self.todos)
        notices.send_all(made=self.letters)

    def _open(self, card: Card, kind: str, *, at: datetime, **whose: Any) -> None:
        self.todos.append(_todo(card, kind, at=at, **whose))


def tell_issued(card: Card, directory: Directory, *, also: Iterable[str] = (), at: datetime) -> None:
    """`Outgoing.tell_issued` for one card."""
    told = Outgoing()
    told.tell_issued(card, directory, also=also, at=at)
    told.send()


def ask_supervisor(card: Card, kind: str, directory: Directory, *, at: datetime) -> None:
    """`Outgoing.ask_supervisor` for one card."""
    told = Outgoing()
    told.ask_supervisor(card, kind, directory, at=at)
    told.send()


def ask_superior(card: Card, directory: Directory, *, at: datetime) -> None:
    """Put an appeal that was reported up on the list of the head of the county."""
    for body in {body for body, _user in directory.county_heads}:
        _open(card, SUPERIOR, at=at, organization_id=body, role=COUNTY_HEAD)


def ask_again(card: Card, *, at: datetime) -> None:
    """Put a card back on the list of the body that answers."""
    _open(card, ANSWER, at=at, organization_id=card.organization_id, role=card.role or HEAD)


def done(card: Card, *kinds: str, at: datetime) -> None:
    """Take a card off these lists (none named: all)."""
    for kind in kinds or (None,):
        worklists.close(subject=f"card:{card.pk}", kind=kind, at=at)


def _open(card: Card, kind: str, *, at: datetime, organization_id: int, role: str) -> None:
    worklists.open_all(todos=[_todo(card, kind, at=at, organization_id=organization_id, role=role)])


def _todo(
    card: Card,
    kind: str,
    *,
    at: datetime,
    organization_id: int | None = None,
    role: str = "",
    user_id: int | None = None,
) -> worklists.Todo:
    return worklists.prepared(
        system=SYSTEM,
        kind=kind,
        subject=f"card:{card.pk}",
        title=TITLES[kind],
        url=f"/supervision/cards/{card.pk}/",
        organization_id=organization_id,
        role=role,
        user_id=user_id,
        due_on=card.feedback_due_on if kind == ANSWER else None,
        params=params_of(card),
        number=card.number,
        at=at,
    )


def params_of(card: Card) -> dict[str, object]:
    """What messages and to-dos about a card are filled with."""
    return {
        "level": LEVELS[Level(card.level)],
        "rule": card.evidence.get("rule", {}).get("name", {"zh": card.code}),
        "matter": card.title,
        "number": card.number,
        "due": {"date": str(card.feedback_due_on)} if card.feedback_due_on else "—",
    }


def _letter(card: Card, user_id: int, *, at: datetime) -> notices.Notice:
    return notices.prepared(
        template="supervision.card",
        at=at,
        to_user_id=user_id,
        params=params_of(card),
        subject=f"card:{card.pk}",
        url=f"/supervision/cards/{card.pk}/",
    )
