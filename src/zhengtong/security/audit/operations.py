"""Append to the log, sign what it has become, take in what witnesses say of it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from zhengtong.foundation.events.public import Envelope
from zhengtong.kernel import statements
from zhengtong.kernel.errors import Invalid, Refusal, Unavailable
from zhengtong.kernel.statements import Statement
from zhengtong.security.audit import notes, records, signing
from zhengtong.security.audit.merkle import TILE_WIDTH, Misfit
from zhengtong.security.audit.models import GENESIS, READ, AuditEntry, ChainHead, Checkpoint, Cosignature, Witness
from zhengtong.security.audit.records import mac_over
from zhengtong.security.audit.values import Fact
from zhengtong.security.crypto.keys import ALGORITHMS

_OWN_COLUMNS = ("actor_id", "on_behalf_of")
CHECKPOINT_EVERY, CHECKPOINT_ENTRIES = timedelta(seconds=60), 1000
BLOCKS_AT_ONCE = 16
COSIGNED_AHEAD = timedelta(minutes=10)


class CannotSign(Refusal):
    """The log is not whole: no checkpoint is signed over it, and the auditor's page says where it broke."""


@transaction.atomic(savepoint=False)
def append(*, facts: Sequence[Fact]) -> list[AuditEntry]:
    """Chain `facts` in order behind the head.

    The head row is locked until the transaction ends, so call it late in yours. Raises `Unavailable`, and writes nothing,
    when the key of this process is gone: what cannot be recorded does not happen (等级保护 8.1.4.3).
    """
    head, submitter = _locked_head(), signing.submitter()
    key = _own_key(submitter)
    entries = []
    for fact in facts:
        entry = AuditEntry(
            seq=head.seq + 1,
            effective_at=fact.effective_at,
            action=fact.action,
            actor_id=fact.actor_id,
            on_behalf_of=fact.on_behalf_of,
            subject=fact.subject,
            purpose=fact.purpose,
            basis=fact.basis,
            detail=fact.detail or {},
            outbox_id=fact.outbox_id,
            submitter=submitter,
        )
        entry.mac = mac_over(key, bytes(head.mac), entry.canonical())
        head.seq, head.mac = entry.seq, entry.mac
        entries.append(entry)
    if entries:
        statements.insert_all(entries)
        statements.update(head, "seq", "mac")
    return entries


def _own_key(submitter: str) -> bytes:
    try:
        return signing.entry_key(submitter)
    except Unavailable:
        if AuditEntry.objects.filter(submitter=submitter).exists():
            raise  # the key was lost: a new one would hide that; it has to be restored from the backup
        return signing.entry_key(submitter, create=True)


_HEAD = Statement(lambda: ChainHead.objects.select_for_update().filter(pk=ChainHead.ONLY))


def _locked_head() -> ChainHead:
    head: ChainHead | None = _HEAD.first()
    if head is None:  # the first entry of a database whose guards were not installed yet
        ChainHead.objects.get_or_create(pk=ChainHead.ONLY)
        head = ChainHead.objects.select_for_update().get(pk=ChainHead.ONLY)
    return head


@transaction.atomic(savepoint=False)
def record_events(*, envelopes: Iterable[Envelope]) -> list[AuditEntry]:
    """Chain what was published; an event that is in the chain already is passed over."""
    waiting = {envelope.id: envelope for envelope in envelopes}
    done = set(AuditEntry.objects.filter(outbox_id__in=list(waiting)).values_list("outbox_id", flat=True))
    return append(facts=[_fact(envelope) for number, envelope in waiting.items() if number not in done])


def _fact(envelope: Envelope) -> Fact:
    event = envelope.event
    detail = {
        key: value
        for key, value in event.payload().items()
        if key not in _OWN_COLUMNS and key != event.subject_field and value not in (None, "", [])
    }
    return Fact(
        action=event.name,
        effective_at=envelope.effective_at,
        actor_id=event.actor_id,
        on_behalf_of=event.on_behalf_of,
        subject=event.subject,
        detail=detail,
        outbox_id=envelope.id,
    )


