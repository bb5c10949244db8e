"""Hold a ceremony, issue, revoke, publish lists. The row and the event are written in the transaction that signs."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, Refusal
from zhengtong.security.crypto import keys
from zhengtong.security.crypto.keys import Algorithm, Signer
from zhengtong.security.pki import attributes, lint, queries, stores, values, x509
from zhengtong.security.pki.ceremony import AuthorityPlan, Plan, PurposePlan
from zhengtong.security.pki.events import (
    CeremonyHeld,
    CertificateIssued,
    CertificateRevoked,
    KeyRenewed,
    RenewalAsked,
    RenewalConfirmed,
    RenewalWithdrawn,
)
from zhengtong.security.pki.models import Authority, Ceremony, Certificate, CertificateRequest, Renewal, RevocationList
from zhengtong.security.pki.stores import KeyUnavailable
from zhengtong.security.pki.values import AUTHORITY, DEPARTMENT, ISSUED_BY, NODE, OFFICIAL, POST, ROOT, SERVICE

YEAR = timedelta(days=365)
LIST_LIFE = {ROOT: timedelta(days=90), AUTHORITY: timedelta(days=7)}
HOLDER_LIFE = 2 * YEAR
RENEWED_BEFORE = timedelta(days=30)
"""Keys that the county keeps for bodies and officials are made anew when they are used in their last month."""
ANOTHER_TRY_AT_ONCE = 50
MANAGED_BY = "security_admin"
"""Whose common list the warnings stand on: the post of the policy that manages certificates."""


class CannotIssue(Refusal):
    """The linter found something, or the ceremony has not been held."""


class CannotRevoke(Refusal):
    """The certificate is revoked already, or its authority is what must be revoked."""


@dataclass(frozen=True)
class _Draft:
    """What is to be signed, and what the log shall say of it."""

    kind: str
    subject: x509.Name
    spki: bytes
    life: timedelta
    purpose: str = ""
    holder: str = ""
    key_store: str = ""
    key_name: str = ""
    usage: tuple[int, ...] = (x509.SIGN,)
    extended: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()


# --- Ceremony -------------------------------------------------------------------------------------------------------


@transaction.atomic
def hold_ceremony(*, plan: Plan, at: datetime, by: int | None = None) -> Ceremony | None:
    """Make every authority and purpose of the plan that is not there yet; None when there was nothing to make.

    Refuses (KeyUnavailable, CannotKeep) when a store does not answer; then nothing is recorded. Keys that an interrupted
    ceremony left are used, never replaced.
    """
    at = at.replace(microsecond=0)
    made: list[str] = []
    for algorithm in plan.stores:
        root = _authority(plan, plan.root, None, algorithm, at, by, made)
        for one in plan.authorities:
            _authority(plan, one, root, algorithm, at, by, made)
        for purpose in plan.purposes:
            _purpose(plan, purpose, algorithm, at, by, made)
    if not made:
        return None
    people = [{"name": name, "post": post, "duty": duty} for name, post, duty in plan.participants]
    row = Ceremony.objects.create(held_at=at, title=plan.title, place=plan.place, participants=people)
    events.publish(CeremonyHeld(ceremony_id=row.pk, authorities=tuple(made), actor_id=by), at=at)
    return row


def _key(kind: str, name: str, algorithm: Algorithm) -> Signer:
    """The key an interrupted ceremony left, else a new one; a key that is there and cannot be opened stays and refuses."""
    store = stores.store(kind)
    try:
        return store.open(name, algorithm)
    except KeyUnavailable:
        return store.create(name, algorithm)


def _authority(
    plan: Plan,
    one: AuthorityPlan,
    root: Authority | None,
    algorithm: Algorithm,
    at: datetime,
    by: int | None,
    made: list[str],
) -> Authority:
    found = Authority.objects.filter(name=one.key, algorithm=algorithm).order_by("-generation").first()
    if found is not None:
        return found
    made.append(f"{one.key}-{algorithm}")
    place = _Place(one.key, algorithm, plan.stores[algorithm], one.years * YEAR, one.shards, one.dns)
    return _authority_made(place, plan.named(one.common_name, algorithm), plan.name, root, at, by)


@dataclass(frozen=True)
class _Place:
    """What is known of an authority before it has a key."""

    name: str
    algorithm: Algorithm
    store: str
    life: timedelta
    shards: int
    dns: tuple[str, ...]
    generation: int = 1

    @property
    def key(self) -> str:
        return f"{self.name}-{self.algorithm}{'' if self.generation == 1 else f'-{self.generation}'}"


def _authority_made(
    place: _Place, subject: x509.Name, county: x509.Name, root: Authority | None, at: datetime, by: int | None
) -> Authority:
    """An authority below `root` (None: a root of its own) with a key of its own name, and its first lists."""
    key, kind = _key(place.store, place.key, place.algorithm), AUTHORITY if root else ROOT
    serial = _serial()
    wanted = x509.Wanted(
        serial=serial,
        issuer=_name_of(root) if root else subject,
        subject=subject,
        not_before=at,
        not_after=min(at + place.life, root.certificate.not_after) if root else at + place.life,
        spki=key.spki,
        issuer_spki=queries.spki_of(root) if root else key.spki,
        key_usage=(x509.CERTIFY, x509.LIST),
        path_length=0 if root else 1,
        permitted=county if root else (),
        permitted_dns=place.dns,
        # A root names its own one list, which says of every other authority whether it is revoked.
        **(_addresses(root, serial) if root else {"crl_url": queries.shard_address(place.key, 0)}),
    )
    draft = _Draft(kind, subject, key.spki, place.life, key_store=place.store, key_name=place.key)
    row = _sign(draft, wanted, queries.signer_of(root) if root else key, root, at, by)
    authority = Authority.objects.create(
        name=place.name,
        algorithm=place.algorithm,
        parent=root,
        certificate=row,
        shards=place.shards,
        dns=list(place.dns),
        generation=place.generation,
    )
    for shard in range(place.shards):
        _publish_list(authority, shard, at)
    return authority


def _purpose(
    plan: Plan, purpose: PurposePlan, algorithm: Algorithm, at: datetime, by: int | None, made: list[str]
) -> None:
    if Certificate.objects.filter(purpose=purpose.key, algorithm=algorithm).exists():
        return
    authority = queries.authority(purpose.authority, algorithm)
    name, store = f"{purpose.key}-{algorithm}", plan.stores[algorithm]
    draft = _Draft(
        kind=SERVICE,
        subject=plan.named(purpose.common_name, algorithm),
        spki=_key(store, name, algorithm).spki,
        life=purpose.years * YEAR,
        purpose=purpose.key,
        key_store=store,
        key_name=name,
        usage=(x509.SIGN, x509.COMMIT) if purpose.commitment or purpose.time_stamping else (x509.SIGN,),
        extended=(x509.TIME_STAMPING,) if purpose.time_stamping else (),
    )
    _issue(draft, authority, at, by)
    made.append(name)


# --- Issuing --------------------------------------------------------------------------------------------------------


def _serial() -> int:
    """127 bits, 126 of them random."""
    return 1 << 126 | secrets.randbits(126)


def serial_text(serial: int) -> str:
    """A serial number as the log and the pages write it: 32 hexadecimal digits."""
    return f"{serial:032x}"


def _name_of(authority: Authority) -> x509.Name:
    return queries.name_in(bytes(authority.certificate.der))


def _addresses(authority: Authority, serial: int) -> dict[str, Any]:
    return {
        "crl_url": queries.list_address(authority, serial % authority.shards),
        "ocsp_url": queries.status_address(),
        "issuer_url": queries.certificate_address(authority),
    }


def _issue(draft: _Draft, authority: Authority, at: datetime, by: int | None) -> Certificate:
    """Sign what the draft says by the authority; it never outlives its issuer."""
    at, serial = at.replace(microsecond=0), _serial()
    if authority.certificate.state(at) != "valid":
        raise CannotIssue(_("签发机构的证书现在无效，不能签发。"))
    wanted = x509.Wanted(
        serial=serial,
        issuer=_name_of(authority),
        subject=draft.subject,
        not_before=at,
        not_after=min(at + draft.life, authority.certificate.not_after),
        spki=draft.spki,
        issuer_spki=queries.spki_of(authority),
        key_usage=draft.usage,
        extended=draft.extended,
        dns=draft.dns,
        **_addresses(authority, serial),
    )
    return _sign(draft, wanted, queries.signer_of(authority), authority, at, by)


def _sign(
    draft: _Draft, wanted: x509.Wanted, signer: Signer, authority: Authority | None, at: datetime, by: int | None
) -> Certificate:
    body = x509.certificate_body(wanted, signer.algorithm)
    if found := lint.problems(body, signer.algorithm, draft.kind):
        raise CannotIssue(_("证书不合规，没有签发：{problems}。").format(problems="; ".join(found)))
    return _log(
        Certificate(
            serial=serial_text(wanted.serial),
            authority=authority,
            kind=draft.kind,
            algorithm=signer.algorithm,
            purpose=draft.purpose,
            subject=dict(wanted.subject).get(x509.COMMON_NAME, ""),
            holder=draft.holder,
            der=x509.signed(body, signer),
            not_before=wanted.not_before,
            not_after=wanted.not_after,
            shard=wanted.serial % authority.shards if authority else 0,
            key_store=draft.key_store,
            key_name=draft.key_name,
            issued_at=at,
            issued_by_id=by,
        )
    )


def _log(row: Certificate) -> Certificate:
    """Write the row and the fact: in the transaction that signed, before the certificate leaves."""
    row.save(force_insert=True)
    fact = CertificateIssued(
        serial=row.serial,
        kind=row.kind,
        algorithm=row.algorithm,
        authority=row.authority.key if row.authority else "",
        holder=row.holder,
        purpose=row.purpose,
        actor_id=row.issued_by_id,
    )
    events.publish(fact, at=row.issued_at)
    return row


def _subject(authority: Authority, *parts: tuple[str, str]) -> x509.Name:
    """A name below the county's own: what the authority's name constraints permit."""
    own = tuple(part for part in _name_of(authority) if part[0] != x509.COMMON_NAME)
    for _part, text in parts:
        if not text.strip() or len(text) > 64:
            raise Invalid(_("证书上的名称须为1至64个字。"))
    return (*own, *parts)


def _algorithm_of(spki: bytes) -> Algorithm:
    if not keys.is_public_key(spki):
        raise Invalid(_("只签发P-256或SM2公钥的证书。"))
    return keys.algorithm_of(spki)


@transaction.atomic
def issue_for_official(
    *, user_id: int, name: str, organization: Organization, spki: bytes, by: int | None, at: datetime
) -> Certificate:
    """A two-year certificate for an official's public key (P-256 or SM2): for signing in and for signing.

    Refuses other keys (Invalid), a missing ceremony or linter findings (CannotIssue), an unreachable key (KeyUnavailable).
    """
    authority = queries.authority(ISSUED_BY[OFFICIAL], _algorithm_of(spki))
    parts = ((x509.UNIT, organization.name), (x509.SERIAL_NUMBER, f"user-{user_id}"), (x509.COMMON_NAME, name))
    draft = _Draft(
        kind=OFFICIAL,
        subject=_subject(authority, *parts),
        spki=spki,
        life=HOLDER_LIFE,
        holder=f"user:{user_id}",
        usage=(x509.SIGN, x509.COMMIT),
        extended=(x509.CLIENT_AUTH,),
    )
    return _issue(draft, authority, at, by)


@transaction.atomic
def keep_for_official(
    *, user_id: int, name: str, organization: Organization, algorithm: Algorithm, by: int | None, at: datetime
) -> Certificate:
    """The same with a key that the county's own store keeps for the official (see `queries.official_signer`)."""
    count = Certificate.objects.filter(holder=f"user:{user_id}", algorithm=algorithm).count()
    name_of_key = f"user-{user_id}-{algorithm}-{count + 1}"
    queries.signer_of(queries.authority(ISSUED_BY[OFFICIAL], algorithm))  # first: see `_kept_anew`
    key = _key("file", name_of_key, algorithm)
    row = issue_for_official(user_id=user_id, name=name, organization=organization, spki=key.spki, by=by, at=at)
    row.key_store, row.key_name = "file", name_of_key
    row.save(update_fields=["key_store", "key_name"])
    return row


