"""Find keys, certificates, chains; say whether one is trusted; answer about status."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import NotFound, Refusal
from zhengtong.security.crypto import der
from zhengtong.security.crypto.keys import Algorithm, Signer
from zhengtong.security.pki import attributes, ocsp, stores, verifier, x509
from zhengtong.security.pki.models import Authority, Certificate, Renewal, RevocationList
from zhengtong.security.pki.values import AUTHORITY, DEPARTMENT, NODE, OFFICIAL, POST, REASONS, ROOT, SERVICE
from zhengtong.security.pki.verifier import NotTrusted, Trust

STATUS_LIFE = timedelta(hours=1)
_TYPES = {dotted: key for key, dotted in x509.ATTRIBUTE_TYPES.items()}


class NoCeremony(Refusal):
    """The key is not there because the ceremony has not been held."""

    code = "no_ceremony"


# --- Addresses ------------------------------------------------------------------------------------------------------


def list_address(authority: Authority, shard: int) -> str:
    """Where the list of a shard is published; it stands in certificates and in the list."""
    return shard_address(authority.key, shard)


def shard_address(key: str, shard: int) -> str:
    """The same by the authority's name in addresses, such as `root-sm2`."""
    return f"{settings.PUBLIC_URL}/pki/crl/{key}-{shard}.crl"


def status_address() -> str:
    """Where the status responder answers."""
    return f"{settings.PUBLIC_URL}/pki/ocsp/"


def certificate_address(authority: Authority) -> str:
    """Where an authority's own certificate is published."""
    return f"{settings.PUBLIC_URL}/pki/ca/{authority.key}.cer"


# --- Keys and certificates of our own -------------------------------------------------------------------------------


def authority(name: str, algorithm: Algorithm) -> Authority:
    """An authority by its name, in its newest generation. NoCeremony: it was never made."""
    rows = Authority.objects.select_related("certificate", "parent").filter(name=name, algorithm=algorithm)
    found = rows.order_by("-generation").first()
    if found is None:
        raise NoCeremony(_("还没有举行密钥仪式，没有签发机构。请先运行 zhengtong pki ceremony。"))
    return found


def of_purpose(purpose: str, algorithm: Algorithm, at: datetime | None = None) -> Certificate:
    """The newest certificate of a purpose that is not revoked (and valid at `at`). NoCeremony: there is none."""
    rows = Certificate.objects.filter(purpose=purpose, algorithm=algorithm, revoked_at__isnull=True)
    if at is not None:
        rows = rows.filter(not_before__lte=at, not_after__gte=at)
    found = rows.select_related("authority__parent").order_by("-not_before", "-pk").first()
    if found is None:
        raise NoCeremony(
            _("没有可用的“{purpose}”证书。请由安全管理员运行 zhengtong pki ceremony。").format(purpose=purpose)
        )
    return found


def key_of(row: Certificate) -> Signer:
    """The key of one of our own certificates. KeyUnavailable: it cannot be reached, or is another's."""
    found = stores.opened(row.key_store, row.key_name, row.algorithm)  # type: ignore[arg-type]
    if found.spki != x509.cut(bytes(row.der)).spki:
        raise stores.KeyUnavailable(
            _("密钥“{name}”与证书不符，需要它的操作会等待。请检查密钥文件夹。").format(name=row.key_name)
        )
    return found


def signer(purpose: str, algorithm: Algorithm = "p256", *, at: datetime | None = None) -> Signer:
    """The key for a purpose ("audit", "timestamps", "papers", "backup", "tokens", "attributes")."""
    return key_of(of_purpose(purpose, algorithm, at))


def certificate(purpose: str, algorithm: Algorithm = "p256", *, at: datetime | None = None) -> bytes:
    """The DER certificate of a purpose's key."""
    return bytes(of_purpose(purpose, algorithm, at).der)


