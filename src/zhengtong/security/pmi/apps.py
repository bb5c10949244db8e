"""Registration of the app with Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PmiConfig(AppConfig):
    """授权"""

    name = "zhengtong.security.pmi"
    label = "pmi"
    verbose_name = "授权"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the guard of separated roles in place; register the pages of the county office."""
        from zhengtong.kernel import navigation
        from zhengtong.security.pmi import events, guards, receivers, rules  # noqa: F401
        from zhengtong.security.pmi.policy import ROLES
        from zhengtong.security.signatures.values import POSTS

        rules.register()
        POSTS.update({key: role.label for key, role in ROLES.items()})
        post_migrate.connect(guards.install, sender=self, dispatch_uid="pmi.guards")
        manage: dict[str, Any] = {"permission": "accounts.manage", "section": "system"}
        navigation.register(navigation.Entry(_("账号与授权"), "pmi:officials", order=40, **manage))
        why: dict[str, Any] = {"permission": "desk.view", "section": "system", "order": 42}
        navigation.register(navigation.Entry(_("为什么不能办"), "pmi:why", **why))
        navigation.register(navigation.Entry(_("岗位与权限一览"), "pmi:policy", order=41, **manage))
