"""What time it officially is, for floors that may not look up to the calendar: a slot which the calendar fills.

In a county it is the machine's clock; in a demo the calendar app registers a clock that can be moved.
"""

from collections.abc import Callable
from datetime import date, datetime

from django.utils import timezone

_source: list[Callable[[], datetime]] = [timezone.now]


def register(source: Callable[[], datetime]) -> None:
    """Let `source` say the time from now on; called once, in `AppConfig.ready` of the calendar."""
    _source[0] = source


def now() -> datetime:
    """The county's time (aware)."""
    return _source[0]()


def today() -> date:
    """The county's date."""
    return timezone.localdate(now())
