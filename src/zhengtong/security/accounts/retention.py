"""What ends by itself: closed accounts, enterprises nobody acts for, sessions, tries, what was used once, tokens; and notices, whose
floor does not know the vault. The slots of the vault, filled.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from allauth.idp.oidc.models import Token
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.notices import public as notices
from zhengtong.security.accounts.models import (
    Enterprise,
    EnterpriseMember,
    OpenSession,
    SignInFailure,
    UsedOnce,
    User,
)
from zhengtong.security.vault import public as vault

Ids = Sequence[Any]


def _closed_before(moment: datetime) -> QuerySet[User]:
    """Residents whose account was closed before and still says who they are."""
    closed = User.objects.filter(kind=User.RESIDENT, is_active=False, closed_at__lt=moment)
    return closed.exclude(username__startswith="erased-")


def _end_closed(ids: Ids, at: datetime) -> vault.Deleted:
    basis = _("个人信息保护法第四十七条：保存期限已满")
    return vault.Deleted(sum(vault.erase_unless_open(person_id=one, basis=basis, at=at) for one in ids))


def _left_before(moment: datetime) -> QuerySet[Enterprise]:
    """Enterprises that had members, the last of whom left before."""
    members = EnterpriseMember.objects.filter(enterprise=OuterRef("pk"))
    day = timezone.localdate(moment)
    still = members.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    return Enterprise.objects.filter(Exists(members), ~Exists(still), seal__isnull=False)


def _end_enterprises(ids: Ids, at: datetime) -> vault.Deleted:
    return vault.Deleted(vault.destroy_seals(rows=Enterprise.objects.filter(pk__in=ids)))


def _addresses_before(moment: datetime) -> QuerySet[notices.Notice]:
    return notices.Notice.objects.filter(to_user__isnull=True, seal__isnull=False, created_at__lt=moment)


def _end_addresses(ids: Ids, at: datetime) -> vault.Deleted:
    rows = notices.Notice.objects.filter(pk__in=ids)
    rows.update(email="")
    return vault.Deleted(vault.destroy_seals(rows=rows))


def _notices_before(moment: datetime) -> QuerySet[notices.Notice]:
    return notices.Notice.objects.filter(created_at__lt=moment)


def _end_notices(ids: Ids, at: datetime) -> vault.Deleted:
    return vault.Deleted(notices.forget(ids=ids))


def _rows(model: Any, column: str) -> vault.Retention:
    """Rows that are simply deleted, by a column of theirs; all of these run by the machine's clock."""

    def due(moment: datetime) -> QuerySet[Any]:
        return model._default_manager.filter(**{f"{column}__lt": moment})  # type: ignore[no-any-return]

    def end(ids: Ids, at: datetime) -> vault.Deleted:
        return vault.Deleted(model._default_manager.filter(pk__in=ids).delete()[0])

    return vault.Retention(due, end, by_machine=True)


def register() -> None:
    """Fill the slots."""
    sealed = vault.Retention
    vault.RETENTIONS["accounts.closed"] = sealed(
        _closed_before, _end_closed, ("accounts.User", "accounts.ProvinceLink")
    )
    vault.RETENTIONS["accounts.enterprises"] = sealed(_left_before, _end_enterprises, ("accounts.Enterprise",))
    vault.RETENTIONS["notices.addresses"] = sealed(_addresses_before, _end_addresses, ("notices.Notice",))
    vault.RETENTIONS["notices.sent"] = sealed(_notices_before, _end_notices, ("notices.Notice",))
    vault.RETENTIONS["accounts.sessions"] = _rows(Session, "expire_date")
    vault.RETENTIONS["accounts.devices"] = _rows(OpenSession, "seen_at")
    vault.RETENTIONS["accounts.tries"] = _rows(SignInFailure, "first_at")
    vault.RETENTIONS["accounts.once"] = _rows(UsedOnce, "used_at")
    vault.RETENTIONS["accounts.tokens"] = _rows(Token, "expires_at")
