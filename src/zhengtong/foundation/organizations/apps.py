"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganizationsConfig(AppConfig):
    """机构"""

    name = "zhengtong.foundation.organizations"
    label = "organizations"
    verbose_name = "机构"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name the events; put the bodies into the county's navigation."""
        from zhengtong.foundation.organizations import events  # noqa: F401
        from zhengtong.kernel import navigation

        navigation.register(navigation.Entry(_("机构与岗位"), "organizations:index", order=20, section="county"))
