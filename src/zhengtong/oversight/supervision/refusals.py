"""The refusals of supervision, each a sentence that says what to do."""

from zhengtong.kernel.errors import Refusal


class CannotActOnCard(Refusal):
    """The card is not in a state from which this is possible."""

    code = "illegal_transition"


class CannotAppeal(Refusal):
    """The window for an appeal has closed, or there was one already."""


class CannotPublish(Refusal):
    """A rule set is not fit to be published, or is published already."""


class CannotOrder(Refusal):
    """A correction order cannot be moved so."""
