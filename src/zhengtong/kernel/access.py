"""Access marks: what a route asks of its visitor, written on the view itself.

A view without a mark is refused by the authorisation middleware and by a house test. The mark only *states* the rule;
`security.pmi` decides it, so floors below security can declare what they need without importing upwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a route demands. `level`: public, signed_in or official; `permission`: a code known to `pmi`."""

    level: str
    permission: str = ""


def _mark(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return decorate


public = _mark(Access("public"))
"""Anyone, signed in or not (disclosure, guides, progress by query code)."""

signed_in = _mark(Access("signed_in"))
"""Any account; the view itself narrows to the objects of that account."""

official = _mark(Access("official"))
"""Any official account."""


def requires(permission: str) -> Callable[[View], View]:
    """An official who holds `permission` for at least one organisation; the operation checks for which."""
    return _mark(Access("official", permission))