@transaction.atomic
def issue_for_department(*, organization: Organization, spki: bytes, by: int | None, at: datetime) -> Certificate:
    """A two-year certificate for a body: its systems sign in its name. Refuses as `issue_for_official` does."""
    authority = queries.authority(ISSUED_BY[DEPARTMENT], _algorithm_of(spki))
    draft = _Draft(
        kind=DEPARTMENT,
        subject=_subject(authority, (x509.UNIT, organization.name), (x509.COMMON_NAME, organization.name)),
        spki=spki,
        life=HOLDER_LIFE,
        holder=f"organization:{organization.pk}",
        usage=(x509.SIGN, x509.COMMIT),
        extended=(x509.CLIENT_AUTH,),
    )
    return _issue(draft, authority, at, by)


@transaction.atomic
def issue_for_node(*, hosts: tuple[str, ...], spki: bytes, by: int | None, at: datetime) -> Certificate:
    """A certificate for a machine by its host names. Refuses names outside the domains of the ceremony (Invalid)."""
    authority = queries.authority(ISSUED_BY[NODE], _algorithm_of(spki))
    outside = [h for h in hosts if not any(h == d or h.endswith("." + d) for d in authority.dns)]
    if not hosts or outside or not all(host.isascii() for host in hosts):
        raise Invalid(_("主机名须在密钥仪式写明的域名之内：{names}。").format(names="、".join(authority.dns)))
    draft = _Draft(
        kind=NODE,
        subject=_subject(authority, (x509.COMMON_NAME, hosts[0])),
        spki=spki,
        life=HOLDER_LIFE,
        holder=f"node:{hosts[0]}",
        extended=(x509.SERVER_AUTH, x509.CLIENT_AUTH),
        dns=hosts,
    )
    return _issue(draft, authority, at, by)


