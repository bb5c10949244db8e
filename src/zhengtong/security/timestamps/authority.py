"""The time-stamp authority of one process: guard, keys and writer together."""

import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from zhengtong.kernel.errors import Unavailable
from zhengtong.security.timestamps import keys, tokens
from zhengtong.security.timestamps.clock import ClockRefused, Condition, Guard
from zhengtong.security.timestamps.keys import KeyGone, StampKey
from zhengtong.security.timestamps.refusals import KEY_GONE, StampUnavailable, sentence
from zhengtong.security.timestamps.tokens import Issuer, Rejected, Request

log = logging.getLogger(__name__)
KEY_KEPT_S = 60.0
"""A replaced key is used after this long at the latest."""


class Authority:
    """Answers requests and stamps digests. `key_of` gives the key of an algorithm or raises `KeyGone`."""

    def __init__(self, guard: Guard, key_of: Callable[[str], StampKey], *, policy: str, accuracy_ms: int) -> None:
        self.guard, self._key_of = guard, key_of
        self._policy, self._accuracy_ms = policy, accuracy_ms
        self._issuers: dict[str, tuple[float, Issuer]] = {}
        self._loading = threading.Lock()
        self.loads = 0  # how often a key was asked for

    def answer(self, body: bytes, algorithm: str) -> bytes:
        """A TimeStampResp for whatever was sent: a token, or a rejection with its failure bit. It never raises."""
        try:
            request = tokens.read_request(body)
            if request.policy not in (None, self._policy):
                raise Rejected(tokens.POLICY, f"the policy is {self._policy}")
            return tokens.granted(self._token(request, algorithm))
        except Rejected as rejected:
            return tokens.rejection(rejected)
        except ClockRefused as refused:
            return tokens.rejection(Rejected(tokens.TIME_NOT_AVAILABLE, f"the clock is not trusted: {refused}"))
        except (KeyGone, Unavailable):  # the device of the key may be lost between two stamps
            return tokens.rejection(Rejected(tokens.SYSTEM_FAILURE, "the key is not available"))
        except Exception as error:  # whatever it is, the other side gets an answer it can read
            log.exception("time-stamp request failed", extra={"error": type(error).__name__})
            return tokens.rejection(Rejected(tokens.SYSTEM_FAILURE, "no stamp can be given now"))

    def stamp(self, digest: bytes, algorithm: str, digest_name: str) -> bytes:
        """A token over `digest`. Raises `StampUnavailable`; ValueError for a digest of another length."""
        request = Request(tokens.imprint_of(digest, digest_name), None, b"", True)
        try:
            return self._token(request, algorithm)
        except ClockRefused as refused:
            raise StampUnavailable(sentence(refused.condition), condition=refused.condition) from None
        except (KeyGone, Unavailable):
            raise StampUnavailable(KEY_GONE) from None

    def condition(self) -> Condition:
        """The state of the clock."""
        return self.guard.condition()

    def _token(self, request: Request, algorithm: str) -> bytes:
        issuer = self._issuer(algorithm)  # before the time is taken: reading a key may take long
        return issuer.token(request, self.guard.moment())

    def _issuer(self, algorithm: str) -> Issuer:
        kept = self._issuers.get(algorithm)
        if kept is not None and time.monotonic() - kept[0] < KEY_KEPT_S:
            return kept[1]
        with self._loading:
            self.loads += 1
            issuer = Issuer(self._key_of(algorithm), policy=self._policy, accuracy_ms=self._accuracy_ms)
            self._issuers[algorithm] = (time.monotonic(), issuer)
        return issuer

    def forget_keys(self) -> None:
        """Read the keys again at the next stamp."""
        self._issuers.clear()


@cache
def authority() -> Authority:
    """The authority as settings describe it; one in each process."""
    from django.conf import settings

    from zhengtong.security.timestamps.sources import source_of

    said: dict[str, Any] = settings.TIMESTAMPS
    guard = Guard(
        settings.DATA / "timestamps" / "clock",
        source=source_of(said["source"]),
        drift_s=said["drift_s"],
        lost_s=said["source_lost_s"],
        remembers=said["source"] == "auto",
        poll_s=16.0 if said["source"] == "chrony" else 1.0,
    )
    return Authority(guard, keys.current, policy=said["policy"], accuracy_ms=said["accuracy_ms"])
