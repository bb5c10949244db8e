"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """通知"""

    name = "zhengtong.foundation.notices"
    label = "notices"
    verbose_name = "通知"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the periodic work and the links."""
        from zhengtong.foundation.notices import jobs, queries  # noqa: F401
        from zhengtong.kernel import navigation

        navigation.register(
            navigation.Entry(
                _("消息"), "notices:inbox", section=navigation.PERSON, order=20, badge=queries.unread_count
            )
        )
        navigation.register(
            navigation.Entry(_("未送达"), "notices:troubles", permission="events.view", order=80, section="system")
        )
