"""Turn the key over, change the master key, make a person's values unreadable."""

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, Refusal, Unavailable
from zhengtong.kernel.sealed import sealed_fields, sealed_models
from zhengtong.security.vault import keystore, ring
from zhengtong.security.vault.ciphers import BY_NAME
from zhengtong.security.vault.events import (
    ErasureAsked,
    ErasureConfirmed,
    ErasureRefused,
    KeyRotated,
    KeyRotationStarted,
    MasterKeyChanged,
    PersonErased,
)
from zhengtong.security.vault.first_keys import make_key
from zhengtong.security.vault.models import DataKey, Erasure, ErasureRequest, Rotation
from zhengtong.security.vault.sealing import HEAD, FieldVault, sealed_by
from zhengtong.security.vault.values import HOLDINGS, RETAINED, Part

log = logging.getLogger(__name__)
BATCH = 1000
BATCHES_AT_ONCE = 20
Progress = Callable[[str, int], None]


class CannotRotate(Refusal):
    """The keys cannot be turned over now."""


class CannotErase(Refusal):
    """There is nothing to erase, or no ground is given."""


# --- turning the key over ----------------------------------------


@transaction.atomic
def start_rotation(*, by: int | None, at: datetime, algorithm: str = "") -> Rotation:
    """A new data key that seals from now on; the rotation to it is carried out by `carry_on`. One that is not finished is
    handed back instead: it is carried to its end first.

    Raises `Unavailable` without the key store.
    """
    open_one = Rotation.objects.select_for_update().filter(finished_at__isnull=True).first()
    if open_one is not None:
        return open_one
    chosen = algorithm or settings.VAULT_ALGORITHM
    if chosen not in BY_NAME:
        raise CannotRotate(_("没有这种加密算法，请选择 aes 或 sm4。"))
    number = (DataKey.objects.aggregate(n=Max("number"))["n"] or 0) + 1
    kek_number = max(_wrapping(), default=1)
    DataKey.objects.filter(purpose=DataKey.DATA, state=DataKey.CURRENT).update(state=DataKey.RETIRING)
    row = make_key(number, DataKey.DATA, chosen, kek_number, keystore.get(kek_number))
    rotation = Rotation.objects.create(key=row, started_at=at)
    events.publish(KeyRotationStarted(key_number=number, algorithm=chosen, actor_id=by), at=at)
    transaction.on_commit(ring.forget)
    return rotation


def carry_on(
    *, rotation: Rotation, by: int | None, at: datetime, progress: Progress | None = None, batches: int = 0
) -> bool:
    """Seal anew, batch by batch, each in a transaction of its own; a job that was killed goes on behind its last batch.

    True when nothing is sealed by another key any more. A program that has not noticed the new key yet may still seal by the
    old one for some seconds: what it wrote is swept up by the next call, and the old key stays able to open until then.
    `batches`: returns False after so many, so that other work has its turn; 0: none.
    """
    tell, left = progress or (lambda what, done: None), batches
    for model in sealed_models():
        table = model._meta.db_table
        while (done := _reseal_batch(rotation_id=rotation.pk, model=model)) is not None:
            tell(table, done)
            if (left := left - 1) == 0:
                return False
    for place in files.outdated():
        files.seal_anew(place)
        Rotation.objects.filter(pk=rotation.pk).update(files=_plus_one("files"))
        tell("files", 1)
        if (left := left - 1) == 0:
            return False
    return _finish(rotation_id=rotation.pk, by=by, at=at)


def continue_rotation(*, at: datetime) -> int:
    """The worker's share of an open rotation: some batches, then other work has its turn. 1 when it has come to its end.

    Without the key store it waits for the next call.
    """
    rotation = Rotation.objects.select_related("key").filter(finished_at__isnull=True).first()
    if rotation is None:
        return 0
    try:
        return int(carry_on(rotation=rotation, by=None, at=at, batches=BATCHES_AT_ONCE))
    except Unavailable:
        return 0


def _plus_one(name: str) -> Any:
    from django.db.models import F

    return F(name) + 1


