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
from zhengtong.kernel.errors import NotFound, Refusal, Unavailable
from zhengtong.security.audit import notes, records, signing, stamping
from zhengtong.security.audit.merkle import ALGORITHMS, TILE_HEIGHT, TILE_WIDTH, Misfit
from zhengtong.security.audit.models import (
    GENESIS,
    READ,
    AuditEntry,
    ChainHead,
    Checkpoint,
    Cosignature,
    Witness,
)
from zhengtong.security.audit.receipts import Receipt
from zhengtong.security.audit.values import CONCERNS, RECEIPTED, ReadRow, Verification

LONGEST_QR = 4296
"""What the largest QR code holds, in its alphanumeric mode."""


class NotYet(Refusal):
    """The entry is recorded, and its proof follows with the next checkpoint."""


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
    """Check every entry from `from_seq` to `to_seq` (None: to the head) and name the first that does not fit.

    Found are: a changed, removed, inserted, reordered or forged entry, and an end that was cut off. From the first entry
    on, the Merkle roots are computed anew as well and compared with every signed checkpoint: that also finds what
    somebody who holds the keys of the entries has rewritten. Not found here is an end cut off together with its
    checkpoints and the head: a witness finds that.
    """
    head = ChainHead.objects.filter(pk=ChainHead.ONLY).first() or ChainHead()
    last = head.seq if to_seq is None else min(to_seq, head.seq)
    check = _Check(_mac_before(from_seq), from_seq, _SignedRoots() if from_seq == 1 else None)
    for record in records.scan(from_seq, last):
        if reason := check.misfit(record):
            return Verification(from_seq, last, check.expected - from_seq, check.broken, reason)
    reason = _misfit_of_end(head, check, last)
    checked = check.expected - from_seq
    if reason:
        return Verification(from_seq, last, checked, check.expected if check.expected <= last else last, reason)
    return Verification(from_seq, last, checked, checkpoints=check.roots.compared if check.roots else 0)


def _mac_before(seq: int) -> bytes | None:
    if seq <= 1:
        return GENESIS
    kept = AuditEntry.objects.filter(seq=seq - 1).values_list("mac", flat=True).first()
    return None if kept is None else bytes(kept)


@dataclass
class _Check:
    """A walk along the chain: what must come next."""

    previous: bytes | None
    expected: int
    roots: "_SignedRoots | None"
    broken: int = 0

    def misfit(self, record: records.Record) -> str:
        self.broken = min(record.seq, self.expected)
        if record.seq != self.expected:
            return _("第{seq}条不见了，记录被删除过。").format(seq=self.expected)
        try:
            key = signing.entry_key(record.submitter)
        except Unavailable:
            return _("第{seq}条的提交进程没有密钥，记录是伪造的，或密钥丢失了。").format(seq=record.seq)
        if self.previous is None or records.mac_over(key, self.previous, record.canonical) != record.mac:
            return _("第{seq}条的内容与它的校验码不符，记录被改动、替换或伪造过。").format(seq=record.seq)
        self.previous, self.expected = record.mac, self.expected + 1
        if self.roots and (size := self.roots.misfit(record)):
            self.broken = size
            return _("第{seq}条起的记录与已签名的检查点不符，记录被整体改写过。").format(seq=size)
        return ""


class _SignedRoots:
    """The roots over the entries so far, beside those that were signed."""

    def __init__(self) -> None:
        self.keys = signing.known_keys()
        self.ranges = [records.Range(name) for name in ALGORITHMS]
        self.waiting = list(Checkpoint.objects.order_by("-size").values_list("size", "note"))
        self.good, self.compared = 0, 0

    def misfit(self, record: records.Record) -> int:
        """0, or the first entry that a checkpoint does not vouch for."""
        leaf = record.leaf
        for growing in self.ranges:
            growing.push(leaf)
        if not self.waiting or self.waiting[-1][0] != record.seq:
            return 0
        size, note = self.waiting.pop()
        try:
            signed = signing.open_own(note, self.keys)
        except notes.BadNote:
            return self.good + 1
        if (signed.size, signed.sha256, signed.sm3) != (size, *(growing.root() for growing in self.ranges)):
            return self.good + 1
        self.good, self.compared = size, self.compared + 1
        return 0


def _misfit_of_end(head: ChainHead, check: _Check, last: int) -> str:
    if check.expected <= last:
        return _("第{seq}条及以后的记录不见了，末尾被截断。").format(seq=check.expected)
    if last != head.seq:
        return ""
    if check.previous != bytes(head.mac):
        return _("最后一条与链头不符，末尾被替换过。")
    if records.beyond(head.seq):
        return _("链头之后还有记录，链头被改动过。")
    if check.roots and check.roots.waiting:
        return _("检查点签到了第{size}条，记录却没有那么多，末尾被截断。").format(size=check.roots.waiting[0][0])
    return ""


@dataclass(frozen=True)
class StampRow:
    """A stamped checkpoint: both stamps were checked; `problem` says why one does not hold."""

    size: int
    at: datetime | None
    problem: str


def stamp_row(checkpoint: Checkpoint | None) -> StampRow | None:
    """The stamps of a checkpoint, checked; None without a checkpoint."""
    return None if checkpoint is None else StampRow(checkpoint.size, *stamping.checked(checkpoint))


def stamp_over(seq: int) -> StampRow | None:
    """When entry `seq` was provably there: the first stamped checkpoint over it. None while it waits."""
    return stamp_row(stamping.covering(seq))


def get_checkpoint(size: int) -> Checkpoint:
    """The checkpoint of `size`. Raises `NotFound`."""
    found = Checkpoint.objects.filter(size=size).first()
    if found is None:
        raise NotFound(_("没有这个检查点，请先取最新的检查点。"))
    return found


