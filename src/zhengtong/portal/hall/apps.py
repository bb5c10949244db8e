"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HallConfig(AppConfig):
    """办事大厅"""

    name = "zhengtong.portal.hall"
    label = "hall"
    verbose_name = "办事大厅"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put the hall's pages into the public header."""
        from zhengtong.kernel import navigation
        from zhengtong.kernel.navigation import CHANNELS, Entry

        navigation.register(Entry(_("首页"), "hall:home", order=0, section=CHANNELS))
        navigation.register(Entry(_("办事服务"), "hall:search", order=10, section=CHANNELS))
        navigation.register(Entry(_("我的办件"), "hall:my", order=20, section=CHANNELS))
        navigation.register(Entry(_("查进度"), "hall:progress", order=30, section=CHANNELS))
        navigation.register(Entry(_("验证照"), "hall:verify", order=40, section=CHANNELS))
