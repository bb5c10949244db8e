"""Registration of the app with Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SupervisionConfig(AppConfig):
    """电子监察"""

    name = "zhengtong.oversight.supervision"
    label = "supervision"
    verbose_name = "电子监察"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear the facts of other systems, watch their clocks, guard the cards, put the pages into the navigation."""
        from zhengtong.kernel.navigation import Entry, register
        from zhengtong.oversight.supervision import guards, jobs, notifications, readers, receivers, sources

        assert receivers
        assert jobs
        sources.register_all()
        notifications.register()
        readers.register()
        post_migrate.connect(guards.install, sender=self, dispatch_uid="supervision.guards")
        county: dict[str, Any] = {"permission": "supervision.view", "section": "county"}
        register(Entry(_("监察看板"), "supervision:board", order=1, **county))
        register(Entry(_("监察预报"), "supervision:forecast", order=2, **county))
        register(Entry(_("监察分析"), "supervision:patterns", order=3, **county))
        register(Entry(_("绩效指标"), "supervision:performance", order=4, **county))
        register(Entry(_("监察规则"), "supervision:rules", order=6, **county))
        register(Entry(_("按时办结"), "supervision:on_time", order=60, section="channels"))
        register(Entry(_("督办"), "supervision:orders", permission="supervision.answer", order=30, section="desk"))
        register(Entry(_("监察卡"), "supervision:cards", permission="supervision.answer", order=20, section="desk"))