def token(size: int, algorithm: str) -> bytes:
    """The stamp of the checkpoint of `size` by "p256" or "sm2", DER. Raises `NotFound` while it has none."""
    (column,) = (kind.column for kind in stamping.KINDS if kind.algorithm == algorithm)
    found = getattr(get_checkpoint(size), column)
    if found is None:
        raise NotFound(_("这个检查点还没有盖时间戳，请稍后再取。"))
    return bytes(found)


@dataclass(frozen=True)
class LogState:
    """The log as its page shows it."""

    size: int
    signed: int
    made_at: datetime | None
    note: str
    stamp: "StampRow | None"
    witnesses: list[tuple[Witness, Cosignature | None]]


def log_state() -> LogState:
    """Size, last checkpoint, and every witness with its last cosignature."""
    last = last_checkpoint()
    witnesses = [
        (witness, witness.cosignatures.order_by("-checkpoint_id").first()) for witness in Witness.objects.all()
    ]
    return LogState(
        size=last_seq(),
        signed=last.size if last else 0,
        made_at=last.made_at if last else None,
        note=cosigned_note(last) if last else "",
        stamp=stamp_row(stamping.stamped().order_by("-size").first()),
        witnesses=witnesses,
    )


def last_checkpoint() -> Checkpoint | None:
    """The newest checkpoint."""
    return Checkpoint.objects.order_by("-size").first()


def cosigned_note(checkpoint: Checkpoint) -> str:
    """A checkpoint with the lines of every witness that cosigned it."""
    lines = checkpoint.cosignatures.order_by("witness__name").values_list("line", flat=True)
    return checkpoint.note + "".join(lines)


def consistency(old: int, new: int) -> list[bytes]:
    """Proof (SHA-256) that the log of `new` entries begins with that of `old`. Raises `NotFound` for sizes it never had."""
    last = last_checkpoint()
    try:
        return records.tree(last.size if last else 0).consistency(old, new)
    except Misfit as misfit:
        raise NotFound(_("日志没有这样的两个长度。")) from misfit


def tile(level: int, index: int, width: int) -> bytes:
    """The first `width` hashes (SHA-256) of a tile within the signed log. Raises `NotFound`."""
    last = last_checkpoint()
    size = last.size if last else 0
    there = (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH
    if not 1 <= width <= min(there, TILE_WIDTH):
        raise NotFound(_("没有这个分片。"))
    return b"".join(records.tree(size).read(level, index)[:width])


def receipt_of(entry: AuditEntry) -> Receipt:
    """The proof that `entry` is in the log, under the newest checkpoint and its witnesses.

    Raises `NotYet` while no checkpoint covers it, for a minute at most.
    """
    last = last_checkpoint()
    if last is None or last.size < entry.seq:
        raise NotYet(_("这条记录还在等下一个检查点签名，最多一分钟，请稍后刷新。"))
    return _receipt(entry, last)


def _receipt(entry: AuditEntry, over: Checkpoint) -> Receipt:
    try:
        proof = records.tree(over.size).inclusion(entry.seq - 1)
    except Misfit as misfit:
        raise Unavailable(
            _("日志现在给不出这条记录的证明，请稍后再试；仍不行的，请告诉县审计管理员核对日志。")
        ) from misfit
    return Receipt(entry.leaf(), entry.seq - 1, tuple(proof), cosigned_note(over))


def qr_of(receipt: Receipt) -> str:
    """A receipt as the text of a QR code; empty when none can be drawn: no key that signed it is known here any more, or it is longer
    than a QR code holds.
    """
    try:
        text = receipt.qr_text(signing.key_of(receipt.note))
    except notes.BadNote:
        return ""
    return text if len(text) <= LONGEST_QR else ""


def stamped_receipt_of(entry: AuditEntry) -> Receipt:
    """The proof that `entry` is under the first stamped checkpoint over it: with that checkpoint's stamps it says since when it was
    there. Raises `NotYet` while there is none.
    """
    over = stamping.covering(entry.seq)
    if over is None:
        raise NotYet(_("这条记录还在等检查点的时间戳，请稍后刷新。"))
    return _receipt(entry, over)


def receipts_about(user: Any, subject: str) -> list[AuditEntry]:
    """The entries of `subject` for which the person concerned gets a receipt, oldest first. Raises `NotFound` for a
    subject of somebody else.
    """
    if subject not in _subjects_of(user):
        raise NotFound(_("没有这个办件，或者它不是您的。"))
    return list(AuditEntry.objects.filter(subject=subject, action__in=RECEIPTED).order_by("seq"))


def own_entry(user: Any, seq: int) -> AuditEntry:
    """An entry about something that concerns `user`, for its proof. Raises `NotFound` for any other."""
    found = AuditEntry.objects.filter(seq=seq).first()
    if found is None or found.subject not in _subjects_of(user):
        raise NotFound(_("没有这条记录，或者它与您无关。"))
    return found


def _subjects_of(user: Any) -> set[str]:
    return {subject for of_person in CONCERNS.values() for subject in of_person(user.pk)}


def reads_about(user: Any) -> "QuerySet[AuditEntry]":
    """Every recorded read of the data of `user` by others, newest first: of each subject that concerns them.

    个人信息保护法 第四十四条、第四十五条（知情权、查阅权）.
    """
    actions = [READ, *(name for name, kind in KINDS.items() if getattr(kind, "is_read", False))]
    found = AuditEntry.objects.filter(action__in=actions, subject__in=_subjects_of(user))
    return found.exclude(actor_id=user.pk).order_by("-seq")


def read_rows(found: Iterable[AuditEntry]) -> list[ReadRow]:
    """Reads in words for the person concerned, with office and purpose; two queries for a whole page."""
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
