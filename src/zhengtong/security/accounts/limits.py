"""How often something secret may be tried: every limit in one place, as data.

Counted in the database (`TriesCounted` rows under a digest), so that a restart, a wiped cache or another worker forgets
nothing. A try is counted before it is judged, so that a hundred guesses at the same moment are a hundred tries; a right
one is given back. GB/T 22239-2019 8.1.4.1 登录失败处理; ASVS 5.0 6.3.1.
"""

from dataclasses import dataclass
from datetime import timedelta

ACCOUNT, ACCOUNT_AND_ADDRESS, ADDRESS = "account", "account+address", "address"


@dataclass(frozen=True)
class Limit:
    """At most `tries` within `within` per `per`; then nothing is heard for `refuse_for`."""

    per: str
    tries: int
    within: timedelta
    refuse_for: timedelta


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

LIMITS: dict[str, tuple[Limit, ...]] = {
    # Only wrong passwords stay counted: a building of officials behind one address signs in as often as it likes.
    "password": (
        Limit(ACCOUNT, 5, 10 * MINUTE, 10 * MINUTE),
        Limit(ACCOUNT_AND_ADDRESS, 50, 12 * HOUR, 12 * HOUR),
        Limit(ADDRESS, 20, MINUTE, MINUTE),
    ),
    "code": (Limit(ACCOUNT, 10, 10 * MINUTE, 10 * MINUTE), Limit(ADDRESS, 30, MINUTE, MINUTE)),
    "certificate": (Limit(ADDRESS, 20, MINUTE, MINUTE),),
    "province": (Limit(ADDRESS, 60, MINUTE, MINUTE),),
}
"""What is tried → its limits; the longest refusal counts."""
