"""Signing in through the province's identity platform: the client's half of OpenID Connect, with the strict half of its rules.

Only the code grant, PKCE with S256, one state and one nonce a try; addresses come from the configuration or from the
discovery document of exactly the configured issuer; an id token counts when a published asymmetric key signed it for this
client, this nonce and this moment. What is said about a person is a `Statement`; what follows from it is decided by
`operations.recognise`. OpenID Connect Core 3.1, RFC 7636, RFC 9207, RFC 9700.

Imported when first asked for: most processes never need the libraries.
"""

import base64
import hashlib
import hmac
import http.client
import json
import math
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from zhengtong.kernel import outward
from zhengtong.kernel.errors import Refusal, Unavailable
from zhengtong.kernel.identifiers.values import normalise
from zhengtong.security.accounts.values import Statement

ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
SECONDS, LARGEST = 5, 256 * 1024
LEEWAY, ISSUED_AT_MOST = timedelta(seconds=60), timedelta(minutes=10)
ENDPOINTS_KEPT, KEYS_KEPT = 3600, 600


class ProvinceAway(Unavailable):
    """The platform does not answer, or not with what was agreed."""

    code = "province_away"


class NotBelieved(Refusal):
    """The answer fails a check; `why` is the code that is put on record."""

    code = "province_not_believed"

    def __init__(self, why: str) -> None:
        super().__init__(_("省平台的登录结果没有通过安全检查，没有登录。请重新登录一次；仍不行的，请用账号密码登录。"))
        self.why = why


@dataclass(frozen=True)
class Endpoints:
    """Where the platform is asked; `says_issuer`: it names itself in every answer (RFC 9207)."""

    authorize: str
    token: str
    keys: str
    userinfo: str = ""
    says_issuer: bool = False
    secret_in_body: bool = False


_kept: dict[tuple[str, str], tuple[float, Any]] = {}


def forget() -> None:
    """Ask the platform anew for its addresses and keys."""
    _kept.clear()


# --- The way there and back ----------------------------------------------------------------------------------------


