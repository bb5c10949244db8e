"""The first keys of an installation: made with its tables, never by the first value that needs one.

A key made inside somebody's transaction would be gone with it when that is undone, and what it sealed elsewhere with it.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from zhengtong.security.vault import keystore, ring
from zhengtong.security.vault.models import DataKey


def after_migration(**signal: Any) -> None:
    """Hear `post_migrate`."""
    ring.forget()
    ensure()


def ensure(model: Any = DataKey) -> None:
    """Make the index key (1) and the first data key (2) where there are none. `model`: as it is at a step of the tables."""
    if model.objects.exists():
        return
    kek = keystore.make(1)
    with transaction.atomic():
        for number, purpose in ((1, DataKey.INDEX), (2, DataKey.DATA)):
            make_key(number, purpose, settings.VAULT_ALGORITHM, 1, kek, model)


def make_key(
    number: int, purpose: str, algorithm: str, kek_number: int, kek: bytes, model: type[Any] = DataKey
) -> DataKey:
    """A new row of the queue, current at once."""
    import secrets

    row: Any = model(number=number, purpose=purpose, algorithm=algorithm, created_at=timezone.now())
    row.wrapped = ring.wrap(kek_number, kek, row, secrets.token_bytes(32))
    row.save(force_insert=True)
    return row  # type: ignore[no-any-return]
