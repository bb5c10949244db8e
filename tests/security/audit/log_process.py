"""A log writer that the fault tests kill; started by test_faults.py with the name of the database. Works until it is killed."""

import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
os.environ["ZHENGTONG_SUBMITTER"] = "worker"


def main(database: str) -> None:
    """Deliver and sign, again and again."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    import django

    django.setup()
    from django.utils import timezone

    from zhengtong.foundation.events import public as events
    from zhengtong.security.audit import operations

    while True:
        done = events.deliver_pending(now=timezone.now(), limit=7)
        operations.checkpoint(at=timezone.now())
        if not done:
            time.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1])