def record_read(
    *,
    by: int | None,
    subject: str,
    purpose: str,
    basis: str,
    fields: Iterable[str],
    at: datetime,
    on_behalf_of: str = "",
) -> AuditEntry:
    """Record that `by` (an account id) read the named fields of `subject` ("user:5", "case:12"), for a purpose, on a
    legal basis.

    Written for good before the data is shown, in a transaction of its own: who is shown personal data is on record, or is
    shown nothing, and a refusal that comes after it takes nothing back. For that it may not be called inside a transaction
    (`RuntimeError`): an operation that reads and then may refuse reads first and begins its transaction afterwards. Only
    names of fields are kept, never their content. 个人信息保护法 第六条、第五十一条. Refuses (`Invalid`) a read
    without subject, purpose or basis.
    """
    if not (subject.strip() and purpose.strip() and basis.strip()):
        raise Invalid(_("查看个人信息必须写明查看对象、目的和依据。"))
    fact = Fact(
        action=READ,
        effective_at=at,
        actor_id=by,
        on_behalf_of=on_behalf_of,
        subject=subject,
        purpose=purpose.strip()[:200],
        basis=basis.strip()[:200],
        detail={"fields": sorted(set(fields))},
    )
    with transaction.atomic(durable=True):
        return append(facts=[fact])[0]


# --- checkpoints ------------------------------------------------------------


def checkpoint_if_due(*, now: datetime) -> int:
    """Sign a checkpoint when 1,000 entries wait or the oldest waits for 60 s by the machine's clock `now`; 1 when it did."""
    size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    head = ChainHead.objects.filter(pk=ChainHead.ONLY).values_list("seq", flat=True).first() or 0
    if head == size:
        return 0
    if head - size < CHECKPOINT_ENTRIES:
        first = AuditEntry.objects.filter(seq=size + 1).values_list("recorded_at", flat=True).first()
        if first is not None and now - first < CHECKPOINT_EVERY:
            return 0
    return 0 if checkpoint(at=now) is None else 1


def checkpoint(*, at: datetime) -> Checkpoint | None:
    """Hash what was appended, and sign the log as it stands; None when it is signed already.

    Refuses (`CannotSign`) when an entry since the last checkpoint does not bear the mac of its submitter, is missing, or
    the tree no longer holds what was signed before: a forged entry never gets under a signature.
    """
    while not _hash_blocks(limit=BLOCKS_AT_ONCE):
        pass  # each turn its own transaction: an officer's click never waits for a large import to be hashed
    with transaction.atomic():
        head = _locked_head()
        while not _hash_blocks(limit=BLOCKS_AT_ONCE):
            pass  # what others appended since
        last = Checkpoint.objects.order_by("-size").first()
        if head.seq == (last.size if last else 0):
            return None
        _check_rest(head)
        return _signed(head.seq, last, at)