@transaction.atomic
def issue_post(
    *,
    holder: Certificate,
    roles: tuple[str, ...],
    at: datetime,
    by: int | None,
    targets: tuple[str, ...] = (),
    algorithm: Algorithm | None = None,
) -> Certificate:
    """A post for one day as an attribute certificate (RFC 5755) bound to `holder`; `roles` like `approver@organization:7`.

    Refuses a holder's certificate that is not valid now, an empty list of roles, an unreachable key.
    """
    at, holder = at.replace(microsecond=0), Certificate.objects.get(pk=holder.pk)
    if not roles:
        raise Invalid(_("没有岗位可以写进岗位证书。"))
    if holder.state(at) != "valid":
        raise CannotIssue(_("持有人的证书现在无效，不能签发岗位证书。"))
    chosen: Algorithm = algorithm or holder.algorithm  # type: ignore[assignment]
    own, serial = queries.of_purpose("attributes", chosen, at), _serial()
    signed = attributes.sign(
        queries.key_of(own), bytes(own.der), bytes(holder.der), roles, serial=serial, not_before=at, targets=targets
    )
    return _log(
        Certificate(
            serial=serial_text(serial),
            authority=own.authority,
            kind=POST,
            algorithm=chosen,
            subject=holder.subject,
            holder=holder.holder,
            der=signed,
            not_before=at,
            not_after=at + attributes.LIFE,
            issued_at=at,
            issued_by_id=by,
        )
    )


