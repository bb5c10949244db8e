"""The family of refusals: every one says in plain words what to do, and carries the HTTP status it means.

    ZhengtongError
    ├── Refusal            409  the thing may not happen now: the row is unchanged
    │   ├── StaleVersion   409  somebody else was faster
    │   └── CalendarYearMissing 409  a year without working-day data
    ├── NotAllowed         403  not this person
    ├── NotFound           404  nothing there, or nothing this person may know of
    ├── Invalid            422  the input is wrong; `fields` says where
    └── Unavailable        503  a resource (disk, key, service) is missing; try again later

Apps name their own refusals `Cannot…` and derive them from `Refusal`.
"""

from collections.abc import Mapping
from typing import ClassVar


class ZhengtongError(Exception):
    """Base of all refusals. `message` is a (lazily translated) Chinese sentence for the person in front of the screen."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"
    rule: str = ""
    """The rule of the decision service that refused, when it was one; `action` is what was asked for."""
    action: str = ""

    def __init__(self, message: object, *, fields: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self._message = message
        self.fields: dict[str, object] = dict(fields or {})

    @property
    def message(self) -> str:
        """The sentence in the language of whoever reads it now."""
        return str(self._message)

    def __str__(self) -> str:
        return self.message


class Refusal(ZhengtongError):
    """The operation may not happen in the present state; nothing was changed."""

    status = 409
    code = "refused"


class StaleVersion(Refusal):
    """The page was made from an older state of the row."""

    code = "stale"


class CalendarYearMissing(Refusal):
    """A date falls in a year for which no working-day data exists: 政通 refuses to guess."""

    code = "calendar_year_missing"

    def __init__(self, message: object, *, year: int) -> None:
        super().__init__(message)
        self.year = year


class NotAllowed(ZhengtongError):
    """This person may not do this here."""

    status = 403
    code = "not_allowed"


class NotFound(ZhengtongError):
    """There is nothing here that this person may know of."""

    status = 404
    code = "not_found"


class Invalid(ZhengtongError):
    """The input is wrong; `fields` maps field keys to sentences."""

    status = 422
    code = "invalid"


class Unavailable(ZhengtongError):
    """Something the machine needs is not there (disk full, service down)."""

    status = 503
    code = "unavailable"
