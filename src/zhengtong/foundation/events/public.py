"""The door of events."""

from zhengtong.foundation.events.operations import (
    Pace,
    deliver_all,
    deliver_pending,
    publish,
    publish_all,
    retry,
    retry_by_hand,
    retry_failed,
)
from zhengtong.foundation.events.queries import Trouble, backlog, backlog_since, has_waiting, in_trouble, troubles
from zhengtong.foundation.events.schedule import JOBS, Job, every, run_job
from zhengtong.foundation.events.values import GATES, KINDS, RECEIVERS, Envelope, Event, Receiver, receives

__all__ = [
    "GATES",
    "JOBS",
    "KINDS",
    "RECEIVERS",
    "Envelope",
    "Event",
    "Job",
    "Pace",
    "Receiver",
    "Trouble",
    "backlog",
    "backlog_since",
    "deliver_all",
    "deliver_pending",
    "every",
    "has_waiting",
    "in_trouble",
    "publish",
    "publish_all",
    "receives",
    "retry",
    "retry_by_hand",
    "retry_failed",
    "run_job",
    "troubles",
]
