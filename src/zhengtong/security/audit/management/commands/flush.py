"""`flush` empties every table, the audit chain included: only a test process may do that, to its own database."""

from typing import Any

from django.core import mail
from django.core.management.base import CommandError
from django.core.management.commands import flush

from zhengtong.security.audit import guards
from zhengtong.security.pki import public as pki


class Command(flush.Command):
    """Django's `flush`, refused outside tests."""

    def handle(self, **options: Any) -> None:
        """Lift the guards, empty, put them back. Django's test environment is told by its mail outbox."""
        if not hasattr(mail, "outbox"):
            raise CommandError("审计记录不能清空。要重新开始演示，请运行 make demo-reset。")
        guards.lift(using=options["database"])
        pki.lift_guards(using=options["database"])
        super().handle(**options)
        guards.install(using=options["database"])
        pki.install_guards(using=options["database"])
