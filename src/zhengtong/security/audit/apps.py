"""Registration of the app with Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """审计"""

    name = "zhengtong.security.audit"
    label = "audit"
    verbose_name = _("审计")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear every event; keep the guards of the table in place after every migration and after a test's flush."""
        from zhengtong.kernel import navigation
        from zhengtong.security.audit import gate, guards, jobs, receivers, stamping  # noqa: F401

        gate.install()
        stamping.register()
        post_migrate.connect(guards.install, sender=self, dispatch_uid="audit.guards")
        audit: dict[str, Any] = {"permission": "audit.view", "section": "system"}
        navigation.register(navigation.Entry(_("审计记录"), "audit:search", order=60, **audit))
        navigation.register(navigation.Entry(_("核对审计链"), "audit:verification", order=61, **audit))
        navigation.register(navigation.Entry(_("日志与见证"), "audit:log", order=62, **audit))
