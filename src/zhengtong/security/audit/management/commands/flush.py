"""`flush` empties every table, the audit chain included: only a test process may do that, to its own database."""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import apps
from django.core import mail
from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.utils.module_loading import module_has_submodule


def _guards() -> Iterator[ModuleType]:
    """The guards of every app that can be lifted, whatever floor it stands on."""
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "guards"):
            module = import_module(f"{config.name}.guards")
            if hasattr(module, "lift"):
                yield module


class Command(flush.Command):
    """Django's `flush`, refused outside tests."""

    def handle(self, **options: Any) -> None:
        """Lift the guards, empty, put them back. Django's test environment is told by its mail outbox."""
        if not hasattr(mail, "outbox"):
            raise CommandError("审计记录不能清空。要重新开始演示，请运行 make demo-reset。")
        for one in _guards():
            one.lift(using=options["database"])
        super().handle(**options)
        for one in _guards():
            one.install(using=options["database"])
