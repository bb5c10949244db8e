"""Registration of the app with Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PkiConfig(AppConfig):
    """证书"""

    name = "zhengtong.security.pki"
    label = "pki"
    verbose_name = _("证书")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the guards of the log in place; register the periodic work and the pages of the security administrator."""
        from zhengtong.kernel import navigation
        from zhengtong.security.pki import events, guards, jobs  # noqa: F401

        post_migrate.connect(guards.install, sender=self, dispatch_uid="pki.guards")
        manage: dict[str, Any] = {"permission": "certificates.manage", "section": "system"}
        navigation.register(navigation.Entry(_("证书"), "pki:certificates", order=50, **manage))
        navigation.register(navigation.Entry(_("签发机构"), "pki:authorities", order=51, **manage))
        navigation.register(
            navigation.Entry(_("密钥与证书到期"), "pki:keys", "certificates.witness", 52, section="system")
        )
