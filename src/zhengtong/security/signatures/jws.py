"""Signed answers: JSON with detached signatures (JWS, RFC 7515, appendix F), one by P-256 (ES256), one by SM2 (SM2SM3).

    {"content": {…}, "signatures": [{"protected": "…", "signature": "…"}, {…}]}

What is signed is the content in one canonical form (`canonical`), so spaces and the order of keys do not matter. The
protected header names the certificate (`x5c`), the time (`iat`) and the algorithms that must all be there (`required`).
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from zhengtong.security.crypto import der
from zhengtong.security.signatures import cms, trust
from zhengtong.security.signatures.values import Key, Report, Signature

ALGORITHMS: Final = {"sm2": "SM2SM3", "p256": "ES256"}
"""By RFC 7518; SM2 with SM3 has no registered name, ours is private."""

TYPE: Final = "zhengtong+jws"
MOST: Final = 8


def canonical(content: object) -> bytes:
    """The one form in which JSON is signed: keys in order of their characters, no spaces, UTF-8, no fractions beyond IEEE 754."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sign(content: Mapping[str, Any], keys: Sequence[Key], *, at: datetime) -> dict[str, Any]:
    """The content with one detached signature per key."""
    payload = _text(canonical(content))
    required = sorted(ALGORITHMS[key.algorithm] for key in keys)
    return {"content": content, "signatures": [_signature(payload, key, required, at) for key in keys]}


def _signature(payload: str, key: Key, required: list[str], at: datetime) -> dict[str, str]:
    header = {
        "alg": ALGORITHMS[key.algorithm],
        "typ": TYPE,
        "iat": int(at.timestamp()),
        "required": required,
        "x5c": [base64.b64encode(one).decode() for one in (key.certificate, *key.chain)],
    }
    protected = _text(canonical(header))
    return {"protected": protected, "signature": _text(_raw(key.sign(f"{protected}.{payload}".encode())))}


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise ValueError("no base64url") from error
    if _text(data) != text:
        raise ValueError("base64url with bits to spare")
    return data


def _raw(signature: bytes) -> bytes:
    """R and S with 32 bytes each, from the DER of an ECDSA or SM2 signature."""
    return b"".join(int.from_bytes(der.inner(part), "big").to_bytes(32, "big") for part in cms.parts(signature))


def _der(raw: bytes) -> bytes:
    if len(raw) != 64:
        raise ValueError("R and S have 32 bytes each")
    return der.sequence(der.integer(int.from_bytes(raw[:32], "big")), der.integer(int.from_bytes(raw[32:], "big")))


@dataclass(frozen=True)
class _Header:
    algorithm: str
    at: datetime
    required: frozenset[str]
    certificates: tuple[bytes, ...]


def read(document: object, *, at: datetime) -> Report:
    """What the signatures of a signed answer say. Anything else is a report with a problem, never an exception."""
    if not isinstance(document, dict) or not isinstance(document.get("signatures"), list) or "content" not in document:
        return Report("json", problems=(_("这份JSON里没有签名。请上传接口返回的完整内容。"),))
    signatures = document["signatures"]
    if not 0 < len(signatures) <= MOST:
        return Report("json", problems=(_("这份JSON里没有签名，或者签名太多。"),))
    try:
        payload = _text(canonical(document["content"]))
    except (ValueError, RecursionError):
        return Report("json", problems=(_("签名的内容读不出来。"),))
    found, required, authorities = [], set[str](), trust.known()
    for one in signatures:
        signature, wanted = _read_one(one, payload, authorities, at)
        found.append(signature)
        required |= wanted
    names = {s.name for s in found if s.ours}
    missing = tuple(sorted((required | set(ALGORITHMS.values())) - names)) if names else ()
    return Report("json", tuple(found), missing)


def _read_one(one: object, payload: str, authorities: trust.Known, at: datetime) -> tuple[Signature, set[str]]:
    try:
        assert isinstance(one, dict)
        protected, value = str(one["protected"]), _bytes(str(one["signature"]))
        header = json.loads(_bytes(protected))
        algorithm = header["alg"]
    except (AssertionError, KeyError, TypeError, ValueError, RecursionError):
        return Signature("", "", problems=(_("签名的数据被改动或损坏，不能核验。"),)), set()
    if algorithm not in ALGORITHMS.values():
        # "none", or HS256 with the public key as its secret: the certificate decides by what it was signed, not the header.
        refused = _("签名所称的算法（{name}）不受承认，一律不采信。").format(name=str(algorithm)[:20])
        return Signature(str(algorithm)[:20], "", problems=(refused,)), set()
    try:
        read_header = _header(header)
        holder = trust.holder(read_header.certificates[0])
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, OSError):
        return Signature(algorithm, "", problems=(_("签名的数据被改动或损坏，不能核验。"),)), set()
    problems = []
    if not _holds(algorithm, protected, payload, value, read_header.certificates[0]):
        problems.append(_("内容在签名之后被改动过，或者签名不是这张证书的持有者作出的。"))
    chain = read_header.certificates[1:]
    verdict = trust.judge(
        read_header.certificates[0],
        chain,
        authority=f"services-{read_header.algorithm}",
        authorities=authorities,
        signed_at=read_header.at,
        stamped_at=None,
        now=at,
    )
    return Signature(
        algorithm,
        read_header.algorithm,
        signer=holder.name,
        issuer=holder.issuer,
        signed_at=read_header.at,
        ours=verdict.ours,
        problems=(*problems, *verdict.problems),
    ), set(read_header.required)


def _header(header: dict[str, Any]) -> _Header:
    """Raises `ValueError` and its like for a header that this house does not write."""
    if set(header) != {"alg", "typ", "iat", "required", "x5c"} or header["typ"] != TYPE:
        raise ValueError("another header")
    names = {value: key for key, value in ALGORITHMS.items()}
    certificates = tuple(base64.b64decode(one, validate=True) for one in header["x5c"])
    moment = datetime.fromtimestamp(header["iat"], UTC)
    return _Header(names[header["alg"]], moment, frozenset(str(n) for n in header["required"]), certificates)


def _holds(algorithm: str, protected: str, payload: str, value: bytes, certificate: bytes) -> bool:
    """Whether the holder of the certificate signed this; the key is of the kind that the algorithm asks for."""
    try:
        if trust.algorithm(certificate) != {"ES256": "p256", "SM2SM3": "sm2"}[algorithm]:
            return False
        if algorithm == "SM2SM3":
            return trust.signed(certificate, _der(value), f"{protected}.{payload}".encode())
    except ValueError:
        return False
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    whole: Any = {"payload": payload, "protected": protected, "signature": _text(value)}
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = 1 << 25
    try:
        jws.deserialize_json(whole, ECKey.import_key(trust.pem(certificate)), registry=registry)
    except (JoseError, ValueError):
        return False
    return True
