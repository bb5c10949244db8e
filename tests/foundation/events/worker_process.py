"""A worker as a process of its own, with receivers that the fault tests watch; started by test_process.py.

Arguments: the name of the database, a folder to leave signs in, and "stall" when it is to hang in the middle of the third fact.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


def main(database: str, folder: Path, stall: bool) -> int:
    """Set up with the test database, register two receivers, work."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    import django

    django.setup()
    from tests.foundation.events.test_process import StoneLaid
    from zhengtong.config.commands import work
    from zhengtong.foundation.events import public as events
    from zhengtong.foundation.notices.models import Notice

    events.RECEIVERS.clear()
    events.JOBS.clear()

    def receiver(name: str) -> None:
        def receive(envelope: events.Envelope) -> None:
            Notice.objects.create(
                template=name, subject=envelope.event.subject, phone="1", created_at=envelope.effective_at
            )
            if stall and name == "test.second" and envelope.event.subject == "stone:3":
                (folder / "stalled").touch()
                time.sleep(600)

        events.receives(StoneLaid, name=name)(receive)

    receiver("test.first")
    receiver("test.second")
    (folder / f"ready-{os.getpid()}").touch()
    parser_free = type("Options", (), {"once": False})()
    return work.run(parser_free)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), "stall" in sys.argv[3:]))
