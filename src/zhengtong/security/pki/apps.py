"""Registration of the app with Django."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PkiConfig(AppConfig):
    """证书"""

    name = "zhengtong.security.pki"
    label = "pki"
    verbose_name = _("证书")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the periodic work and the pages of the security administrator."""
        from zhengtong.kernel import navigation
        from zhengtong.security.pki import events, jobs  # noqa: F401

        manage: dict[str, Any] = {"permission": "certificates.manage", "section": "system"}
        navigation.register(navigation.Entry(_("证书"), "pki:certificates", order=50, **manage))
        navigation.register(navigation.Entry(_("签发机构"), "pki:authorities", order=51, **manage))
