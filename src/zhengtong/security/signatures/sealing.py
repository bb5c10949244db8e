"""Which keys sign: on a paper the department's, in both algorithms, and the official's who decided; on an answer the county's."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Refusal
from zhengtong.security.crypto.keys import Algorithm
from zhengtong.security.pki import public as pki
from zhengtong.security.signatures.pdf import Stamp
from zhengtong.security.signatures.refusals import CannotSign
from zhengtong.security.signatures.values import DEPARTMENT, OFFICIAL, Key, Official
from zhengtong.security.timestamps import public as timestamps

ALGORITHMS: Final[tuple[Algorithm, Algorithm]] = ("sm2", "p256")
"""The national one first: common readers take the last signature for that of the whole file."""

REASONS: Final = {
    "official": "本人作出的决定。本文件应有的签名：{all}",
    "department": "本机关签发。本文件应有的签名：{all}",
}
NAMES: Final = {"department-sm2": "机关SM2", "department-p256": "机关P-256", "official-p256": "审批人P-256"}


def no_keys() -> CannotSign:
    """The refusal without keys."""
    return CannotSign(
        _("签名密钥暂时不可用，这份文书现在不能下载。办件不受影响，密钥恢复后再打开就会签好；急用请拨打12345。")
    )


def keys_for(department: Organization, official: Official | None, at: datetime) -> list[Key]:
    """The keys that sign a paper of this body, in order. A certificate that is not there yet is issued. Raises `CannotSign`.

    An official who holds their own key elsewhere cannot sign here: then the body signs alone, and the paper says so by what
    it requires.
    """
    try:
        kept = pki.official_key(official.user_id, official.name, official.organization, at) if official else None
        fields = ([OFFICIAL] if kept else []) + list(DEPARTMENT)
        wanted = "、".join(NAMES[field] for field in fields)
        keys = []
        if official and kept:
            post = pki.issue_post(holder=kept.row, roles=official.roles, at=at, by=None) if official.roles else None
            keys.append(
                Key(
                    field=OFFICIAL,
                    algorithm="p256",
                    name=official.name,
                    reason=REASONS["official"].format(all=wanted),
                    certificate=kept.chain[0],
                    chain=kept.chain[1:-1],
                    sign=kept.signer.sign,
                    attribute_certificate=bytes(post.der) if post else b"",
                )
            )
        for field, algorithm in zip(DEPARTMENT, ALGORITHMS, strict=True):
            held = pki.department_key(department, algorithm, at)
            reason = REASONS["department"].format(all=wanted)
            keys.append(
                Key(field, algorithm, department.name, reason, held.chain[0], held.chain[1:-1], held.signer.sign)
            )
    except (pki.KeyUnavailable, Refusal):
        raise no_keys() from None
    return keys


def county_keys(at: datetime) -> list[Key]:
    """The keys that sign answers of the interface in the county's name. Raises `CannotSign`."""
    found = []
    try:
        for algorithm in ALGORITHMS:
            chain, signer = pki.chain("papers", algorithm, at=at), pki.signer("papers", algorithm, at=at)
            found.append(Key("", algorithm, "", "", chain[0], chain[1:-1], signer.sign))
    except (pki.KeyUnavailable, Refusal):
        raise no_keys() from None
    return found


def stamp_at_hand(*, demanded: bool) -> Stamp | None:
    """What puts time-stamps on signatures; None when the county cannot stamp now and it is not `demanded`, else `CannotSign`."""
    try:
        timestamps.stamp(bytes(32))
    except timestamps.StampUnavailable as refusal:
        if not demanded:
            return None
        raise CannotSign(
            _("时间戳暂时不可用，决定类文书和证照要等它恢复才能下载：{why}").format(why=refusal.message)
        ) from None
    return timestamps.stamp