# --- Waiting --------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_official(
    *, user_id: int, name: str, organization: Organization, spki: bytes, by: int | None, at: datetime
) -> CertificateRequest:
    """Issue now, or leave the request waiting until the authority's key can be reached; no other key is used instead."""
    waiting = CertificateRequest.objects.create(
        kind=OFFICIAL,
        algorithm=_algorithm_of(spki),
        arguments={"user_id": user_id, "name": name, "organization": organization.pk},
        spki=spki,
        asked_at=at,
        asked_by_id=by,
    )
    _try(waiting, at)
    return waiting


def _try(waiting: CertificateRequest, at: datetime) -> bool:
    given = dict(waiting.arguments)
    try:
        with transaction.atomic():
            body = Organization.objects.get(pk=given.pop("organization"))
            waiting.certificate = issue_for_official(
                **given, organization=body, spki=bytes(waiting.spki), by=waiting.asked_by_id, at=at
            )
            waiting.save(update_fields=["certificate"])
    except KeyUnavailable:
        waiting.certificate = None
        return False
    return True


@transaction.atomic
def issue_waiting(*, at: datetime) -> int:
    """Try again what waits for a key; returns how many certificates were issued."""
    rows = CertificateRequest.objects.select_for_update().filter(certificate__isnull=True).order_by("pk")
    return sum(_try(row, at) for row in rows[:ANOTHER_TRY_AT_ONCE])


