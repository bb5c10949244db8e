"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MattersConfig(AppConfig):
    """事项"""

    name = "zhengtong.approvals.matters"
    label = "matters"
    verbose_name = "事项"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to our own events for search; put the pages into the navigation and on the page of a body."""
        from zhengtong.approvals.matters import panels, receivers  # noqa: F401
        from zhengtong.approvals.matters.views.catalogue import waiting
        from zhengtong.kernel.navigation import Entry, register

        register(Entry(_("事项目录"), "matters:index", permission="matters.view", order=10, section="matters"))
        register(
            Entry(
                _("待审核事项"),
                "matters:waiting",
                permission="matters.approve",
                order=20,
                section="matters",
                badge=waiting,
            )
        )
        register(Entry(_("导入事项"), "matters:import", permission="matters.edit", order=30, section="matters"))
