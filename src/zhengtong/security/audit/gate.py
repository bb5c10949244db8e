"""No business without record (等级保护 8.1.4.3): while the log writer is down, the web publishes nothing new.

A writer that ended is noticed within a second (`presence`), one that lives and does not get on by what waits. What was published is
safe in the outbox and is recorded as soon as the worker is back; then business goes on by itself. Only web processes are gated:
commands and the worker itself have to go on to bring the log back.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events.public import GATES, backlog_since, in_trouble
from zhengtong.kernel.errors import Unavailable
from zhengtong.security.audit import presence, signing

LOOK_EVERY = 0.5
RECEIVER = "audit"
_seen: dict[str, float] = {}


def writer_is_down() -> bool:
    """Whether no writer lives, events wait for longer than AUDIT_WRITER_SECONDS, or the log refused one of them."""
    if not presence.somebody_writes():
        return True
    since = backlog_since()
    late = since is not None and timezone.now() - since > timedelta(seconds=settings.AUDIT_WRITER_SECONDS)
    return late or in_trouble(RECEIVER)


def require_writer() -> None:
    """Called by every publication. Raises `Unavailable`: the surrounding transaction falls with it, nothing is changed.

    One look at a lock and two partial indexes, at most twice a second per process while the writer is well; while it is not,
    at every publication, so that business goes on in the moment in which it is back.
    """
    if signing.submitter() != signing.WEB:
        return
    key, tick = str(connection.settings_dict["NAME"]), time.monotonic()
    if tick < _seen.get(key, 0.0):
        return
    if writer_is_down():
        raise Unavailable(
            _("审计记录暂时写不进去，为保证每一步都有据可查，现在不能办理。没有改动任何内容，请稍后再提交一次。")
        )
    _seen[key] = tick + LOOK_EVERY


def install() -> None:
    """Stand at the gate of publications."""
    if require_writer not in GATES:
        GATES.append(require_writer)
