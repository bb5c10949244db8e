"""Sign a paper or an answer with the keys that belong to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.signatures import archiving, jws, pdf, sealing
from zhengtong.security.signatures.values import Official


def sign_pdf(content: bytes, *, department: Organization, official: Official | None = None, at: datetime) -> bytes:
    """The PDF with the signatures of `official` (who decided, when somebody did), then of `department`: SM2, last P-256.

    Each says which must all be there, and carries a time-stamp when the county can stamp; what an official decided waits for
    it. With stamps at hand the file is closed by archive stamps (B-LTA). PDF/A-2b is kept. Raises `CannotSign` (503) when a
    key is not at hand: the caller hands out nothing and tries again.
    """
    keys = sealing.keys_for(department, official, at)
    stamp = sealing.stamp_at_hand(demanded=official is not None)
    signed = pdf.sign(content, keys, required=[key.field for key in keys], at=at, stamp=stamp)
    return archiving.closed(signed) if stamp else signed


def sign_json(content: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """`{"content": …, "signatures": […]}` with detached JWS of the county, SM2 and ES256; see `jws`. Raises `CannotSign` (503)."""
    return jws.sign(content, sealing.county_keys(at), at=at)