# --- Revocation -----------------------------------------------------------------------------------------------------


@transaction.atomic
def revoke(*, certificate: Certificate, reason: str, by: int | None, at: datetime) -> Certificate:
    """Revoke for good; the shard's list is published at once, or by the worker as soon as the key can be reached.

    Refuses unknown reasons, attribute certificates (they live a day), roots, and what is revoked already.
    """
    if reason not in values.REASONS:
        raise Invalid(_("请选择吊销原因。"), fields={"reason": _("请选择吊销原因。")})
    row = Certificate.objects.select_for_update().filter(pk=certificate.pk).first()
    if row is None:
        raise NotFound(_("没有这张证书。"))
    if row.kind == POST or row.authority is None:
        raise CannotRevoke(_("根证书和岗位证书不能在这里吊销：根证书要换根，岗位证书一天后自动失效。"))
    if row.revoked_at is not None:
        raise CannotRevoke(_("这张证书已经吊销，没有再次吊销。"))
    row.revoked_at, row.reason, row.revoked_by_id = at.replace(microsecond=0), reason, by
    row.save(update_fields=["revoked_at", "reason", "revoked_by"])
    fact = CertificateRevoked(serial=row.serial, kind=row.kind, reason=reason, holder=row.holder, actor_id=by)
    events.publish(fact, at=at)
    RevocationList.objects.filter(authority=row.authority, shard=row.shard).update(stale=True)
    try:
        with transaction.atomic():
            _publish_list(row.authority, row.shard, at)
    except KeyUnavailable:
        pass  # the list stays marked as stale, and the worker publishes it when the key is back
    return row


def _publish_list(authority: Authority, shard: int, at: datetime) -> None:
    at = at.replace(microsecond=0)
    life = LIST_LIFE[ROOT if authority.parent_id is None else AUTHORITY]
    rows = (
        Certificate.objects.filter(authority=authority, shard=shard, revoked_at__isnull=False)
        .exclude(kind=POST)
        .order_by("serial")
        .values_list("serial", "revoked_at", "reason")
    )
    before = RevocationList.objects.select_for_update().filter(authority=authority, shard=shard).first()
    number = before.number + 1 if before else 1
    data = x509.revocation_list(
        queries.signer_of(authority),
        _name_of(authority),
        [(int(serial, 16), moment, reason) for serial, moment, reason in rows if moment],
        number=number,
        address=queries.list_address(authority, shard),
        this_update=at,
        next_update=at + life,
    )
    said = {"number": number, "der": data, "this_update": at, "next_update": at + life, "stale": False}
    RevocationList.objects.update_or_create(authority=authority, shard=shard, defaults=said)