@transaction.atomic
def _reseal_batch(*, rotation_id: int, model: Any) -> int | None:
    """Seal the next rows of one table anew; the number of rows that were, or None at its end."""
    rotation = Rotation.objects.select_for_update().select_related("key").get(pk=rotation_id)
    table, key = model._meta.db_table, ring.key(rotation.key.number)
    if key is None:
        raise keystore.no_keys()
    last = rotation.progress.get(table, 0)
    if last == "end":
        return None
    columns = sealed_fields(model)
    rows = _locked_rows(model, columns, int(last))
    if not rows:
        rotation.progress[table] = "end"
        rotation.save(update_fields=["progress"])
        return None
    changed = [new for row in rows if (new := _resealed(row, columns, key)) is not None]
    _write(model, columns, changed)
    rotation.progress[table] = rows[-1][0]
    rotation.rows += len(changed)
    rotation.save(update_fields=["progress", "rows"])
    return len(changed)


def _quoted(*names: str) -> list[str]:
    return [connection.ops.quote_name(name) for name in names]


def _locked_rows(model: Any, columns: list[Any], after: int) -> list[Any]:
    table, key, seal, *cells = _quoted(
        model._meta.db_table, model._meta.pk.column, "seal", *(field.column for field in columns)
    )
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    wanted = ", ".join([key, seal, *cells])
    sql = f"SELECT {wanted} FROM {table} WHERE {key} > %s ORDER BY {key} LIMIT %s{lock}"  # noqa: S608 - names of our columns
    with connection.cursor() as cursor:
        cursor.execute(sql, [after, BATCH])
        return list(cursor.fetchall())


def _resealed(row: Any, columns: list[Any], key: ring.Key) -> list[Any] | None:
    """The cells of a row by the new key, and its own key last; None when the row needs nothing."""
    vault, seal = FieldVault(), bytes(row[1] or b"")
    cells, needed = [], False
    for field, cell in zip(columns, row[2:], strict=True):
        sealed = bytes(cell) if cell is not None else None
        if sealed and seal and sealed[:HEAD] != key.head:
            sealed, needed = sealed_by(key, field.label, seal, vault.open(field.label, seal, sealed)), True
        cells.append(sealed)
    return [*cells, row[0]] if needed else None


def _write(model: Any, columns: list[Any], rows: list[list[Any]]) -> None:
    if not rows:
        return
    table, key, *cells = _quoted(model._meta.db_table, model._meta.pk.column, *(field.column for field in columns))
    sql = f"UPDATE {table} SET {', '.join(f'{cell} = %s' for cell in cells)} WHERE {key} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def sealed_by_others(*, number: int) -> dict[str, int]:
    """Rows by table that hold a value which another key than `number` sealed; erased ones do not count."""
    found = {}
    head = number.to_bytes(2, "big")
    for model in sealed_models():
        table, seal, *cells = _quoted(model._meta.db_table, "seal", *(f.column for f in sealed_fields(model)))
        other = " OR ".join(f"(length({cell}) > 0 AND substr({cell}, 2, 2) <> %s)" for cell in cells)
        with connection.cursor() as cursor:
            sql = f"SELECT COUNT(*) FROM {table} WHERE {seal} IS NOT NULL AND ({other})"  # noqa: S608
            cursor.execute(sql, [cast(Any, connection).Database.Binary(head)] * len(cells))
            found[model._meta.db_table] = int(cursor.fetchone()[0])
    return found


@transaction.atomic
def _finish(*, rotation_id: int, by: int | None, at: datetime) -> bool:
    rotation = Rotation.objects.select_for_update().select_related("key").get(pk=rotation_id)
    if rotation.finished_at is not None:
        return True
    left = {table: n for table, n in sealed_by_others(number=rotation.key.number).items() if n}
    if left or next(files.outdated(), None) is not None:
        rotation.progress = {table: last for table, last in rotation.progress.items() if table not in left}
        rotation.save(update_fields=["progress"])
        return False
    rotation.finished_at = at
    rotation.save(update_fields=["finished_at"])
    DataKey.objects.filter(state=DataKey.RETIRING).update(state=DataKey.RETIRED, retired_at=at)
    fact = KeyRotated(key_number=rotation.key.number, rows=rotation.rows, files=rotation.files, actor_id=by)
    events.publish(fact, at=at)
    return True


