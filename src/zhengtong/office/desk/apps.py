"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """工作台"""

    name = "zhengtong.office.desk"
    label = "desk"
    verbose_name = "工作台"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put the desk into the navigation."""
        from zhengtong.kernel import navigation
        from zhengtong.office.desk import queries

        navigation.register(
            navigation.Entry(
                _("待办"), "desk:home", permission="desk.view", order=10, section="desk", badge=queries.waiting
            )
        )