@transaction.atomic
def publish_lists(*, at: datetime) -> int:
    """Publish anew every list that is stale or has used up half its life; returns how many.

    A list whose key cannot be reached is left as it is: it runs out, and what depends on it is refused.
    """
    half = Q(authority__parent__isnull=True, next_update__lt=at + LIST_LIFE[ROOT] / 2)
    half |= Q(authority__parent__isnull=False, next_update__lt=at + LIST_LIFE[AUTHORITY] / 2)
    # A clock that was set back (a demo) would leave lists of the future; nobody needs those.
    due = RevocationList.objects.filter(Q(stale=True) | half).select_related("authority__certificate")
    done = 0
    for row in due.order_by("pk"):
        try:
            with transaction.atomic():
                _publish_list(row.authority, row.shard, at)
        except KeyUnavailable:
            continue
        done += 1
    return done


# --- Keys kept for those who sign papers ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """A certificate with the key that the county's own store keeps for its holder; `chain` in DER, from it to the root."""

    row: Certificate
    signer: Signer
    chain: tuple[bytes, ...]


def department_key(organization: Organization, algorithm: Algorithm, at: datetime) -> Kept:
    """The key with which a body signs its papers; made and certified when there is none that is valid at `at`, and made anew in
    the last month of the one that is.

    Refuses (NoCeremony, KeyUnavailable, CannotIssue) without the authority's key; nothing else ever signs in its place.
    """
    found = queries.kept_certificate(f"organization:{organization.pk}", algorithm, at)
    if found is not None and not _due(found, at):
        return _kept_of(found)
    try:
        return _kept_anew(organization, algorithm, at)
    except (KeyUnavailable, Refusal):
        if found is None:
            raise
        return _kept_of(found)  # its own key and still valid; it is tried again at the next paper


def _due(row: Certificate, at: datetime) -> bool:
    """Whether a kept key is in its last month and a new certificate would last longer."""
    if row.not_after - at > RENEWED_BEFORE or row.authority is None:
        return False
    return queries.authority(row.authority.name, row.algorithm).certificate.not_after > row.not_after  # type: ignore[arg-type]


def official_key(user_id: int, name: str, organization: Organization, at: datetime) -> Kept | None:
    """The P-256 key with which an official signs decisions; made and certified when they have none, anew in its last month.

    None: they hold their key themselves. Refuses as `department_key` does.
    """
    found = queries.official_certificate(user_id, "p256", at)
    if found is not None and not found.key_name:
        return None
    if found is None or _due(found, at):
        told: dict[str, Any] = {"user_id": user_id, "name": name, "organization": organization}
        try:
            found = keep_for_official(**told, algorithm="p256", by=None, at=at)
        except (KeyUnavailable, Refusal):
            if found is None:
                raise
    return _kept_of(found)


def _kept_of(row: Certificate) -> Kept:
    return Kept(row, queries.key_of(row), queries.chain_of(row))


@transaction.atomic
def _kept_anew(organization: Organization, algorithm: Algorithm, at: datetime) -> Kept:
    count = Certificate.objects.filter(holder=f"organization:{organization.pk}", algorithm=algorithm).count()
    name = f"organization-{organization.pk}-{algorithm}-{count + 1}"
    authority = queries.authority(ISSUED_BY[DEPARTMENT], algorithm)
    queries.signer_of(authority)  # first: where the store is away no key is made either
    store = authority.certificate.key_store
    key = _key(store, name, algorithm)
    row = issue_for_department(organization=organization, spki=key.spki, by=None, at=at)
    row.key_store, row.key_name = store, name
    row.save(update_fields=["key_store", "key_name"])
    return Kept(row, key, queries.chain_of(row))


# --- Renewing a key before it ends ----------------------------------------------------------------------------------