def chain(purpose: str, algorithm: Algorithm = "p256", *, at: datetime | None = None) -> tuple[bytes, ...]:
    """The purpose's certificate, its authority's, the root's: DER, in this order."""
    return chain_of(of_purpose(purpose, algorithm, at))


def former_signer(purpose: str, algorithm: Algorithm, spki: bytes) -> Signer:
    """The key of a purpose with this public key, of whatever age. NoCeremony: there is none; KeyUnavailable: not within reach."""
    for row in Certificate.objects.filter(purpose=purpose, algorithm=algorithm).order_by("-pk"):
        if x509.cut(bytes(row.der)).spki == spki:
            return key_of(row)
    raise NoCeremony(_("没有这把密钥的证书。"))


def chain_of(row: Certificate) -> tuple[bytes, ...]:
    """A certificate, its authority's, the root's."""
    links, above = [bytes(row.der)], row.authority
    while above is not None:
        links.append(bytes(above.certificate.der))
        above = above.parent
    return tuple(links)


def signer_of(authority: Authority) -> Signer:
    """An authority's own key."""
    return key_of(authority.certificate)


def official_certificate(user_id: int, algorithm: Algorithm, at: datetime) -> Certificate | None:
    """The newest valid certificate of an official."""
    rows = Certificate.objects.filter(holder=f"user:{user_id}", algorithm=algorithm, revoked_at__isnull=True)
    rows = rows.filter(not_before__lte=at, not_after__gte=at).exclude(kind=POST)
    return rows.order_by("-not_before", "-pk").first()


def official_signer(user_id: int, algorithm: Algorithm, at: datetime) -> Signer | None:
    """The key that the county's store keeps for an official; None when they have none or hold it themselves."""
    found = official_certificate(user_id, algorithm, at)
    return key_of(found) if found is not None and found.key_name else None


def kept_certificate(holder: str, algorithm: Algorithm, at: datetime) -> Certificate | None:
    """The newest valid certificate of a holder whose key the county's store keeps."""
    rows = Certificate.objects.filter(holder=holder, algorithm=algorithm, revoked_at__isnull=True)
    rows = rows.filter(not_before__lte=at, not_after__gte=at).exclude(kind=POST).exclude(key_name="")
    return rows.select_related("authority__parent").order_by("-not_before", "-pk").first()


def spki_of(authority: Authority) -> bytes:
    """An authority's public key."""
    return x509.cut(bytes(authority.certificate.der)).spki


def usage_of(data: bytes) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """(bits of the key usage, extended purposes) of a certificate of ours."""
    said = verifier.read(data).extensions
    usage, extended = said["2.5.29.15"].value, said.get("2.5.29.37")
    bits = (x509.SIGN, x509.COMMIT) if usage.content_commitment else (x509.SIGN,)
    return bits, tuple(one.dotted_string for one in extended.value) if extended else ()


@lru_cache(maxsize=64)
def name_in(data: bytes) -> x509.Name:
    """The subject of a certificate as parts, in order."""
    parts: list[tuple[str, str]] = []
    for _tag, relative, _whole in der.elements(der.inner(x509.cut(data).subject)):
        for _set, pair, _pair in der.elements(relative):
            kind, text = der.elements(pair)
            parts.append((_TYPES[der.read_oid(kind[1])], text[1].decode()))
    return tuple(parts)


# --- Trust ----------------------------------------------------------------------------------------------------------


def trust() -> Trust:
    """Our own roots and authorities, and the lists as published."""
    rows = Authority.objects.select_related("certificate").order_by("pk")
    roots = tuple(bytes(row.certificate.der) for row in rows if row.parent_id is None)
    others = tuple(bytes(row.certificate.der) for row in rows if row.parent_id is not None)
    return Trust(roots=roots, authorities=others, list_at=_published)


def _published(address: str) -> bytes | None:
    """The list at an address written in a certificate of ours; the county may have had another public address when it was issued."""
    _host, mark, name = address.rpartition("/pki/crl/")
    found = list_named(name.removesuffix(".crl")) if mark and name.endswith(".crl") else None
    return bytes(found.der) if found else None


