"""The door of events."""

from zhengtong.foundation.events.operations import (
    deliver_all,
    deliver_pending,
    publish,
    retry,
    retry_by_hand,
    retry_failed,
)
from zhengtong.foundation.events.queries import Trouble, backlog, has_waiting, troubles
from zhengtong.foundation.events.schedule import JOBS, Job, every, run_job
from zhengtong.foundation.events.values import KINDS, RECEIVERS, Envelope, Event, Receiver, receives

__all__ = [
    "JOBS",
    "KINDS",
    "RECEIVERS",
    "Envelope",
    "Event",
    "Job",
    "Receiver",
    "Trouble",
    "backlog",
    "deliver_all",
    "deliver_pending",
    "every",
    "has_waiting",
    "publish",
    "receives",
    "retry",
    "retry_by_hand",
    "retry_failed",
    "run_job",
    "troubles",
]
