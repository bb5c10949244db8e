"""Search the chain, follow one subject, check the links, and tell a person who read their data."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.foundation.events.public import KINDS
from zhengtong.foundation.organizations.models import Membership
from zhengtong.kernel.errors import NotFound
from zhengtong.security.audit.models import GENESIS, READ, AuditEntry, ChainHead
from zhengtong.security.audit.values import CONCERNS, ReadRow, Verification

FIELDS: dict[str, str | Promise] = {
    "display_name": gettext_lazy("姓名"),
    "resident_id": gettext_lazy("公民身份号码"),
    "phone": gettext_lazy("手机"),
    "email": gettext_lazy("电子邮箱"),
    "address": gettext_lazy("住址"),
    "form": gettext_lazy("申请表"),
    "materials": gettext_lazy("申请材料"),
    "applicant": gettext_lazy("申请人信息"),
    "answers": gettext_lazy("申请表"),
    "all": gettext_lazy("全部案卷"),
}
"""Words for the field names that reads record."""

PEOPLE = ("user_id", "agent_id", "applicant_id", "officer_id", "by_id")
DETAILS: dict[str, str | Promise] = {
    "user_id": gettext_lazy("账号"),
    "agent_id": gettext_lazy("受托人"),
    "principal": gettext_lazy("委托人"),
    "organization_id": gettext_lazy("机构编号"),
    "membership_id": gettext_lazy("任职编号"),
    "grant_id": gettext_lazy("授权编号"),
    "stands_for": gettext_lazy("代理的授权"),
    "role": gettext_lazy("岗位"),
    "capacity": gettext_lazy("身份"),
    "assurance_level": gettext_lazy("实名等级"),
    "level": gettext_lazy("等级"),
    "evidence": gettext_lazy("核验方式"),
    "reason": gettext_lazy("原因"),
    "changed": gettext_lazy("变更内容"),
    "fields": gettext_lazy("看了什么"),
    "methods": gettext_lazy("登录方式"),
    "factor": gettext_lazy("验证方式"),
    "code": gettext_lazy("代码"),
    "organization_name": gettext_lazy("机构名称"),
    "old_name": gettext_lazy("原名称"),
    "new_name": gettext_lazy("新名称"),
    "version": gettext_lazy("版本"),
    "number": gettext_lazy("版本"),
    "key": gettext_lazy("事项"),
    "until": gettext_lazy("截止"),
    "owner_kind": gettext_lazy("所属"),
    "owner_id": gettext_lazy("所属编号"),
    "notice_id": gettext_lazy("告知书编号"),
    "step": gettext_lazy("环节"),
    "serial": gettext_lazy("证书序列号"),
    "kind": gettext_lazy("种类"),
    "algorithm": gettext_lazy("算法"),
    "authority": gettext_lazy("签发机构"),
    "holder": gettext_lazy("持有者"),
    "purpose": gettext_lazy("用途"),
    "authorities": gettext_lazy("签发机构"),
}
"""Words for what entries hold beyond their columns; a key not listed is shown as it is."""


@dataclass(frozen=True)
class Row:
    """An entry as a page shows it."""

    entry: AuditEntry
    action: str
    actor: str
    details: list[tuple[str, str]]


@dataclass(frozen=True)
class Filter:
    """What an auditor asks for; empty fields ask for everything."""

    subject: str = ""
    actor: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None


def entries(wanted: Filter) -> QuerySet[AuditEntry]:
    """Entries newest first. `actor` is an account id or part of a name or login name; `subject` is exact, or a kind
    ("case").
    """
    found = AuditEntry.objects.all()
    if wanted.subject:
        exact = ":" in wanted.subject
        found = (
            found.filter(subject=wanted.subject) if exact else found.filter(subject__startswith=f"{wanted.subject}:")
        )
    if wanted.actor:
        found = found.filter(actor_id__in=_accounts_like(wanted.actor))
    if wanted.action:
        found = found.filter(action=wanted.action)
    if wanted.since:
        found = found.filter(effective_at__gte=_midnight(wanted.since))
    if wanted.until:
        found = found.filter(effective_at__lt=_midnight(wanted.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _accounts_like(text: str) -> list[int]:
    people = get_user_model().objects
    if re.fullmatch(r"\d{1,18}", text):
        return [int(text)]
    found = people.filter(display_name__contains=text) | people.filter(username__contains=text)
    return list(found.values_list("pk", flat=True)[:500])


def trail(subject: str) -> QuerySet[AuditEntry]:
    """Everything that happened to one subject, oldest first."""
    return AuditEntry.objects.filter(subject=subject).order_by("seq")


def actions() -> list[tuple[str, str]]:
    """Every action with its words, for a choice; reads first."""
    return [(READ, label_of(READ)), *sorted((name, label_of(name)) for name in KINDS if name != "events.Event")]


def label_of(action: str) -> str:
    """An action in words: the event's own `label`, else its code."""
    if action == READ:
        return _("查看个人信息")
    return str(getattr(KINDS.get(action), "label", "") or action)


def get_entry(seq: int) -> AuditEntry:
    """One entry. Raises `NotFound`."""
    found = AuditEntry.objects.filter(seq=seq).first()
    if found is None:
        raise NotFound(_("没有第{seq}条审计记录。").format(seq=seq))
    return found