@transaction.atomic
def change_master_key(*, by: int | None, at: datetime) -> int:
    """A new key-encryption key in the key store; every data key is wrapped by it, no value is touched. Its number.

    The old one is taken away after commit: a copy of the database from before does not open any more without a copy of it.
    """
    old = _wrapping()
    number = max([*old, *keystore.numbers()], default=0) + 1
    kek = keystore.make(number)
    rows = list(DataKey.objects.select_for_update().order_by("number"))
    for row in rows:
        row.wrapped = ring.wrap(number, kek, row, ring.unwrap(row))
        row.save(update_fields=["wrapped"])
    events.publish(MasterKeyChanged(master_number=number, keys=len(rows), actor_id=by), at=at)
    for gone in old:
        transaction.on_commit(partial(keystore.remove, gone))
    return number


def _wrapping() -> set[int]:
    """The numbers of the key-encryption keys that wrap something."""
    return {int.from_bytes(bytes(w)[1:3], "big") for w in DataKey.objects.values_list("wrapped", flat=True)}


# --- erasure ----------------------------------------


@transaction.atomic
def erase_person(*, person_id: int, basis: str, by: int | None, at: datetime) -> int:
    """Destroy the seals of every row that is this person's: their values cannot be opened by anybody any more, and the pages say
    已按规定删除. Rows, events and the log stay as they are, so every proof stays valid. What the law keeps (`RETAINED`) stays.
    个人信息保护法 第四十七条.

    The number of rows. Refuses (`CannotErase`) without a basis, and a person of whom nothing is sealed.
    """
    if not basis.strip():
        raise CannotErase(_("请写明删除个人信息的依据。"))
    rows = _destroy_seals(person_id, at)
    if not rows:
        raise CannotErase(_("没有找到这个人的加密信息，或者已经删除。"))
    Erasure.objects.create(person_id=person_id, basis=basis.strip(), rows=rows, at=at, by=by)
    events.publish(PersonErased(person_id=person_id, basis=basis.strip(), rows=rows, actor_id=by), at=at)
    return rows


def outcome(*, person_id: int, at: datetime) -> list[Part]:
    """What an erasure would do at this moment, part by part, said before anybody decides."""
    return [part for holding in HOLDINGS.values() for part in holding.says(person_id, at) if part.count]


@transaction.atomic
def ask_erasure(*, person_id: int, ground: str, note: str, by: int, at: datetime) -> ErasureRequest:
    """Ask that a person's data be erased: the person, or an official for them. Refuses unknown grounds, a person whose erasure
    is asked already, and one who still has an open matter: it is finished or withdrawn first.
    """
    if ground not in dict(ErasureRequest.GROUNDS):
        raise Invalid(_("请选择依据。"), fields={"ground": _("请选择依据。")})
    if ErasureRequest.objects.filter(person_id=person_id, done_at__isnull=True, refusal="").exists():
        raise CannotErase(_("已经提出过删除申请，正在办理。"))
    _demand_nothing_open(person_id, at)
    row = ErasureRequest.objects.create(
        person_id=person_id, ground=ground, note=note.strip()[:200], asked_by_id=by, asked_at=at
    )
    events.publish(ErasureAsked(person_id=person_id, ground=ground, actor_id=by), at=at)
    return row


def _demand_nothing_open(person_id: int, at: datetime) -> None:
    if any(part.blocks for part in outcome(person_id=person_id, at=at)):
        raise CannotErase(_("还有正在办理的事项，办理目的没有实现。请先办结或撤回，再申请删除。"))


