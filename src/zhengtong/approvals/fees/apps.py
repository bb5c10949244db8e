"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeesConfig(AppConfig):
    """收费"""

    name = "zhengtong.approvals.fees"
    label = "fees"
    verbose_name = _("收费")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Open the slots of the floors below, run the jobs, stand in the navigation."""
        from zhengtong.approvals.fees import erasure, jobs, notifications, readers, receivers
        from zhengtong.kernel.navigation import Entry, register

        notifications.register()
        readers.register()
        erasure.register()
        assert jobs
        assert receivers
        register(Entry(_("缴款单"), "fees:list", permission="fees.view", order=30, section="cases"))
        register(Entry(_("退款"), "fees:refunds", permission="fees.refund", order=31, section="cases"))
        register(Entry(_("收费分账"), "fees:lines", permission="fees.view", order=32, section="cases"))
        register(Entry(_("对账"), "fees:reconciliations", permission="fees.reconcile", order=33, section="cases"))
