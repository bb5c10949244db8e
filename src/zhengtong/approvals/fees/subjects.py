"""The slot for subjects: what a bill is for has a page somewhere above, and says so here."""

from collections.abc import Callable

UrlOf = Callable[[int], str]
_KINDS: dict[str, UrlOf] = {}


def register_subject(kind: str, *, url_of: UrlOf) -> None:
    """Say where officials find the subject `kind:id`. Call it in `AppConfig.ready`."""
    _KINDS[kind] = url_of


def url_of(subject: str) -> str:
    """The officials' page of a subject; empty when nobody said."""
    kind, _sign, number = subject.partition(":")
    return _KINDS[kind](int(number)) if kind in _KINDS and number.isdigit() else ""