def list_named(shard: str) -> RevocationList | None:
    """The list of a shard by its name in addresses, such as `officials-sm2-3`."""
    parts = shard.split("-")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 5):
        return None
    found = authority_named(f"{parts[0]}-{parts[1]}")
    return RevocationList.objects.filter(authority=found, shard=int(parts[2])).first() if found else None


def authority_named(key: str) -> Authority | None:
    """An authority by its name in addresses, such as `officials-sm2` or `officials.2-sm2`."""
    name, _dash, algorithm = key.rpartition("-")
    name, _dot, generation = name.partition(".")
    if generation and not (generation.isascii() and generation.isdigit() and len(generation) < 4 and generation > "1"):
        return None
    rows = Authority.objects.select_related("certificate")
    return rows.filter(name=name, algorithm=algorithm, generation=int(generation or 1)).first()


def verify_chain(certificate: bytes, at: datetime, *, revocation: bool = True) -> tuple[bytes, ...]:
    """The chain to one of our roots, good at `at` with revocation demanded. Raises NotTrusted."""
    return verifier.verify(certificate, at, trust(), revocation=revocation)


def check_post(post: bytes, *, holder: bytes, at: datetime, target: str = "") -> attributes.Post:
    """What an attribute certificate says of the holder of certificate `holder`, both chains verified. Raises NotTrusted."""
    _body, algorithm, _signature = _signed(post)
    known = Certificate.objects.filter(purpose="attributes", algorithm=algorithm).order_by("-pk")
    refusal = NotTrusted("issuer", _("岗位证书不是本县岗位属性签发机构签发的，或者被改动过。"))
    verify_chain(holder, at)
    for row in known:
        try:
            said = attributes.check(post, holder=holder, authority=bytes(row.der), at=at, target=target)
        except NotTrusted as problem:
            refusal = problem
            continue
        verify_chain(bytes(row.der), at)
        return said
    raise refusal


def _signed(data: bytes) -> tuple[bytes, Any, bytes]:
    try:
        return x509.cut_signed(data)
    except der.NotDer:
        raise NotTrusted("form", _("这不是一张完好的岗位证书。")) from None


def issued(certificate: bytes) -> bool:
    """Whether this very certificate stands in the issuance log."""
    try:
        serial = x509.cut(certificate).serial
    except der.NotDer:
        return False
    found = Certificate.objects.filter(serial=f"{serial:032x}").first()
    return found is not None and bytes(found.der) == certificate


def list_is_ours(data: bytes) -> bool:
    """Whether a revocation list, of whatever age, was signed by one of our authorities for one of its own addresses."""
    try:
        found = verifier.read_list(data)
    except (ValueError, IndexError):
        return False
    for row in Authority.objects.select_related("certificate"):
        parts = x509.cut(bytes(row.certificate.der))
        own = {f"{row.key}-{shard}.crl".encode() for shard in range(row.shards)}
        ours = verifier.shard_of(found.address) in own
        if found.issuer == parts.subject and found.algorithm == row.algorithm and ours:
            return verifier.list_holds(parts.spki, found.signature, found.body)
    return False


