"""Whether a certificate may be trusted at a moment: own path validation for both algorithms (RFC 5280, 6).

OpenSSL before 4.0 checks SM2 chains with an empty ID below the leaf and so refuses right ones; this verifier is the
reference. Revocation is demanded: a certificate whose list is missing, foreign or too old is not trusted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509 as foreign
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Refusal
from zhengtong.security.crypto import der, keys
from zhengtong.security.pki import x509

UNDERSTOOD = {"2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.30", "2.5.29.17"}
LONGEST_PATH = 4


class NotTrusted(Refusal):
    """The certificate is not trusted; `why` is a code for programs, the message a sentence for people."""

    code = "not_trusted"

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True)
class Trust:
    """What a chain is checked against. `list_at` gives the list published at an address, or None."""

    roots: tuple[bytes, ...]
    authorities: tuple[bytes, ...] = ()
    list_at: Callable[[str], bytes | None] = field(default=lambda _address: None)


@dataclass(frozen=True)
class Link:
    """One certificate, read."""

    whole: bytes
    parts: x509.Parts
    parsed: Any
    extensions: dict[str, Any]


@dataclass(frozen=True)
class ReadList:
    """A revocation list, read; `revoked` maps serial numbers to the moment."""

    body: bytes
    algorithm: keys.Algorithm
    signature: bytes
    issuer: bytes
    this_update: datetime
    next_update: datetime
    address: bytes
    revoked: dict[int, datetime]


def verify(certificate: bytes, at: datetime, trust: Trust, *, revocation: bool = True) -> tuple[bytes, ...]:
    """The chain from `certificate` to a root, all good at `at`. Raises NotTrusted with the reason."""
    links = [read(certificate)]
    while links[-1].whole not in trust.roots:
        if len(links) >= LONGEST_PATH:
            raise NotTrusted("path", _("证书链太长，不予信任。"))
        links.append(_issuer_of(links[-1], (*trust.authorities, *trust.roots), len(links) - 1))
    for link in links:
        _demand_time(link, at)
    for place, link in enumerate(links[1:], 1):
        _demand_permitted(link, links[:place])
    if revocation:
        for link, issuer in zip(links, links[1:], strict=False):
            _demand_not_revoked(link, issuer, at, trust)
    return tuple(link.whole for link in links)


@lru_cache(maxsize=128)
def read(certificate: bytes) -> Link:
    """A certificate in its parts. Raises NotTrusted when it is no certificate of our two kinds."""
    try:
        parts = x509.cut(certificate)
        parsed = foreign.load_der_x509_certificate(certificate)
        extensions = {one.oid.dotted_string: one for one in parsed.extensions}
        keys.algorithm_of(parts.spki)
    except (ValueError, foreign.DuplicateExtension, foreign.UnsupportedGeneralNameType):
        raise NotTrusted("form", _("这不是一张完好的证书。")) from None
    if any(one.critical and dotted not in UNDERSTOOD for dotted, one in extensions.items()):
        raise NotTrusted("extension", _("证书含有不认识的必需扩展，不予信任。"))
    return Link(certificate, parts, parsed, extensions)


def _issuer_of(link: Link, candidates: Iterable[bytes], below: int) -> Link:
    """The authority that really signed `link`; `below` is how many authorities stand between it and the leaf."""
    for candidate in candidates:
        try:
            issuer = read(bytes(candidate))
        except NotTrusted:
            continue
        if issuer.parts.subject != link.parts.issuer or not _may_issue(issuer, below):
            continue
        if keys.algorithm_of(issuer.parts.spki) != link.parts.algorithm:
            continue
        if keys.verify(issuer.parts.spki, link.parts.signature, link.parts.body):
            return issuer
    raise NotTrusted("issuer", _("找不到可信的签发机构，或者证书被改动过。"))


def _may_issue(issuer: Link, below: int) -> bool:
    basic, usage = issuer.extensions.get("2.5.29.19"), issuer.extensions.get("2.5.29.15")
    if basic is None or not basic.critical or not basic.value.ca or usage is None or not usage.value.key_cert_sign:
        return False
    return basic.value.path_length is None or below <= basic.value.path_length


def _demand_time(link: Link, at: datetime) -> None:
    if at < link.parsed.not_valid_before_utc:
        raise NotTrusted("future", _("证书链中有证书当时尚未生效。"))
    if at > link.parsed.not_valid_after_utc:
        raise NotTrusted("expired", _("证书链中有证书当时已经过期。"))


def _demand_permitted(issuer: Link, below: list[Link]) -> None:
    """Name constraints of `issuer` over everything below it: names under a directory name, hosts under a domain."""
    constraints = issuer.extensions.get("2.5.29.30")
    if constraints is None:
        return
    permitted = constraints.value.permitted_subtrees or []
    if constraints.value.excluded_subtrees:
        raise NotTrusted("extension", _("证书含有不认识的必需扩展，不予信任。"))
    prefixes = [list(one.value.rdns) for one in permitted if isinstance(one, foreign.DirectoryName)]
    domains = [one.value for one in permitted if isinstance(one, foreign.DNSName)]
    for link in below:
        subject = list(link.parsed.subject.rdns)
        hosts = link.extensions.get("2.5.29.17")
        named = hosts.value.get_values_for_type(foreign.DNSName) if hosts else []
        inside = not prefixes or any(subject[: len(prefix)] == prefix for prefix in prefixes)
        allowed = not domains or all(any(h == d or h.endswith("." + d) for d in domains) for h in named)
        if not (inside and allowed):
            raise NotTrusted("names", _("证书的名称超出了签发机构的权限范围。"))


def _demand_not_revoked(link: Link, issuer: Link, at: datetime, trust: Trust) -> None:
    points = link.extensions.get("2.5.29.31")
    address = points.value[0].full_name[0].value if points and points.value[0].full_name else ""
    data = trust.list_at(address) if address else None
    if data is None:
        raise NotTrusted("no_list", _("查不到吊销列表，无法确认证书是否已被吊销，暂不信任。"))
    try:
        found = read_list(bytes(data))
    except ValueError:
        raise NotTrusted("list", _("吊销列表不完好，暂不信任。")) from None
    if found.issuer != issuer.parts.subject or shard_of(found.address) != shard_of(address.encode()):
        raise NotTrusted("list", _("吊销列表不是这张证书的，暂不信任。"))
    if found.algorithm != keys.algorithm_of(issuer.parts.spki) or not list_holds(
        issuer.parts.spki, found.signature, found.body
    ):
        raise NotTrusted("list", _("吊销列表的签名不对，暂不信任。"))
    if at > found.next_update:
        raise NotTrusted("stale_list", _("吊销列表已经过时，无法确认证书是否已被吊销，暂不信任。"))
    revoked = found.revoked.get(link.parts.serial)
    if revoked is not None and revoked <= at:
        raise NotTrusted("revoked", _("证书已被吊销。"))


def shard_of(address: bytes) -> bytes:
    """The list an address names, whatever public address the county had when it was written: it may have moved since."""
    _host, mark, name = address.rpartition(b"/pki/crl/")
    return name if mark else address


@lru_cache(maxsize=64)
def list_holds(spki: bytes, signature: bytes, body: bytes) -> bool:
    """Whether the holder of the key signed a list; asked again and again for the same few lists."""
    return keys.verify(spki, signature, body)


@lru_cache(maxsize=64)
def read_list(data: bytes) -> ReadList:
    """A revocation list in its parts. ValueError: not a whole list of our two kinds."""
    body, algorithm, signature = x509.cut_signed(data)
    fields = list(der.elements(der.inner(body)))
    if len(fields) not in (6, 7) or fields[0][2] != der.integer(1) or fields[-1][0] != 0xA0:
        raise der.NotDer("not a list of this kind")
    if fields[1][2] != keys.SIGNATURE_ALGORITHM[algorithm]:
        raise der.NotDer("two signature algorithms")
    revoked: dict[int, datetime] = {}
    if len(fields) == 7:
        for _tag, entry, _whole in der.elements(fields[5][1]):
            serial, moment, *_extensions = der.elements(entry)
            revoked[der.read_integer(serial[1])] = read_time(moment[0], moment[1])
    return ReadList(
        body=body,
        algorithm=algorithm,
        signature=signature,
        issuer=fields[2][2],
        this_update=read_time(fields[3][0], fields[3][1]),
        next_update=read_time(fields[4][0], fields[4][1]),
        address=_list_address(der.inner(fields[-1][1])),
        revoked=revoked,
    )


def _list_address(extensions: bytes) -> bytes:
    """The address in issuingDistributionPoint; other critical extensions are not understood."""
    address = b""
    for _tag, content, _whole in der.elements(extensions):
        parts = list(der.elements(content))
        dotted = der.read_oid(parts[0][1])
        if dotted == "2.5.29.28":
            point = der.inner(parts[-1][1])
            while point and point[0] in (0xA0,):
                point = der.inner(point)
            if not point or point[0] != 0x86:
                raise der.NotDer("issuing distribution point")
            address = der.inner(point)
        elif len(parts) == 3:
            raise der.NotDer("critical extension")
    return address


def read_time(tag: int, content: bytes) -> datetime:
    """UTCTime or GeneralizedTime in whole seconds of UTC. ValueError: another form."""
    form = {der.UTC_TIME: "%y%m%d%H%M%SZ", der.GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}.get(tag)
    if form is None:
        raise der.NotDer("not a time")
    return datetime.strptime(content.decode("ascii"), form).replace(tzinfo=UTC)
