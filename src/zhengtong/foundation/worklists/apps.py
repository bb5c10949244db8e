"""Registration of the app with Django."""

from django.apps import AppConfig


class WorklistsConfig(AppConfig):
    """待办"""

    name = "zhengtong.foundation.worklists"
    label = "worklists"
    verbose_name = "待办"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the periodic work."""
        from zhengtong.foundation.worklists import jobs  # noqa: F401