@transaction.atomic
def decide_erasure(*, request_id: int, refusal: str, by: int, at: datetime) -> ErasureRequest:
    """The second person: confirm (`refusal` empty), and the worker carries it out; or refuse with a reason the person reads.

    Refuses whoever asked, the person concerned, and what is decided already.
    """
    row = _locked_request(request_id)
    if row.decided_at is not None:
        raise CannotErase(_("这份申请已经决定过了。"))
    if by in (row.asked_by_id, row.person_id):
        raise NotAllowed(_("删除个人信息须由另一位工作人员确认。"))
    row.decided_by_id, row.decided_at, row.refusal = by, at, refusal.strip()[:200]
    row.save(update_fields=["decided_by", "decided_at", "refusal"])
    fact = ErasureRefused if row.refusal else ErasureConfirmed
    events.publish(fact(person_id=row.person_id, actor_id=by), at=at)
    return row


def _locked_request(request_id: int) -> ErasureRequest:
    row = ErasureRequest.objects.select_for_update().filter(pk=request_id).first()
    if row is None:
        raise NotFound(_("没有这份申请。"))
    return row


def carry_out_erasures(*, at: datetime) -> int:
    """Carry out what is confirmed, each in a transaction of its own; one that meets an open matter waits for its end."""
    open_ones = ErasureRequest.objects.filter(decided_at__isnull=False, done_at__isnull=True, refusal="")
    return sum(_try_to_carry_out(pk, at=at) for pk in list(open_ones.values_list("pk", flat=True)))


def _try_to_carry_out(pk: int, *, at: datetime) -> int:
    try:
        return int(_carry_out(request_id=pk, at=at))
    except (OperationalError, InterfaceError):  # the database is away for all of them
        raise
    except Exception as error:  # one that fails is tried again at the next turn, and holds up nobody else's erasure
        log.exception("an erasure could not be carried out", extra={"request": pk, "error": type(error).__name__})
    return 0


@transaction.atomic
def erase_unless_open(*, person_id: int, basis: str, at: datetime, by: int | None = None) -> bool:
    """Everything of a person goes that may: each app's part, then the seals. False, and nothing done, while a matter of theirs is open."""
    if any(part.blocks for part in outcome(person_id=person_id, at=at)):
        return False
    for holding in HOLDINGS.values():
        holding.erase(person_id, at)
    with contextlib.suppress(CannotErase):  # nothing of theirs was sealed any more
        erase_person(person_id=person_id, basis=basis[:200], by=by, at=at)
    return True


@transaction.atomic
def _carry_out(*, request_id: int, at: datetime) -> bool:
    row = _locked_request(request_id)
    parts = outcome(person_id=row.person_id, at=at)
    basis = _("个人信息保护法第四十七条：{ground}").format(ground=row.get_ground_display())
    if row.done_at is not None:
        return False
    if not erase_unless_open(person_id=row.person_id, basis=basis, by=row.decided_by_id, at=at):
        return False
    row.lines = [{"label": p.label, "count": p.count, "goes": p.goes, "why": p.why} for p in parts]
    row.done_at = at
    row.save(update_fields=["lines", "done_at"])
    return True


@transaction.atomic
def erase_again(*, at: datetime) -> int:
    """After a restore: carry out once more every erasure that is on record; the number of rows."""
    return sum(_destroy_seals(person_id, at) for person_id in set(Erasure.objects.values_list("person_id", flat=True)))


def _destroy_seals(person_id: int, at: datetime) -> int:
    rows = 0
    for model in sealed_models():
        if not model.person:
            continue
        mine = model._base_manager.filter(**{model.person: person_id})
        if (kept := RETAINED.get(model._meta.label)) is not None:
            mine = mine.exclude(kept(at))
        rows += destroy_seals(rows=mine)
    return rows


def destroy_seals(*, rows: Any) -> int:
    """Make the values of these rows unreadable for ever, with their blind indexes; how many were not yet."""
    fields = sealed_fields(rows.model)
    indexes = {field.index: None for field in fields if getattr(field, "index", "")}
    return int(rows.filter(seal__isnull=False).update(seal=None, **indexes))
