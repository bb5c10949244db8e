"""What allauth reports about second factors becomes a fact of the house."""

from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.dispatch import receiver

from zhengtong.foundation.calendars.public import official_now
from zhengtong.security.accounts import operations, sessions


@receiver(signals.authenticator_added, dispatch_uid="accounts.factor_added")
def factor_added(*, user: Any, authenticator: Any, **signal: Any) -> None:
    """A second factor was set up, and by that shown in this session."""
    request = signal.get("request")
    if request is not None and authenticator.type in (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN):
        request.session[sessions.ADDED] = True
    operations.record_factor(user=user, factor=str(authenticator.type), added=True, at=official_now())


@receiver(signals.authenticator_removed, dispatch_uid="accounts.factor_removed")
def factor_removed(*, user: Any, authenticator: Any, **signal: Any) -> None:
    """A second factor was removed; what this session showed of it no longer counts."""
    request = signal.get("request")
    if request is not None:
        request.session.pop(sessions.ADDED, None)
    if authenticator.type == Authenticator.Type.TOTP:
        operations.forget_code_steps(user=user)
    operations.record_factor(user=user, factor=str(authenticator.type), added=False, at=official_now())
