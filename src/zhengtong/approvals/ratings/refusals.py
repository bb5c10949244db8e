"""The refusals of ratings, each a sentence that says what to do."""

from zhengtong.kernel.errors import Refusal


class CannotUseLink(Refusal):
    """The link was used, has expired, or never existed."""


class CannotOpenVisit(Refusal):
    """The window has had its codes for today."""

    status = 429


class CannotWorkOnOrder(Refusal):
    """The work order has no arrow from here for this act, or something it needs is missing."""


class CannotDispute(Refusal):
    """A second application, or one about a rating that is no bad one."""


class CannotRule(Refusal):
    """The period for an objection still runs, or the same people would ask and decide."""


class CannotRelease(Refusal):
    """A text that was reviewed before, or that would still show somebody's numbers."""
