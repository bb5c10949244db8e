"""What ends by itself in ratings: the phone of a work order, and invitations that have expired; what a person's erasure does with their
ratings, and all of them as plain data. The slots of the vault, filled.

A rating stays as part of the figures the county answers for; what is published of it names nobody.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhengtong.approvals.ratings.models import Invitation, Rating, WorkOrder
from zhengtong.security.vault import public as vault


def _orders_before(moment: datetime) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.filter(seal__isnull=False, closed_at__lt=moment)


def _end_orders(ids: Sequence[int], at: datetime) -> vault.Deleted:
    return vault.Deleted(vault.destroy_seals(rows=WorkOrder.objects.filter(pk__in=ids)))


def _invitations_before(moment: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(expires_at__lt=moment)


def _end_invitations(ids: Sequence[int], at: datetime) -> vault.Deleted:
    return vault.Deleted(Invitation.objects.filter(pk__in=ids).delete()[0])


def _phones_of(person_id: int) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.filter(rating__rated_by_id=person_id, seal__isnull=False)


def says(person_id: int, at: datetime) -> list[vault.Part]:
    """The phone goes once the work order is over; the rating stays."""
    order = _("单位还要按这个电话联系您，整改单办结后再删除")
    rating = _("评价是对窗口和部门的监督记录，计入满意度；公开的内容已经隐去个人信息（国办发〔2019〕51号）")
    phones = _phones_of(person_id)
    return [
        vault.Part(_("已办结整改单上的联系电话"), phones.filter(closed_at__isnull=False).count(), True),
        vault.Part(_("正在办理的整改单上的联系电话"), phones.filter(closed_at__isnull=True).count(), False, order),
        vault.Part(_("作出的评价"), Rating.objects.filter(rated_by_id=person_id).count(), False, rating),
    ]


def erase(person_id: int, at: datetime) -> int:
    """The phones of work orders that are over."""
    return vault.destroy_seals(rows=_phones_of(person_id).filter(closed_at__isnull=False))


def export(person_id: int) -> dict[str, Any]:
    """Every rating with what was said, and what was answered."""
    rows = Rating.objects.filter(rated_by_id=person_id).select_related("case", "order").order_by("pk")
    return {"ratings": [_exported(row) for row in rows]}


def _exported(rating: Rating) -> dict[str, Any]:
    order = getattr(rating, "order", None)
    return {
        "case": rating.case.number if rating.case else None,
        "rated_at": rating.rated_at,
        "rating": rating.get_code_display(),
        "comment": rating.comment,
        "phone": str(order.phone) if order else "",
        "reply": order.reply if order else "",
    }


def register() -> None:
    """Fill the slots."""
    vault.HOLDINGS["ratings"] = vault.Holding(says, erase, export)
    vault.RETENTIONS["ratings.orders"] = vault.Retention(_orders_before, _end_orders, ("ratings.WorkOrder",))
    vault.RETENTIONS["ratings.invitations"] = vault.Retention(_invitations_before, _end_invitations)
