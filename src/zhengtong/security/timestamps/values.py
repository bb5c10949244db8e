"""What other apps are told about a stamp."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StampInfo:
    """What a genuine stamp says. `at` is its time (UTC, aware), `accuracy_ms` None when no time source vouched for the clock.

    `algorithm` is the signer's ("p256", "sm2"), `digest_name` that of what was stamped; `certificate` the signer's, as DER.
    """

    at: datetime
    serial: int
    policy: str
    algorithm: str
    digest_name: str
    digest: bytes
    accuracy_ms: int | None
    nonce: int | None
    certificate: bytes
