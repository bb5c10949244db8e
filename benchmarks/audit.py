"""The audit log: events from publication to a receipt in hand, proofs checked, a log checked whole.

`append_end_to_end_per_second` counts everything between `publish` and the signed checkpoint that covers the event: outbox,
delivery in batches, mac, database, tree in both hashes, both signatures. The peer beside it is the same work without a
log: publication and delivery to no receiver.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks import _county

EVENTS, ROUND, RECEIPTS, ONE_BY_ONE = 20_000, 1_000, 10_000, 200


def run(progress: Callable[..., None]) -> dict[str, float]:
    """Figures per second of wall time on one core; `receipt_bytes` for a log of 1,048,576 entries. `receipts_verified`: random receipts
    that were checked as a citizen checks them, without the database (T-AUD-12); a run fails when one does not hold.
    """
    _county.prepare(progress)
    from django.utils import timezone

    from zhengtong.security.audit import operations, public, queries, receipts, records, signing
    from zhengtong.security.audit.merkle import leaf_hash, root_from_inclusion
    from zhengtong.security.audit.notes import open_checkpoint
    from zhengtong.security.audit.receipts import Receipt

    operations.checkpoint(at=timezone.now())
    bare = _published(progress, "without the log", receive=False)
    logged = _published(progress, "with the log", receive=True)
    size, keys = queries.last_seq(), signing.log_keys()

    random, started = Random(1), time.perf_counter()  # noqa: S311
    chosen = [queries.get_entry(random.randint(1, size)) for _ in range(ONE_BY_ONE)]
    kept = [queries.receipt_of(entry) for entry in chosen]
    made = len(kept) / (time.perf_counter() - started)
    progress("receipts made")

    tree, note = records.tree(size), kept[0].note
    for record in records.scan(1, size):
        if random.random() < RECEIPTS / size and len(kept) < RECEIPTS:
            kept.append(Receipt(record.leaf, record.seq - 1, tuple(tree.inclusion(record.seq - 1)), note))
    started = time.perf_counter()
    for receipt in kept:
        receipts.check(receipt.text(), keys)
    whole = len(kept) / (time.perf_counter() - started)
    progress(f"{len(kept)} receipts verified offline")
    root, started = open_checkpoint(note, keys).sha256, time.perf_counter()
    for receipt in kept:
        found = root_from_inclusion(leaf_hash(receipt.leaf), receipt.index, size, receipt.proof)
        if found != root:
            raise RuntimeError("a proof does not hold")
    proofs = len(kept) / (time.perf_counter() - started)
    progress("proofs checked")

    started = time.perf_counter()
    checked = public.verify()
    recheck = checked.checked / (time.perf_counter() - started)
    if not checked.whole:
        raise RuntimeError(checked.reason)
    progress("log checked whole")
    deep = max(kept, key=lambda receipt: len(receipt.leaf))
    large = Receipt(deep.leaf, deep.index, (bytes(32),) * 20, deep.note)
    return {
        "append_end_to_end_per_second": round(logged),
        "publish_without_log_per_second": round(bare),
        "receipts_made_per_second": round(made),
        "receipts_verified_per_second": round(whole),
        "receipts_verified": len(kept),
        "proof_verify_per_second": round(proofs),
        "recheck_per_second": round(recheck),
        "entries": size,
        "checkpoints": checked.checkpoints,
        "receipt_bytes": len(large.packed(keys[0])),
    }


def _published(progress: Callable[..., None], words: str, *, receive: bool) -> float:
    from django.db import transaction
    from django.utils import timezone

    from zhengtong.approvals.cases.events import CaseAccepted
    from zhengtong.foundation.events import public as events
    from zhengtong.security.audit import operations

    receivers: dict[str, Any] = dict(events.RECEIVERS)
    for name in receivers:
        if name != "audit" or not receive:
            del events.RECEIVERS[name]
    busy = 0.0
    try:
        for done in range(0, EVENTS, ROUND):
            now = timezone.now()
            started = time.perf_counter()
            for first in range(0, ROUND, 20):
                with transaction.atomic():
                    for number in range(first, first + 20):
                        events.publish(CaseAccepted(case_id=100_000 + done + number, actor_id=1000), at=now)
            events.deliver_all(now=now)
            if receive:
                operations.checkpoint_if_due(now=timezone.now())
            busy += time.perf_counter() - started
            progress(words, done + ROUND, EVENTS)
    finally:
        events.RECEIVERS.update(receivers)
    if receive:
        operations.checkpoint(at=timezone.now())
    return EVENTS / busy
