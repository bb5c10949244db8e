"""Reads of the vault: which keys there are, what each still seals, how far a rotation is."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.sealed import sealed_models
from zhengtong.security.vault.models import DataKey, ErasureRequest, Rotation
from zhengtong.security.vault.operations import sealed_by_others
from zhengtong.security.vault.values import HOLDINGS


@dataclass(frozen=True)
class State:
    """The keys, oldest first; the rotation that is open, if any; the last ones; rows that another key than the current one seals."""

    keys: tuple[DataKey, ...]
    rotation: Rotation | None
    tables_done: int
    tables: int
    waiting: int
    past: tuple[Rotation, ...]

    @property
    def current(self) -> DataKey | None:
        """The key that seals now."""
        return next((key for key in self.keys if (key.purpose, key.state) == (DataKey.DATA, DataKey.CURRENT)), None)


def state() -> State:
    """How it stands now."""
    keys = tuple(DataKey.objects.order_by("number"))
    newest = max((key.number for key in keys if key.purpose == DataKey.DATA), default=0)
    rotation = Rotation.objects.select_related("key").filter(finished_at__isnull=True).first()
    done = sum(last == "end" for last in rotation.progress.values()) if rotation else 0
    past = Rotation.objects.select_related("key").filter(finished_at__isnull=False).order_by("-pk")[:10]
    return State(
        keys,
        rotation,
        done,
        len(sealed_models()),
        sum(sealed_by_others(number=newest).values()) if newest else 0,
        tuple(past),
    )


def requests() -> QuerySet[ErasureRequest]:
    """Every request for erasure: what waits first, then newest first."""
    rows = ErasureRequest.objects.select_related("person", "asked_by", "decided_by")
    return rows.order_by("decided_at", "-pk")


def request_numbered(number: int) -> ErasureRequest:
    """One request. Raises `NotFound`."""
    found = requests().filter(pk=number).first()
    if found is None:
        raise NotFound(_("没有这份申请。"))
    return found


def request_of(person_id: int) -> ErasureRequest | None:
    """The last request about a person."""
    return ErasureRequest.objects.filter(person_id=person_id).order_by("-pk").first()


def exported(person_id: int) -> dict[str, Any]:
    """Everything every app holds of a person, for themselves (个人信息保护法 第四十五条)."""
    found: dict[str, Any] = {}
    for holding in HOLDINGS.values():
        found |= holding.export(person_id)
    return found
