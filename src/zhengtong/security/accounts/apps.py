"""Registration of the app with Django."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """账号"""

    name = "zhengtong.security.accounts"
    label = "accounts"
    verbose_name = "账号"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear allauth's signals; put one's own account into the person's links. When somebody signed in is written with
        the fact (`record_sign_in`), so Django need not write it as well.
        """
        from django.contrib.auth.signals import user_logged_in

        from zhengtong.foundation.calendars.public import DemoPanel, register_demo_panel
        from zhengtong.kernel import navigation
        from zhengtong.security.accounts import erasure, events, queries, receivers, retention  # noqa: F401
        from zhengtong.security.accounts.recovery import notifications  # noqa: F401

        user_logged_in.disconnect(dispatch_uid="update_last_login")
        navigation.register(navigation.Entry(_("我的账号"), "account_profile", order=900, section=navigation.PERSON))
        manage: dict[str, Any] = {"permission": "clients.manage", "section": "system"}
        navigation.register(navigation.Entry(_("接入系统"), "account_clients", order=42, **manage))
        window: dict[str, Any] = {"permission": "window.serve", "section": "cases", "order": 16}
        navigation.register(navigation.Entry(_("找回账号"), "account_recovery_begin", **window))
        register_demo_panel(DemoPanel("accounts", _("换个角色"), queries.demo_links))
        erasure.register()
        retention.register()
