"""Whatever file somebody holds: a signed PDF, a signed answer (JSON), a time-stamp. Which is it, and is it good?"""

import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.security.signatures import jws, reading, stamps
from zhengtong.security.signatures.values import Report


def verify(content: bytes, *, at: datetime) -> Report:
    """What there is to say about a file. Never raises: what cannot be read is a report with a problem.

    `at`: the moment of reading, in the county's time.
    """
    if not content:
        return Report("unknown", problems=(_("这个文件是空的。"),))
    if b"%PDF-" in content[:1024]:
        return reading.read_pdf(content, at=at)
    if content.lstrip()[:1] in (b"{", b"["):
        return _json(content, at)
    if content[:1] == b"\x30":
        return stamps.read_stamp(content)
    return Report(
        "unknown",
        problems=(_("这不是PDF、签名的JSON或时间戳文件。请上传从本网站下载的原文件，不要上传照片或扫描件。"),),
    )


def verify_json(document: object, *, at: datetime) -> Report:
    """What the signatures of a signed answer (`sign_json`), already read, prove. Never raises."""
    return jws.read(document, at=at)


def _json(content: bytes, at: datetime) -> Report:
    try:
        document = json.loads(content, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        return Report("json", problems=(_("这份JSON读不出来，可能没有下载完整。"),))
    # An answer of the interface carries its signed form beside the plain fields.
    if isinstance(document, dict) and isinstance(document.get("signed"), dict) and "signatures" not in document:
        document = document["signed"]
    return jws.read(document, at=at)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values under one name: readers would disagree on what was signed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
