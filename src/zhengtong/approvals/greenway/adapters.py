"""Horizontal and vertical: how a branch reaches the city, the province or another system, and how the answer comes back.

A county fills the slot with one adapter per way (`register`); the branch names it in its template. Without an adapter the lead writes
the answer down by hand, with its number and day. The project page shows either.
"""

from datetime import datetime
from typing import Protocol

from zhengtong.approvals.greenway.models import Branch
from zhengtong.approvals.greenway.values import Answer


class Adapter(Protocol):
    """One way to a superior authority or a line system."""

    def send(self, branch: Branch, *, at: datetime) -> str:
        """Hand the branch over; the number it has there. Called inside the transaction: it queues, it does not wait."""

    def ask(self, reference: str) -> Answer:
        """What has become of it."""


_ADAPTERS: dict[str, Adapter] = {}


def register(key: str, adapter: Adapter) -> None:
    """Fill the slot `key` (`city`, `province`, `public-security` …); a second adapter takes the place of the first."""
    _ADAPTERS[key] = adapter


def unregister(key: str) -> None:
    """Empty the slot."""
    _ADAPTERS.pop(key, None)


def adapter_of(branch: Branch) -> Adapter | None:
    """The adapter a branch goes by; None: the answer is written down by hand."""
    return _ADAPTERS.get(branch.adapter or branch.level)


def send(branch: Branch, *, at: datetime) -> str:
    """Hand a branch over; empty without an adapter."""
    found = adapter_of(branch)
    return found.send(branch, at=at) if found else ""