@transaction.atomic
def _hash_blocks(*, limit: int) -> bool:
    """Hash up to `limit` complete blocks into the tiles; True when none is left."""
    head, done = _locked_head(), records.blocks_done()
    until = min(head.seq // TILE_WIDTH, done + limit)
    leaves: list[bytes] = []
    for record in _authentic(done * TILE_WIDTH + 1, until * TILE_WIDTH):
        leaves.append(record.leaf)
        if len(leaves) == TILE_WIDTH:
            records.add_block(leaves, record.seq // TILE_WIDTH - 1)
            leaves = []
    return until == head.seq // TILE_WIDTH


def _authentic(first: int, last: int) -> Iterable[records.Record]:
    """The records of a stretch, each checked against its submitter's key. Raises `CannotSign` at the first misfit."""
    previous = GENESIS
    if first > 1:
        previous = bytes(AuditEntry.objects.values_list("mac", flat=True).get(seq=first - 1))
    expected = first
    for record in records.scan(first, last):
        try:
            key = signing.entry_key(record.submitter)
        except Unavailable:
            key = b""
        if not key or record.seq != expected or mac_over(key, previous, record.canonical) != record.mac:
            raise CannotSign(_("第{seq}条审计记录不是系统写入的或已被改动，停止签发检查点。").format(seq=expected))
        previous, expected = record.mac, expected + 1
        yield record
    if expected <= last:
        raise CannotSign(_("第{seq}条审计记录不见了，停止签发检查点。").format(seq=expected))


def _check_rest(head: ChainHead) -> None:
    done = records.blocks_done() * TILE_WIDTH
    last = bytes(head.mac)
    for record in _authentic(done + 1, head.seq):
        last = record.mac
    if last != bytes(head.mac) or records.beyond(head.seq):
        raise CannotSign(_("审计链末尾与链头不符，停止签发检查点。"))


def _signed(size: int, last: Checkpoint | None, at: datetime) -> Checkpoint:
    origin = signing.origin()
    signers = [signing.signer(algorithm, create=last is None) for algorithm in ALGORITHMS]
    keys = [notes.Key(origin, one.algorithm, one.spki) for one in signers]
    trees = {name: records.tree(size, name) for name in ("sha256", "sm3")}
    if last is not None:
        before = notes.parse_body(notes.split(last.note)[0])
        try:
            same = (before.sha256, before.sm3) == tuple(tree.root(last.size) for tree in trees.values())
        except Misfit:
            same = False
        if not same:
            raise CannotSign(_("第{size}条以前的记录与上一个检查点不符，停止签发检查点。").format(size=last.size))
    body = notes.Checkpoint(origin, size, *(tree.root() for tree in trees.values())).body()
    signing.vouch_for(keys)
    lines = [notes.signature_line(key, one.sign(body.encode())) for key, one in zip(keys, signers, strict=True)]
    signing.remember(keys)
    return Checkpoint.objects.create(size=size, made_at=at, note=f"{body}\n{''.join(lines)}")


# --- witnesses --------------------------------------------------------------


@transaction.atomic
def add_witness(*, vkey: str, at: datetime) -> Witness:
    """Register the key of a body that watches the log. Refuses (`Invalid`) what is not a cosigner's key, and a second key
    under the same name.
    """
    try:
        key = notes.parse_vkey(vkey)
    except notes.BadNote as bad:
        raise Invalid(_("这不是见证方的公钥，请粘贴见证程序打印的一整行。")) from bad
    if key.algorithm != notes.ED25519:
        raise Invalid(_("这不是见证方的公钥，请粘贴见证程序打印的一整行。"))
    known = Witness.objects.filter(name=key.name).first()
    if known is not None and known.vkey != key.vkey:
        raise Invalid(_("这个名称的见证方已有另一把公钥，请换一个名称登记。"))
    return known or Witness.objects.create(name=key.name, vkey=key.vkey, added_at=at)


@transaction.atomic
def cosign(*, size: int, line: str, at: datetime) -> Cosignature:
    """Keep a witness's cosignature of the checkpoint of `size`. Refuses (`Invalid`) a line that is not a registered
    witness's over exactly that checkpoint, or is dated in the future. The same line again changes nothing.
    """
    checkpoint = Checkpoint.objects.filter(size=size).first()
    if checkpoint is None:
        raise Invalid(_("没有这个检查点，请先取最新的检查点。"))
    body = notes.split(checkpoint.note)[0]
    try:
        _body, signatures = notes.split(f"{body}\n{line.strip()}\n")
        ((name, raw),) = signatures
        witness = Witness.objects.filter(name=name).first()
        if witness is None:
            raise Invalid(_("这个见证方没有登记，请先把它的公钥交给县里登记。"))
        seconds = notes.cosignature_time(notes.parse_vkey(witness.vkey), raw, body)
        signed_at = datetime.fromtimestamp(seconds, UTC)
        if signed_at - at > COSIGNED_AHEAD:
            raise Invalid(_("联署时间在将来，请校准见证方的时钟。"))
    except (notes.BadNote, ValueError, OverflowError, OSError) as bad:
        raise Invalid(_("联署与检查点不符，没有采纳。")) from bad
    kept = Cosignature.objects.filter(witness=witness, checkpoint=checkpoint).first()
    return kept or Cosignature.objects.create(
        witness=witness, checkpoint=checkpoint, line=line.strip() + "\n", at=signed_at
    )
