"""Attribute certificates (RFC 5755): a post held for one day, signed by the attribute authority, bound to a certificate.

The attribute authority is a holder's certificate, no certificate authority (RFC 5755, 4.5). No revocation: they live a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from zhengtong.security.crypto import der, keys
from zhengtong.security.crypto.keys import SIGNATURE_ALGORITHM, Signer
from zhengtong.security.pki import x509
from zhengtong.security.pki.verifier import NotTrusted, read_time

ROLE, TARGETING, NO_REVOCATION, AUTHORITY_KEY = "2.5.4.72", "2.5.29.55", "2.5.29.56", "2.5.29.35"
LIFE = timedelta(days=1)
PREFIX = "urn:zhengtong:post:"


@dataclass(frozen=True)
class Post:
    """What a valid attribute certificate says."""

    roles: tuple[str, ...]
    holder_serial: int
    not_before: datetime
    not_after: datetime
    targets: tuple[str, ...]


def sign(
    signer: Signer,
    authority: bytes,
    holder: bytes,
    roles: tuple[str, ...],
    *,
    serial: int,
    not_before: datetime,
    life: timedelta = LIFE,
    targets: tuple[str, ...] = (),
) -> bytes:
    """The attribute certificate for the holder of certificate `holder`, by the holder of certificate `authority`.

    `roles` are codes such as `approver@organization:7`; `targets` are addresses it is meant for (none: for all).
    """
    base, owner = x509.cut(holder), x509.cut(authority)
    values = (der.sequence(der.explicit(1, x509.uri(PREFIX + role))) for role in roles)
    extensions = [
        x509.extension(AUTHORITY_KEY, der.sequence(der.implicit(0, x509.key_id(signer.spki)))),
        x509.extension(NO_REVOCATION, der.null()),
    ]
    if targets:
        named = der.sequence(der.sequence(*(der.explicit(0, x509.uri(target)) for target in targets)))
        extensions.append(x509.extension(TARGETING, named, critical=True))
    body = der.sequence(
        der.integer(1),
        der.sequence(der.explicit(0, _names(base.issuer), der.integer(base.serial))),
        der.explicit(0, _names(owner.subject)),
        SIGNATURE_ALGORITHM[signer.algorithm],
        der.integer(serial),
        der.sequence(der.generalized_time(not_before), der.generalized_time(not_before + life)),
        der.sequence(der.sequence(der.oid(ROLE), der.set_of(*values))),
        der.sequence(*extensions),
    )
    return x509.signed(body, signer)


def _names(name: bytes) -> bytes:
    return der.sequence(der.explicit(4, name))


def check(post: bytes, *, holder: bytes, authority: bytes, at: datetime, target: str = "") -> Post:
    """What the certificate says, when it is whole, of this authority, for this holder, for this target, and in its day.

    The chains of `holder` and `authority` are the caller's to verify. Raises NotTrusted.
    """
    owner, base = x509.cut(authority), x509.cut(holder)
    try:
        body, algorithm, signature = x509.cut_signed(post)
        fields = [(tag, content, whole) for tag, content, whole in der.elements(der.inner(body))]
        said, issued_to = _read(fields, algorithm), fields[1][2]
    except (ValueError, IndexError, UnicodeDecodeError):
        raise NotTrusted("form", _("这不是一张完好的岗位证书。")) from None
    right_key = algorithm == keys.algorithm_of(owner.spki) and keys.verify(owner.spki, signature, body)
    if not right_key or fields[2][2] != der.explicit(0, _names(owner.subject)):
        raise NotTrusted("issuer", _("岗位证书不是本县岗位属性签发机构签发的，或者被改动过。"))
    if issued_to != der.sequence(der.explicit(0, _names(base.issuer), der.integer(base.serial))):
        raise NotTrusted("holder", _("岗位证书不属于这个人的证书。"))
    if at < said.not_before:
        raise NotTrusted("future", _("岗位证书当时尚未生效。"))
    if at > said.not_after:
        raise NotTrusted("expired", _("岗位证书当时已经过期，岗位证书只有一天有效。"))
    if said.targets and target not in said.targets:
        raise NotTrusted("target", _("岗位证书不是给这里使用的。"))
    return said


def _read(fields: list[tuple[int, bytes, bytes]], algorithm: keys.Algorithm) -> Post:
    if len(fields) != 8 or fields[0][2] != der.integer(1) or fields[3][2] != SIGNATURE_ALGORITHM[algorithm]:
        raise der.NotDer("not an attribute certificate of this kind")
    begins, ends = der.elements(fields[5][1])
    holder = list(der.elements(der.inner(fields[1][1])))
    roles: list[str] = []
    for _tag, attribute, _whole in der.elements(fields[6][1]):
        kind, values = der.elements(attribute)
        if der.read_oid(kind[1]) == ROLE:
            roles += [_address(der.inner(der.inner(value))) for _t, _c, value in der.elements(values[1])]
    targets: list[str] = []
    for _tag, content, _whole in der.elements(fields[7][1]):
        parts = list(der.elements(content))
        dotted = der.read_oid(parts[0][1])
        if dotted == TARGETING:
            for _t, group, _w in der.elements(der.inner(parts[-1][1])):
                targets += [_address(one) for _g, one, _h in der.elements(group)]
        elif len(parts) == 3:
            raise der.NotDer("critical extension")
    return Post(
        roles=tuple(role.removeprefix(PREFIX) for role in roles),
        holder_serial=der.read_integer(holder[1][1]),
        not_before=read_time(begins[0], begins[1]),
        not_after=read_time(ends[0], ends[1]),
        targets=tuple(targets),
    )


def _address(general_name: bytes) -> str:
    if general_name[:1] != b"\x86":
        raise der.NotDer("not an address")
    return der.inner(general_name).decode("ascii")
