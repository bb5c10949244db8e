"""The to-do: one thing that one person, or whoever holds a role at a body, has to do next."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField


class Todo(models.Model):
    """One thing to do. `title` and `detail` are message ids; with `params` they become words in the reader's language.

    A to-do belongs to a pool (`organization`, `role`) until somebody takes it, or to one person (`user`). Applicants
    have to-dos without a body. Nothing here decides anything: the system that opened it closes it.
    """

    system = models.CharField(_("来源系统"), max_length=20)
    kind = models.CharField(_("类别"), max_length=40)
    subject = models.CharField(_("对象"), max_length=60)
    title = models.CharField(_("标题"), max_length=200)
    detail = models.CharField(_("说明"), max_length=300, blank=True)
    params = CompactJSONField(_("参数"), default=dict, blank=True)
    url = models.CharField(_("网址"), max_length=200)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    role = models.CharField(_("角色"), max_length=40, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    number = models.CharField(_("编号"), max_length=40, blank=True)
    person = models.CharField(_("申请人"), max_length=60, blank=True)
    due_on = models.DateField(_("期限"), null=True)
    created_at = models.DateTimeField(_("产生时间"))
    done_at = models.DateTimeField(_("办结时间"), null=True)

    class Meta:
        verbose_name = _("待办")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind", "organization", "role"], condition=Q(done_at__isnull=True), name="todo_once"
            ),
            models.UniqueConstraint(
                fields=["subject", "kind", "user"],
                condition=Q(done_at__isnull=True, organization__isnull=True),
                name="todo_once_person",
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=False) | Q(user__isnull=False), name="todo_of_somebody"
            ),
        ]
        # Only open rows are ever listed, so the indexes stay as small as the work that is left.
        indexes = [
            models.Index(fields=["user", "due_on"], name="todo_mine", condition=Q(done_at__isnull=True)),
            models.Index(
                fields=["organization", "role", "due_on"],
                name="todo_pool",
                condition=Q(done_at__isnull=True, user__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
