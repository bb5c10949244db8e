"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GreenwayConfig(AppConfig):
    """并联审批"""

    name = "zhengtong.approvals.greenway"
    label = "greenway"
    verbose_name = "并联审批"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe to events, fill the slots of cases and of the floors below, put the pages into the navigation."""
        from zhengtong.approvals.fees import public as fees
        from zhengtong.approvals.greenway import billing, erasure, gates, notifications, receivers, rules
        from zhengtong.approvals.greenway.models import Project
        from zhengtong.approvals.greenway.queries import drafts_waiting
        from zhengtong.kernel.navigation import Entry, register
        from zhengtong.security.pmi import public as pmi

        notifications.register()
        erasure.register()
        assert receivers
        assert gates
        fees.register_subject("joint", url_of=billing.page_of)
        pmi.register_rule(Project, "cases.view", rules.may_view, label=_("查看项目"))
        pmi.register_rule(Project, "cases.follow", rules.follows, label=_("查看自己的项目"))
        register(Entry(_("一件事"), "greenway:bundles", order=25, section="channels"))
        register(Entry(_("项目与一件事"), "greenway:projects", permission="cases.view", order=25, section="cases"))
        register(
            Entry(
                _("联合办理模板"),
                "greenway:templates",
                permission="matters.view",
                order=40,
                section="matters",
                badge=drafts_waiting,
            )
        )
        register(Entry(_("窗口统一受理"), "greenway:window", permission="window.serve", order=12, section="cases"))