def last_seq() -> int:
    """Number of the last entry; 0 for an empty chain."""
    head = ChainHead.objects.filter(pk=ChainHead.ONLY).first()
    return head.seq if head else 0


def worded(entries: Iterable[AuditEntry]) -> list[Row]:
    """Entries with action, people and details in words; one query for a whole page."""
    rows = list(entries)
    people = {row.actor_id for row in rows} | {row.detail.get(key) for row in rows for key in PEOPLE}
    names = names_of(pk for pk in people if isinstance(pk, int))
    return [
        Row(row, label_of(row.action), names.get(row.actor_id or 0, _("系统")), details_of(row, names)) for row in rows
    ]


def details_of(entry: AuditEntry, names: dict[int, str]) -> list[tuple[str, str]]:
    """What an entry holds beyond its columns, as (key, text) in words; `names` of the accounts in it."""
    found = []
    for key, value in entry.detail.items():
        if key in PEOPLE:
            text = names.get(value, str(value))
        elif isinstance(value, list):
            text = _("、").join(field_words(str(part)) for part in value)
        else:
            text = str(value)
        found.append((str(DETAILS.get(key, key)), text))
    return found


def field_words(field: str) -> str:
    """The name of a data field in words, when it is a known one."""
    return str(FIELDS.get(field, field))


def names_of(user_ids: Iterable[int | None]) -> dict[int, str]:
    """Names of accounts by id, one query."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    rows: Any = get_user_model().objects.filter(pk__in=wanted).values_list("pk", "display_name")
    return dict(rows)


def verify(from_seq: int = 1, to_seq: int | None = None) -> Verification:
    """Check every link from `from_seq` to `to_seq` (None: to the head) and name the first entry that does not fit.

    Found are: a changed field, a changed hash, a removed, inserted or reordered entry, and an end that was cut off.
    """
    head = ChainHead.objects.filter(pk=ChainHead.ONLY).first() or ChainHead()
    last = head.seq if to_seq is None else min(to_seq, head.seq)
    previous = _hash_before(from_seq)
    expected = from_seq
    rows = AuditEntry.objects.filter(seq__gte=from_seq, seq__lte=last).order_by("seq")
    for entry in rows.iterator(chunk_size=2000):
        reason = _misfit(entry, expected, previous)
        if reason:
            return Verification(from_seq, last, expected - from_seq, min(entry.seq, expected), reason)
        previous, expected = bytes(entry.hash), entry.seq + 1
    reason = _misfit_of_end(head, previous, expected, last)
    if reason:
        return Verification(from_seq, last, expected - from_seq, expected if expected <= last else last, reason)
    return Verification(from_seq, last, expected - from_seq)


def _hash_before(seq: int) -> bytes | None:
    if seq <= 1:
        return GENESIS
    kept = AuditEntry.objects.filter(seq=seq - 1).values_list("hash", flat=True).first()
    return None if kept is None else bytes(kept)


def _misfit(entry: AuditEntry, expected: int, previous: bytes | None) -> str:
    if entry.seq != expected:
        return _("第{seq}条不见了，记录被删除过。").format(seq=expected)
    if previous is None or bytes(entry.prev_hash) != previous:
        return _("第{seq}条与前一条接不上，前后记录被替换过。").format(seq=entry.seq)
    if entry.computed_hash() != bytes(entry.hash):
        return _("第{seq}条的内容与它的摘要不符，记录被改动过。").format(seq=entry.seq)
    return ""


def _misfit_of_end(head: ChainHead, previous: bytes | None, expected: int, last: int) -> str:
    if expected <= last:
        return _("第{seq}条及以后的记录不见了，末尾被截断。").format(seq=expected)
    if last == head.seq and previous != bytes(head.hash):
        return _("最后一条与链头不符，末尾被替换过。")
    if last == head.seq and AuditEntry.objects.filter(seq__gt=head.seq).exists():
        return _("链头之后还有记录，链头被改动过。")
    return ""


def reads_about(user: Any, *, limit: int = 200) -> list[ReadRow]:
    """Who read the data of `user`, newest first: every recorded read of a subject that concerns them, with office and
    purpose.

    个人信息保护法 第四十四条、第四十五条（知情权、查阅权）.
    """
    subjects = {subject for of_person in CONCERNS.values() for subject in of_person(user.pk)}
    actions = [READ, *(name for name, kind in KINDS.items() if getattr(kind, "is_read", False))]
    found = AuditEntry.objects.filter(action__in=actions, subject__in=subjects).exclude(actor_id=user.pk)[:limit]
    reads = list(found)
    names, offices = names_of(entry.actor_id for entry in reads), _offices_of({entry.actor_id for entry in reads})
    return [
        ReadRow(
            seq=entry.seq,
            at=entry.effective_at,
            reader=names.get(entry.actor_id or 0, _("系统")),
            office=offices.get(entry.actor_id or 0, ""),
            subject=entry.subject,
            purpose=entry.purpose or label_of(entry.action),
            basis=entry.basis,
            fields=tuple(field_words(field) for field in entry.detail.get("fields", ())),
        )
        for entry in reads
    ]


def _offices_of(user_ids: set[int | None]) -> dict[int, str]:
    held = Membership.objects.filter(user_id__in=[pk for pk in user_ids if pk]).select_related("organization")
    return {membership.user_id: membership.organization.label for membership in held.order_by("valid_from")}