def address_of_sign_in(*, state: str, nonce: str, verifier: str, back: str) -> str:
    """Where the person is sent. Raises `ProvinceAway` when the platform's addresses cannot be learnt."""
    configured = settings.PROVINCE
    asked = {
        "response_type": "code",
        "client_id": configured["client_id"],
        "redirect_uri": back,
        "scope": configured["scope"],
        "state": state,
        "nonce": nonce,
        "code_challenge": _base64(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    target = endpoints().authorize
    return f"{target}{'&' if '?' in target else '?'}{urlencode(asked)}"


def check_sender(issuer: str | None) -> None:
    """Refuse an answer that names another platform, or none although ours always does: the mix-up of RFC 9700 4.4."""
    if issuer is None and not endpoints().says_issuer:
        return
    if not hmac.compare_digest((issuer or "").encode(), settings.PROVINCE["issuer"].encode()):
        raise NotBelieved("mix_up")


def statement(*, code: str, nonce: str, verifier: str, back: str, now: datetime) -> Statement:
    """What the platform says about whoever brought `code`. Raises `ProvinceAway`, or `NotBelieved` with its reason."""
    configured, where = settings.PROVINCE, endpoints()
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    headers = {}
    if where.secret_in_body:
        given |= {"client_id": configured["client_id"], "client_secret": configured["secret"]}
    else:  # RFC 6749 2.3.1: both are encoded as form values first
        pair = f"{quote(configured['client_id'], safe='')}:{quote(configured['secret'], safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    answer = _ask(where.token, form=given, headers=headers)
    token, access = answer.get("id_token"), answer.get("access_token")
    if not isinstance(token, str):
        raise NotBelieved("no_id_token")
    claims = _believed(token, nonce=nonce, now=now)
    names = configured["claims"]
    if names["number"] not in claims and where.userinfo and isinstance(access, str):
        _check_access_token(access, claims)
        more = _ask(where.userinfo, headers={"Authorization": f"Bearer {access}"})
        if more.get("sub") != claims["sub"]:  # OpenID Connect Core 5.3.2
            raise NotBelieved("userinfo_of_another")
        claims = {**more, **claims}
    return Statement(
        issuer=configured["issuer"],
        subject=claims["sub"],
        level=_level(claims.get(names["level"])),
        number=normalise(_text(claims.get(names["number"]))),
        name=_text(claims.get(names["name"])).strip(),
        phone=_text(claims.get(names["phone"])).strip(),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 200 else ""


def _level(said: Any) -> int:
    """The county's level for what the platform says; what the configuration does not name counts as self-asserted."""
    words = said if isinstance(said, list) else [said]
    return max((int(settings.PROVINCE["levels"].get(str(word), 1)) for word in words), default=1)


# --- Which token is believed ---------------------------------------------------------------------------------------


def _believed(token: str, *, nonce: str, now: datetime) -> dict[str, Any]:
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = _key_for(header)
        claims = jwt.decode(token, key, algorithms=[str(header["alg"])]).claims
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise NotBelieved("signature") from problem
    for why, holds in _checks(claims, nonce, now.timestamp()):
        if not holds:
            raise NotBelieved(why)
    return claims


def _key_for(header: dict[str, Any]) -> Any:
    """The published key that the header names. An algorithm outside the list is refused before any key is looked at:
    neither `none` nor a MAC with a public key for its secret gets further. RFC 8725 3.1.
    """
    if header.get("alg") not in ALGORITHMS or "crit" in header:
        raise NotBelieved("algorithm")
    for fresh in (False, True):  # keys are turned over: an unknown one is asked for once
        found = _fitting(_keys(fresh=fresh), header)
        if len(found) == 1:
            return found[0]
    raise NotBelieved("key")


def _fitting(published: list[dict[str, Any]], header: dict[str, Any]) -> list[Any]:
    kind, kid = ALGORITHMS[header["alg"]], header.get("kid")
    named = [
        key
        for key in published
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and (kid is None or key.get("kid") == kid)
        and "d" not in key
    ]
    if kind == "EC":
        return [ECKey.import_key(key) for key in named if key.get("crv") == "P-256"]
    return [RSAKey.import_key(key) for key in named if len(str(key.get("n", ""))) >= 342]  # 2048 bits and more


def _checks(claims: dict[str, Any], nonce: str, now: float) -> list[tuple[str, bool]]:
    mine, audience = settings.PROVINCE["client_id"], claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    ends, issued, begins = (_moment(claims.get(name, 0 if name == "nbf" else None)) for name in ("exp", "iat", "nbf"))
    party = claims.get("azp")
    leeway, age = LEEWAY.total_seconds(), ISSUED_AT_MOST.total_seconds()
    subject, said = claims.get("sub"), claims.get("nonce")
    return [
        ("issuer", claims.get("iss") == settings.PROVINCE["issuer"]),
        ("audience", mine in listed and party in ((None, mine) if len(listed) == 1 else (mine,))),
        ("expired", now < ends + leeway),
        ("issued_at", now - age - leeway < issued < now + leeway),
        ("not_yet", begins < now + leeway),
        ("nonce", isinstance(said, str) and hmac.compare_digest(said.encode(), nonce.encode())),
        ("subject", isinstance(subject, str) and 0 < len(subject) <= 255),
    ]


def _moment(value: Any) -> float:
    """A point in time as a token writes it; what is none compares to nothing."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def _check_access_token(access: str, claims: dict[str, Any]) -> None:
    """OpenID Connect Core 3.1.3.8; every algorithm of the list hashes with SHA-256."""
    half = _base64(hashlib.sha256(access.encode()).digest()[:16])
    if "at_hash" in claims and claims["at_hash"] != half:
        raise NotBelieved("access_token")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- What the platform publishes -----------------------------------------------------------------------------------


def endpoints() -> Endpoints:
    """The platform's addresses: those of the configuration, else of its discovery document, kept for an hour."""
    configured = settings.PROVINCE
    if configured["authorize"] and configured["token"] and configured["keys"]:
        return Endpoints(
            authorize=_safe(configured["authorize"]),
            token=_safe(configured["token"]),
            keys=_safe(configured["keys"]),
            userinfo=_safe(configured["userinfo"]) if configured["userinfo"] else "",
        )
    return _keep("endpoints", ENDPOINTS_KEPT, _discover)  # type: ignore[no-any-return]


def _discover() -> Endpoints:
    """OpenID Connect Discovery 4.3: the document must name the very issuer it was asked of."""
    issuer = settings.PROVINCE["issuer"]
    said = _ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if said.get("issuer") != issuer:
        raise ProvinceAway(_("省平台的配置与登记的不一致，暂时不能用它登录。请用账号密码登录。"))
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Endpoints(
        authorize=_safe(said.get("authorization_endpoint")),
        token=_safe(said.get("token_endpoint")),
        keys=_safe(said.get("jwks_uri")),
        userinfo=_safe(said["userinfo_endpoint"]) if said.get("userinfo_endpoint") else "",
        says_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        secret_in_body="client_secret_basic" not in methods,
    )


def _keys(*, fresh: bool = False) -> list[dict[str, Any]]:
    if fresh:
        _kept.pop((settings.PROVINCE["issuer"], "keys"), None)
    return _keep("keys", KEYS_KEPT, _published_keys)  # type: ignore[no-any-return]


def _published_keys() -> list[dict[str, Any]]:
    published = _ask(endpoints().keys).get("keys")
    return [key for key in published if isinstance(key, dict)] if isinstance(published, list) else []


def _keep(what: str, seconds: int, learn: Any) -> Any:
    place = (settings.PROVINCE["issuer"], what)
    known = _kept.get(place)
    if known is None or time.monotonic() - known[0] > seconds:
        known = _kept[place] = (time.monotonic(), learn())
    return known[1]


def usable_keys() -> int:
    """How many published keys can sign what this client believes; for `zhengtong doctor`."""
    published = _keys(fresh=True)
    return sum(len(_fitting([key], {"alg": name, "kid": key.get("kid")})) for key in published for name in ALGORITHMS)


# --- Asking --------------------------------------------------------------------------------------------------------


def _safe(address: Any) -> str:
    """An https address; http on this machine alone, where a gateway with national TLS may stand."""
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in outward.LOOPBACK):
        return str(address)
    raise ProvinceAway(_("省平台的地址不是https，暂时不能用它登录。请用账号密码登录。"))


def _ask(address: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at an address. Raises `ProvinceAway`; `NotBelieved` when the platform refuses what we brought."""
    body = urlencode(form).encode() if form is not None else None
    asked = urllib.request.Request(_safe(address), body, {"Accept": "application/json", **(headers or {})})  # noqa: S310
    try:
        with outward.ask(asked, timeout=SECONDS) as answer:
            said = json.loads(answer.read(LARGEST))
    except urllib.error.HTTPError as refused:
        refused.close()
        if form is not None and refused.code == 400:
            raise NotBelieved("code") from None
        raise _away() from refused
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise _away() from problem
    if not isinstance(said, dict):
        raise _away()
    return said


def _away() -> ProvinceAway:
    return ProvinceAway(
        _("省平台暂时没有响应。请稍后再试，或者用账号密码、通行密钥登录，也可以带身份证到政务大厅窗口办理。")
    )
