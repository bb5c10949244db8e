"""Registration of the app with Django."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """附件"""

    name = "zhengtong.foundation.files"
    label = "files"
    verbose_name = "附件"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the periodic work."""
        from zhengtong.foundation.files import jobs  # noqa: F401
