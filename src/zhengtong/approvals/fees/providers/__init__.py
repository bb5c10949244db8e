"""The slot for payment providers: what one must do, and which are switched on.

A provider is a class named in `settings.PAYMENT_PROVIDERS` (key → dotted path); it is asked by the five verbs of `Provider` and
nothing else. Every answer it gives is compared with what the county itself computed: an amount is never taken from outside.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.fees.models import Order, Payment
from zhengtong.approvals.fees.values import Paid, StatementRow
from zhengtong.kernel.errors import NotFound


class Provider(Protocol):
    """What takes money for the county.

    Orders and refunds carry numbers of ours: the same number twice is the same order, the same refund.
    """

    label: Any

    def begin(self, order: Order, *, title: str, return_path: str, at: datetime) -> str:
        """The address to which the payer is sent."""
        ...

    def read(self, body: bytes, headers: Mapping[str, str]) -> Paid:
        """What a message of the provider says. Raises `NotGenuine` when it does not carry its signature."""
        ...

    def query(self, order: str, *, at: datetime) -> Paid | None:
        """What the provider knows of an order; None while it is not paid there."""
        ...

    def refund(self, *, refund: str, order: str, transaction: str, amount: Decimal, at: datetime) -> str:
        """Give money back the way it came; the provider's number for it. Raises `Unavailable` to be asked again."""
        ...

    def statement(self, day: date) -> bytes:
        """The provider's statement of a day, a CSV file in UTF-8: see `reconciling.read_statement`."""
        ...


def active() -> dict[str, Provider]:
    """The providers that are switched on, in the order of the settings."""
    return {key: import_string(path)() for key, path in settings.PAYMENT_PROVIDERS.items()}


def get(key: str) -> Provider:
    """One provider. Raises `NotFound` when it is not switched on."""
    path = settings.PAYMENT_PROVIDERS.get(key)
    if path is None:
        raise NotFound(_("没有启用这个支付渠道。"))
    provider: Provider = import_string(path)()
    return provider


def refund_paths() -> dict[str, str]:
    """Through whom money can go back: who takes money, and who was kept on for refunds only."""
    return {**settings.PAYMENT_REFUND_PROVIDERS, **settings.PAYMENT_PROVIDERS}


def for_refunds(key: str) -> Provider:
    """One provider through whom money can go back. Raises `NotFound` when it is switched off for that too."""
    path = refund_paths().get(key)
    if path is None:
        raise NotFound(_("没有启用这个支付渠道。"))
    provider: Provider = import_string(path)()
    return provider


def channel_label(key: str) -> Any:
    """A channel in words: a provider's name, cash, card."""
    by_hand = dict(Payment.BY_HAND)
    if key in by_hand:
        return by_hand[key]
    return for_refunds(key).label if key in refund_paths() else gettext_lazy("网上支付")


__all__ = ["Paid", "Provider", "StatementRow", "active", "channel_label", "for_refunds", "get", "refund_paths"]
