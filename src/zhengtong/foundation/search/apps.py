"""Registration of the app with Django."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """检索"""

    name = "zhengtong.foundation.search"
    label = "search"
    verbose_name = "检索"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the index made with the tables."""
        from zhengtong.foundation.search import receivers

        receivers.listen(self)
