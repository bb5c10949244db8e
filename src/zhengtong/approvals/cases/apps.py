"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    """办件"""

    name = "zhengtong.approvals.cases"
    label = "cases"
    verbose_name = "办件"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe to events, open the slots of the floors below, put the pages into the navigation."""

        from zhengtong.approvals.cases import erasure, notifications, readers, receivers
        from zhengtong.approvals.cases.operations.printing import print_of, replace_print
        from zhengtong.approvals.fees import public as fees
        from zhengtong.kernel.navigation import Entry, register
        from zhengtong.security.signatures.public import KEEPERS, Keeper

        KEEPERS[readers.PAPER] = Keeper(
            print_of, lambda number, content, at: replace_print(paper_id=number, content=content, at=at)
        )
        notifications.register()
        readers.register()
        erasure.register()
        assert receivers
        fees.register_subject("case", url_of=lambda case_id: f"/cases/{case_id}/")
        register(Entry(_("窗口收件"), "cases:window", permission="window.serve", order=10, section="cases"))
        register(Entry(_("办件"), "cases:list", permission="cases.view", order=20, section="cases"))
        register(Entry(_("全县实况"), "cases:figures", permission="figures.view", order=5, section="county"))
