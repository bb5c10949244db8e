"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignaturesConfig(AppConfig):
    """签名"""

    name = "zhengtong.security.signatures"
    label = "signatures"
    verbose_name = _("电子签名")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the facts and the periodic work of this app known."""
        from zhengtong.security.signatures import events, jobs  # noqa: F401
