"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TimestampsConfig(AppConfig):
    """时间戳"""

    name = "zhengtong.security.timestamps"
    label = "timestamps"
    verbose_name = _("时间戳")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Stamp every minute, stand in the navigation."""
        from zhengtong.kernel import navigation
        from zhengtong.security.timestamps import jobs  # noqa: F401

        navigation.register(
            navigation.Entry(_("时间戳"), "timestamps:overview", "timestamps.view", 62, section="system")
        )
        navigation.register(
            navigation.Entry(_("确认服务器时钟"), "timestamps:trust", "timestamps.trust", 63, section="system")
        )
