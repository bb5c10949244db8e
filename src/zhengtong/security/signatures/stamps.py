"""A time-stamp (RFC 3161) as a file of its own."""

from django.utils.translation import gettext as _

from zhengtong.security.crypto import der
from zhengtong.security.signatures import cms, trust
from zhengtong.security.signatures.values import Report, Signature
from zhengtong.security.timestamps import public as timestamps


def read_stamp(content: bytes) -> Report:
    """What a token, or the answer of a time-stamp service with one in it, proves."""
    unread = Report("stamp", problems=(_("这不是时间戳文件，或者文件已损坏。"),))
    try:
        outer = cms.parts(content)
        token = outer[1] if outer[0][0] == der.SEQUENCE else content
        digest = _digest(token)
        info = timestamps.verify(token, digest)
        holder = trust.holder(info.certificate)
    except (ValueError, IndexError):
        return unread
    except timestamps.StampNotGenuine as refusal:
        return Report("stamp", problems=(refusal.message,))
    if not trust.well_formed(token, trust.known()):
        return unread
    found = Signature("stamp", info.algorithm, holder.name, holder.issuer, stamped_at=info.at, ours=True)
    return Report("stamp", (found,), digest=f"{info.digest_name.upper()} {info.digest.hex()}")


def _digest(token: bytes) -> bytes:
    """The digest that was stamped. Raises `ValueError`, `IndexError`."""
    encapsulated = cms.parts(cms.parts(cms.parts(cms.parts(token)[1])[0])[2])[1]
    said = der.inner(cms.parts(encapsulated)[0])
    return der.inner(cms.parts(cms.parts(said)[2])[1])
