"""What ends by itself in ratings: the phone of a work order, and invitations that have expired. The slots of the vault, filled."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from zhengtong.approvals.ratings.models import Invitation, WorkOrder
from zhengtong.security.vault import public as vault


def _orders_before(moment: datetime) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.filter(seal__isnull=False, closed_at__lt=moment)


def _end_orders(ids: Sequence[int], at: datetime) -> vault.Deleted:
    return vault.Deleted(vault.destroy_seals(rows=WorkOrder.objects.filter(pk__in=ids)))


def _invitations_before(moment: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(expires_at__lt=moment)


def _end_invitations(ids: Sequence[int], at: datetime) -> vault.Deleted:
    return vault.Deleted(Invitation.objects.filter(pk__in=ids).delete()[0])


def register() -> None:
    """Fill the slots."""
    vault.RETENTIONS["ratings.orders"] = vault.Retention(_orders_before, _end_orders, ("ratings.WorkOrder",))
    vault.RETENTIONS["ratings.invitations"] = vault.Retention(_invitations_before, _end_invitations)
