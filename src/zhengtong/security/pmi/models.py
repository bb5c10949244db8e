"""Who may do what, where, until when: a role held for an organisation subtree."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.pmi.policy import ROLES, SENSITIVE


def complete() -> Q:
    """Grants that have every signature they need, as a condition for queries."""
    return Q(granted_by__isnull=True) | Q(confirmed_by__isnull=False) | ~Q(role__in=sorted(SENSITIVE))


class RoleGrant(models.Model):
    """One role for one official at one body (with everything below it when `include_subtree`), for a time, never
    deleted.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(_("角色"), max_length=40)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    include_subtree = models.BooleanField(_("含下级机构"), default=False)
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("失效日期"), null=True, blank=True)
    stands_for = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="stand_ins")
    reason = models.CharField(_("事由"), max_length=200, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("授权")
        indexes = [models.Index(fields=["user", "role"]), models.Index(fields=["organization", "role"])]
        constraints = [
            # Revoked on its first day, a grant ends the day before: it never was.
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from") - timedelta(days=1)),
                name="grant_in_order",
            ),
            # Four eyes: who gives, who confirms and who receives are three people.
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | (~Q(confirmed_by=models.F("granted_by")) & ~Q(confirmed_by=models.F("user"))),
                name="grant_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=models.F("user")), name="grant_not_to_oneself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}@{self.organization_id}"

    def in_force(self, on: date) -> bool:
        """True when the grant holds on `on`; one that waits for its second signature does not."""
        return (
            not self.awaits_confirmation
            and self.valid_from <= on
            and (self.valid_until is None or on <= self.valid_until)
        )

    @property
    def awaits_confirmation(self) -> bool:
        """A sensitive role given by one official counts only when another has confirmed it."""
        return self.role in SENSITIVE and self.granted_by_id is not None and self.confirmed_by_id is None

    @property
    def role_label(self) -> str:
        """The role in words."""
        return str(ROLES[self.role].label) if self.role in ROLES else self.role

    @property
    def permissions(self) -> frozenset[str]:
        """What the role may do; nothing when it has left the policy."""
        return ROLES[self.role].permissions if self.role in ROLES else frozenset()
