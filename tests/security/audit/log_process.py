"""A log writer that the fault tests kill; started by test_faults.py with the name of the database. Works until it is killed.

"busy" signs after every seven events, so that a kill finds it in the middle; "work" is the product's own worker.
"""

import argparse
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


def main(how: str, database: str) -> None:
    """Deliver and sign, again and again."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    if how == "work":
        from zhengtong.config.commands import work

        work.run(argparse.Namespace(once=False))
        return
    import django

    django.setup()
    from zhengtong.security.audit import signing

    with signing.acting_as(signing.WORKER):
        write()


def write() -> None:
    """Without end."""
    from django.utils import timezone

    from zhengtong.foundation.events import public as events
    from zhengtong.security.audit import operations

    while True:
        done = events.deliver_pending(now=timezone.now(), limit=7)
        operations.checkpoint(at=timezone.now())
        if not done:
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
