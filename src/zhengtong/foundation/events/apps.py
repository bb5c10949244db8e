"""Registration of the app with Django."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """事件"""

    name = "zhengtong.foundation.events"
    label = "events"
    verbose_name = "事件"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the periodic work."""
        from zhengtong.foundation.events import jobs  # noqa: F401
