"""What a check of an identifier found."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True)
class Finding:
    """The result of `check`: the normalised value, what is wrong, what is merely odd, and what the number says.

    `errors` and `warnings` are sentences for the person who typed the number; a value with warnings is acceptable.
    """

    value: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ok(self) -> bool:
        """True when nothing is wrong; warnings do not count."""
        return not self.errors


def normalise(value: str) -> str:
    """`value` with full-width characters made narrow, letters upper case, spaces and invisible characters removed."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", value)).upper()
