"""What the matters of a stage ask in common, by the catalogue: which questions a person answers once for several of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zhengtong.approvals.greenway.models import own
from zhengtong.approvals.greenway.plans import StagePlan
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import FormField

SHAREABLE = {"text", "number", "date", "phone", "address", "resident_id", "uscc", "textarea"}
"""Types a question may have to be asked once for several branches; a choice is the same question only with the same options."""


def shareable(field: FormField) -> bool:
    """A question that may be asked once: of a plain type, and shown whatever was answered before."""
    return field.type in SHAREABLE | {"choice"} and not field.shown_if


def same(field: FormField) -> tuple[Any, ...]:
    """What makes two questions one: key, type and what may be answered."""
    return field.key, field.type, tuple(option.value for option in field.options)


@dataclass(frozen=True)
class Asked:
    """A question of the stage's matters: as what it is known, and whether two of them ask the very same."""

    label: str
    common: bool


def asked(stages: Iterable[StagePlan]) -> dict[str, Asked]:
    """The questions of the published matters of these stages, by their key."""
    keys = {branch.matter for stage in stages for branch in stage.branches}
    counted: dict[tuple[Any, ...], int] = {}
    labels: dict[str, str] = {}
    for matter in matters.Matter.objects.select_related("current").filter(key__in=keys, current__isnull=False):
        assert matter.current is not None
        for field in matter.current.elements.form.fields:
            labels.setdefault(field.key, own(field.label, field.label_en))
            if shareable(field):
                counted[same(field)] = counted.get(same(field), 0) + 1
    twice = {key for (key, *_rest), times in counted.items() if times > 1}
    return {key: Asked(label, key in twice) for key, label in labels.items()}


def label_of(key: str, known: Mapping[str, Asked]) -> str:
    """A question in words; its key where no matter asks it."""
    return known[key].label if key in known else key