class CannotRenew(Refusal):
    """There is nothing of that name, a renewal is under way already, or it is done or taken back."""


@transaction.atomic
def ask_renewal(*, what: str, by: int, at: datetime) -> Renewal:
    """The first of two people: the key of `what` (`authority:services`, `purpose:audit`) shall be made anew.

    Refuses the root (that is another ceremony), unknown names, and what is asked already.
    """
    _demand_renewable(what, at)
    row = Renewal.objects.create(what=what, asked_by_id=by, asked_at=at)
    events.publish(RenewalAsked(renewal_id=row.pk, what=what, actor_id=by), at=at)
    return row


def _demand_renewable(what: str, at: datetime) -> None:
    known = {one.what: one for one in queries.keys_in_use(at)}
    if what not in known:
        raise NotFound(_("没有叫“{what}”的密钥。").format(what=what))
    if known[what].how != "renew":
        raise CannotRenew(_("根密钥不能这样换发：换根要另写仪式文件，由两人在场运行 zhengtong pki ceremony。"))
    if what in queries.open_renewals():
        raise CannotRenew(_("这把密钥已经有人提出换发，请先确认或撤回那一次。"))


@transaction.atomic
def confirm_renewal(*, renewal_id: int, by: int, at: datetime) -> Renewal:
    """The second person; the keys are made at once, or by the worker as soon as the key store can be reached.

    Refuses whoever asked, and what is confirmed, done or taken back.
    """
    row = _open_renewal(renewal_id)
    if row.asked_by_id == by:
        raise NotAllowed(_("换发是您自己提出的，须由另一个人确认。"))
    if row.confirmed_at is not None:
        raise CannotRenew(_("这次换发已经确认过了，密钥可用时自动完成。"))
    row.confirmed_by_id, row.confirmed_at = by, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    events.publish(RenewalConfirmed(renewal_id=row.pk, what=row.what, actor_id=by), at=at)
    _try_renewal(row, at)
    return row


@transaction.atomic
def renew_together(*, what: str, people: tuple[str, str], at: datetime) -> Renewal:
    """Both people at the console, as at the ceremony. `done_at` stays empty when a key cannot be reached: the worker goes on.

    Refuses one person under two names that are the same, and everything `ask_renewal` refuses.
    """
    names = [name.strip() for name in people]
    if len(set(names)) < 2 or not all(names):
        raise Invalid(_("换发密钥须有两名不同的人在场：一人操作，一人见证。"))
    _demand_renewable(what, at)
    row = Renewal.objects.create(what=what, asked_at=at, confirmed_at=at, people=names)
    events.publish(RenewalAsked(renewal_id=row.pk, what=what), at=at)
    events.publish(RenewalConfirmed(renewal_id=row.pk, what=what), at=at)
    _try_renewal(row, at)
    return row


@transaction.atomic
def withdraw_renewal(*, renewal_id: int, by: int, at: datetime) -> None:
    """Take back a renewal that nobody has confirmed. Refuses what is confirmed, done or taken back."""
    row = _open_renewal(renewal_id)
    if row.confirmed_at is not None:
        raise CannotRenew(_("这次换发已经确认，不能撤回。"))
    row.withdrawn_at = at
    row.save(update_fields=["withdrawn_at"])
    events.publish(RenewalWithdrawn(renewal_id=row.pk, what=row.what, actor_id=by), at=at)


def _open_renewal(renewal_id: int) -> Renewal:
    row = Renewal.objects.select_for_update().filter(pk=renewal_id).first()
    if row is None:
        raise NotFound(_("没有这次换发。"))
    if row.done_at is not None or row.withdrawn_at is not None:
        raise CannotRenew(_("这次换发已经完成或撤回。"))
    return row


@transaction.atomic
def carry_out_renewals(*, at: datetime) -> int:
    """Carry out what is confirmed and waits for a key; the number that was done."""
    rows = Renewal.objects.select_for_update().filter(
        confirmed_at__isnull=False, done_at__isnull=True, withdrawn_at__isnull=True
    )
    return sum(_try_renewal(row, at) for row in rows.order_by("pk"))


