"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RatingsConfig(AppConfig):
    """好差评"""

    name = "zhengtong.approvals.ratings"
    label = "ratings"
    verbose_name = "好差评"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe to events, add the figures, put the pages into the navigation."""
        from zhengtong.approvals.cases import public as cases
        from zhengtong.approvals.ratings import figures, jobs, notifications, queries, receivers, retention, rules
        from zhengtong.kernel.navigation import CHANNELS, Entry, register

        notifications.register()
        rules.register()
        retention.register()
        cases.register_figures("ratings", figures.part)
        assert receivers
        assert jobs
        register(Entry(_("看评价"), "ratings:published", order=50, section=CHANNELS))
        register(Entry(_("来访评价码"), "ratings:visit", permission="window.serve", order=15, section="cases"))
        register(Entry(_("差评整改"), "ratings:orders", permission="ratings.view", order=30, section="cases"))
        register(
            Entry(
                _("评价复核与公开"),
                "ratings:review",
                permission="ratings.review",
                order=40,
                section="county",
                badge=queries.waiting_for_review,
            )
        )
        register(Entry(_("满意度"), "ratings:figures", permission="figures.view", order=8, section="county"))