def proof_of(certificates: Iterable[bytes]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """(certificates, revocation lists) that a reader without this county's help needs for these: all chains up to the roots,
    and the list that stands for each link today. What is not ours is left out.
    """
    serials = {f"{x509.cut(one).serial:032x}" for one in certificates}
    above = "authority__certificate"
    rows = Certificate.objects.select_related(above, "authority__parent__certificate").filter(serial__in=serials)
    found, wanted = dict[bytes, None](), set[tuple[int, int]]()
    for row in rows.order_by("pk"):
        found[bytes(row.der)] = None
        link = row
        while (issuer := link.authority) is not None:
            wanted.add((issuer.pk, link.shard))
            link = issuer.certificate
            found[bytes(link.der)] = None
            link.authority = issuer.parent
    lists = RevocationList.objects.filter(authority_id__in={one for one, _shard in wanted}).order_by("pk")
    return tuple(found), tuple(bytes(one.der) for one in lists if (one.authority_id, one.shard) in wanted)


def trust_list() -> dict[str, Any]:
    """What the public may know: roots and authorities with fingerprints, and that all of it is internal."""
    import base64
    import hashlib

    rows = Authority.objects.select_related("certificate", "parent").order_by("pk")
    return {
        "format": "zhengtong-trust/1",
        "county": str(settings.COUNTY_NAME),
        "notice": "内部证书，非电子政务电子认证服务",
        "authorities": [
            {
                "name": row.key,
                "serves": f"{row.name}-{row.algorithm}",
                "parent": row.parent.key if row.parent else None,
                "algorithm": row.algorithm,
                "subject": row.certificate.subject,
                "not_before": row.certificate.not_before.isoformat(),
                "not_after": row.certificate.not_after.isoformat(),
                "revoked": row.certificate.revoked_at is not None,
                "sha256": hashlib.sha256(bytes(row.certificate.der)).hexdigest(),
                "certificate": base64.b64encode(bytes(row.certificate.der)).decode(),
                "lists": [list_address(row, shard) for shard in range(row.shards)],
            }
            for row in rows
        ],
    }


# --- Status ---------------------------------------------------------------------------------------------------------


def status(request: bytes, *, now: datetime) -> bytes:
    """The status responder's answer to a DER question, in DER."""
    try:
        question = ocsp.read(request)
    except (ValueError, IndexError):
        return ocsp.refusal(ocsp.MALFORMED)
    first = question.asked[0]
    for row in Authority.objects.select_related("certificate"):
        parts = x509.cut(bytes(row.certificate.der))
        if ocsp.concerns(first, parts.subject, parts.spki):
            break
    else:
        return ocsp.refusal(ocsp.UNAUTHORIZED)
    if not all(ocsp.concerns(asked, parts.subject, parts.spki) for asked in question.asked):
        return ocsp.refusal(ocsp.UNAUTHORIZED)
    try:
        key = signer_of(row)
    except stores.KeyUnavailable:
        return ocsp.refusal(ocsp.TRY_LATER)
    statuses = [(asked, _status(row, asked.serial, now)) for asked in question.asked]
    moment = now.replace(microsecond=0)
    return ocsp.answer(key, statuses, nonce=question.nonce, now=moment, next_update=moment + STATUS_LIFE)


def _status(issuer: Authority, serial: int, now: datetime) -> bytes:
    found = Certificate.objects.filter(authority=issuer, serial=f"{serial:032x}").exclude(kind=POST).first()
    if found is None:
        return ocsp.UNKNOWN
    if found.revoked_at is not None and found.revoked_at <= now:
        return ocsp.revoked(found.revoked_at, found.reason)
    return ocsp.GOOD


# --- What ends when -------------------------------------------------------------------------------------------------

SOON = timedelta(days=90)
AUTHORITY_SOON = timedelta(days=365)
"""Authorities are renewed earlier: what they issue never outlives them."""


@dataclass(frozen=True)
class InUse:
    """A key in use, in both algorithms. `what`: as a renewal names it; empty when it is not renewed that way.

    `how`: renew (two people, on the page or by the command), ceremony (the root), holder (who holds the key asks anew).
    """

    what: str
    name: str
    kind: str
    how: str
    since: datetime
    ends: datetime
    soon: bool
    ended: bool
    former: int = 0
    certificates: tuple[Certificate, ...] = ()


def keys_in_use(at: datetime) -> list[InUse]:
    """Root and authorities, then the purposes, each with the end that comes first."""
    found: dict[str, list[Certificate]] = {}
    newest: dict[tuple[str, str], Authority] = {}
    for one in Authority.objects.select_related("certificate").order_by("generation", "pk"):
        newest[one.name, one.algorithm] = one
    for one in newest.values():
        found.setdefault(f"authority:{one.name}", []).append(one.certificate)
    own = Certificate.objects.filter(kind=SERVICE).exclude(purpose="").order_by("not_before", "pk")
    current = {(row.purpose, row.algorithm): row for row in own.filter(revoked_at__isnull=True)}
    for row in current.values():
        found.setdefault(f"purpose:{row.purpose}", []).append(row)
    all_purposes = list(own.values_list("purpose", flat=True))
    all_authorities = list(Authority.objects.values_list("name", flat=True))
    said = []
    for what, rows in found.items():
        kind, _colon, name = what.partition(":")
        former = (all_authorities if kind == "authority" else all_purposes).count(name) - len(rows)
        said.append(_in_use(what, rows, "ceremony" if name == "root" else "renew", at, former))
    return said


def _in_use(what: str, rows: list[Certificate], how: str, at: datetime, former: int = 0) -> InUse:
    ends, first = min(row.not_after for row in rows), rows[0]
    ahead = SOON if first.kind not in (ROOT, AUTHORITY) else AUTHORITY_SOON
    name = first.subject.removesuffix(f" {first.algorithm.upper()}")
    since = max(row.not_before for row in rows)
    return InUse(what, name, first.kind, how, since, ends, ends - at < ahead, ends < at, former, tuple(rows))


def holders_ending(at: datetime) -> list[InUse]:
    """Certificates of machines, systems and officials who hold their own key, that end soon and have no successor."""
    rows = Certificate.objects.filter(kind__in=(NODE, OFFICIAL, DEPARTMENT), key_name="", revoked_at__isnull=True)
    newer = rows.filter(holder=OuterRef("holder"), algorithm=OuterRef("algorithm"), not_after__gt=OuterRef("not_after"))
    near = rows.filter(not_after__lt=at + SOON, not_after__gt=at - SOON).exclude(Exists(newer)).order_by("not_after")
    return [_in_use("", [row], "holder", at) for row in near[:200]]


def ending(at: datetime) -> list[InUse]:
    """Everything that ends soon or has ended, the most urgent first."""
    return sorted([one for one in keys_in_use(at) if one.soon] + holders_ending(at), key=lambda one: one.ends)


def open_renewals() -> dict[str, Renewal]:
    """Renewals that are neither done nor taken back, by what they renew."""
    rows = Renewal.objects.filter(done_at__isnull=True, withdrawn_at__isnull=True)
    return {row.what: row for row in rows.select_related("asked_by", "confirmed_by")}


# --- Pages ----------------------------------------------------------------------------------------------------------


def certificates(*, text: str = "", kind: str = "", state: str = "", at: datetime) -> QuerySet[Certificate]:
    """Certificates newest first, by part of the name or the beginning of the serial number, kind and state."""
    rows = Certificate.objects.select_related("authority").order_by("-pk")
    if text := text.strip():
        rows = rows.filter(
            Q(subject__icontains=text) | Q(serial__startswith=text.lower().replace(":", "")) | Q(holder=text)
        )
    if kind:
        rows = rows.filter(kind=kind)
    if state == "valid":
        rows = rows.filter(revoked_at__isnull=True, not_before__lte=at, not_after__gte=at)
    if state == "revoked":
        rows = rows.filter(revoked_at__isnull=False)
    if state == "expired":
        rows = rows.filter(revoked_at__isnull=True, not_after__lt=at)
    return rows


def by_serial(serial: str) -> Certificate:
    """One certificate. NotFound: no such serial number."""
    found = (
        Certificate.objects.select_related("authority__parent", "issued_by", "revoked_by").filter(serial=serial).first()
    )
    if found is None:
        raise NotFound(_("没有这张证书。"))
    return found


def reason_words(row: Certificate) -> str:
    """Why it was revoked."""
    return str(REASONS.get(row.reason, ""))
