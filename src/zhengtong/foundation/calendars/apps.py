"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalendarsConfig(AppConfig):
    """工作日历"""

    name = "zhengtong.foundation.calendars"
    label = "calendars"
    verbose_name = "工作日历"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what time it officially is; put the calendar into the county's navigation."""
        from zhengtong.foundation.calendars import events, queries  # noqa: F401
        from zhengtong.kernel import navigation, official_time

        official_time.register(queries.official_now)
        navigation.register(navigation.Entry(_("工作日历"), "calendars:index", order=30, section="county"))
