"""What allauth reports about second factors becomes a fact of the house."""

from typing import Any

from allauth.mfa import signals
from django.dispatch import receiver

from zhengtong.foundation.calendars.public import official_now
from zhengtong.security.accounts import operations


@receiver(signals.authenticator_added, dispatch_uid="accounts.factor_added")
def factor_added(*, user: Any, authenticator: Any, **signal: Any) -> None:
    """A second factor was set up."""
    operations.record_factor(user=user, factor=str(authenticator.type), added=True, at=official_now())


@receiver(signals.authenticator_removed, dispatch_uid="accounts.factor_removed")
def factor_removed(*, user: Any, authenticator: Any, **signal: Any) -> None:
    """A second factor was removed."""
    operations.record_factor(user=user, factor=str(authenticator.type), added=False, at=official_now())