def _try_renewal(row: Renewal, at: datetime) -> bool:
    """Make the new keys and certificates of a confirmed renewal, in both algorithms or in none."""
    kind, _colon, name = row.what.partition(":")
    by = row.asked_by_id
    try:
        with transaction.atomic():
            if kind == "authority":
                held = Authority.objects.filter(name=name).values_list("algorithm", flat=True)
                made = [_authority_anew(name, one, at, by).certificate for one in keys.ALGORITHMS if one in set(held)]
            else:
                kept = Certificate.objects.filter(purpose=name).values_list("algorithm", flat=True)
                made = [_purpose_anew(name, one, at, by) for one in keys.ALGORITHMS if one in set(kept)]
            row.made, row.done_at = [one.serial for one in made], at
            row.save(update_fields=["made", "done_at"])
            fact = KeyRenewed(renewal_id=row.pk, what=row.what, made=tuple(row.made), actor_id=by)
            events.publish(fact, at=at)
            worklists.close(subject=_subject_of(row.what), at=at)
    except KeyUnavailable:
        row.made, row.done_at = [], None
        return False
    return True


def _authority_anew(name: str, algorithm: Algorithm, at: datetime, by: int | None) -> Authority:
    """The next generation of an authority: the same name, another key, so another key id; below the same root."""
    old = queries.authority(name, algorithm)
    root = old.parent
    if root is None:
        raise CannotRenew(_("根密钥不能这样换发。"))
    queries.signer_of(root)  # first: where the store is away no key is made either
    before = old.certificate
    subject = queries.name_in(bytes(before.der))
    county = tuple(part for part in _name_of(root) if part[0] != x509.COMMON_NAME)
    place = _Place(
        name=name,
        algorithm=algorithm,
        store=before.key_store,
        life=before.not_after - before.not_before,
        shards=old.shards,
        dns=tuple(old.dns),
        generation=old.generation + 1,
    )
    return _authority_made(place, subject, county, root, at.replace(microsecond=0), by)


def _purpose_anew(purpose: str, algorithm: Algorithm, at: datetime, by: int | None) -> Certificate:
    """The next certificate of a purpose with another key; what it may be used for is as before."""
    rows = Certificate.objects.filter(purpose=purpose, algorithm=algorithm)
    old = rows.select_related("authority").order_by("-not_before", "-pk")[0]
    assert old.authority is not None
    authority = queries.authority(old.authority.name, algorithm)
    queries.signer_of(authority)  # first: where the store is away no key is made either
    name = f"{purpose}-{algorithm}-{rows.count() + 1}"
    usage, extended = queries.usage_of(bytes(old.der))
    draft = _Draft(
        kind=SERVICE,
        subject=queries.name_in(bytes(old.der)),
        spki=_key(old.key_store, name, algorithm).spki,
        life=old.not_after - old.not_before,
        purpose=purpose,
        key_store=old.key_store,
        key_name=name,
        usage=usage,
        extended=extended,
    )
    return _issue(draft, authority, at, by)


def _subject_of(what: str) -> str:
    return f"key:{what}"


@transaction.atomic
def warn_of_ends(*, at: datetime) -> int:
    """Put what ends soon on the list of the county's security administrators, once each; the number that ends."""
    county = Organization.objects.filter(parent__isnull=True).order_by("pk").first()
    found = queries.ending(at)
    for one in found if county else ():
        worklists.open(
            system="security",
            kind="key_ends",
            subject=_subject_of(one.what or one.certificates[0].serial),
            title=gettext_noop("换发密钥：{name}"),
            params={"name": one.name},
            url="/pki/keys/",
            organization_id=county.pk if county else None,
            role=MANAGED_BY,
            due_on=timezone.localdate(one.ends),
            at=at,
        )
    return len(found)
