"""The refusals of cases, each a sentence that says what to do."""

from zhengtong.kernel.errors import Refusal


class CannotActNow(Refusal):
    """The state machine has no arrow from here for this event."""

    code = "illegal_transition"


class CannotSubmit(Refusal):
    """The application is incomplete or was submitted before."""


class CannotAccept(Refusal):
    """Something the law asks for before acceptance is missing."""


class CannotNotify(Refusal):
    """The one-time notice may not be issued (again, or not yet)."""


class CannotWorkOnStep(Refusal):
    """The step is not open, not this officer's, or would join duties that must be apart."""


class CannotSuspend(Refusal):
    """The special procedure is not one of this matter, or lacks basis or evidence."""


class CannotExtend(Refusal):
    """The period was extended before, or the matter knows no extension."""


class CannotDecide(Refusal):
    """The quorum, the hearing duty or the reasons are missing."""


class CannotRate(Refusal):
    """Rated before, or nothing to rate yet."""
