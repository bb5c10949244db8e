"""Read the signatures of a PDF, by anybody and of any origin, without opening the document.

The file is not interpreted: signatures are found by their byte ranges, so no crafted document gets to run through a PDF
reader. That is enough because the last signature must cover the file from its first byte to its last, save only its own
value, and that value must be written exactly as this house writes it: whatever bit is changed, one of the two notices it.
Behind the last signature only archive revisions may follow, in the one form in which this house writes them (`archive`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import new as new_hash
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.security.crypto import der
from zhengtong.security.signatures import archive, cms, trust
from zhengtong.security.signatures.pdf import HASHES
from zhengtong.security.signatures.values import DEPARTMENT, OFFICIAL, Archived, Report, Signature
from zhengtong.security.timestamps import public as timestamps

AUTHORITIES: Final = {"department-sm2": "bodies-sm2", "department-p256": "bodies-p256", OFFICIAL: "officials-p256"}
"""Which authority certifies whom: no official signs in the name of a body."""

MOST: Final = 20
"""More signatures than this are nobody's paper."""

RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
MOMENT = re.compile(rb"/M\s*\(D(?::|\\072)(\d{14})Z\)")


@dataclass(frozen=True)
class _Place:
    """Where a signature lies: its value is between `gap` and `rest`, it covers the file up to `end`."""

    gap: int
    rest: int
    end: int


def read_pdf(pdf: bytes, *, at: datetime) -> Report:
    """What the signatures of `pdf` say. `at`: the moment of reading, for certificates without a proven time."""
    places = list(_places(pdf))
    if not places:
        return Report("pdf", problems=(_("这份PDF没有任何电子签名，无法证明是谁签发的、有没有被改动。"),))
    if len(places) > MOST:
        return Report("pdf", problems=(_("这份PDF里的签名太多，不像本县签发的文书，没有逐个核验。"),))
    found, required, authorities, problems = [], set[str](), trust.known(), list[str]()
    end = places[-1].end
    stamps: tuple[Archived, ...] = ()
    if end != len(pdf):
        try:
            stamps = _archived(pdf, places[-1], authorities)
        except ValueError:
            problems.append(_("最后一个签名之后，文件又被添加了内容。签名以外的内容不是签发机关的，不能采信。"))
    for place in places:
        signature, wanted = _read_one(pdf, place, authorities, at, whole=end, archived=stamps)
        found.append(signature)
        required |= wanted
    names = [s.name for s in found if s.ours and s.name]
    # No signer can leave a signature of the department out of what must be there, whatever its own says.
    missing = tuple(sorted((required | set(DEPARTMENT)) - set(names))) if names else ()
    if len(names) != len(set(names)):
        problems.append(_("同一个签名出现了两次，文件被拼接过。"))
    return Report("pdf", tuple(found), missing, tuple(problems), archive=stamps)


def archivable(pdf: bytes) -> tuple[int, tuple[int, int]] | None:
    """(where the last signature ends, the places kept for archive stamps); None for a file that has none."""
    places = list(_places(pdf))
    try:
        said = cms.said(cms.load(_value(pdf, places[-1]))) if places else None
    except ValueError:
        return None
    return (places[-1].end, said.places) if said and said.places else None


def held(pdf: bytes) -> tuple[list[bytes], list[bytes]]:
    """(certificates that the signatures and stamps of a PDF of ours name, its archive stamps), unchecked. Raises `ValueError`."""
    found: list[bytes] = []
    for place in _places(pdf):
        message = cms.load(_value(pdf, place))
        found.append(message.certificate)
        if message.stamp:
            found.append(timestamps.said(message.stamp).certificate)
    kept = archivable(pdf)
    tokens = [one.token for one in archive.read(pdf, end=kept[0], places=kept[1])] if kept else []
    return found + [timestamps.said(token).certificate for token in tokens], tokens


def _archived(pdf: bytes, last: _Place, authorities: trust.Known) -> tuple[Archived, ...]:
    """The archive stamps behind the last signature. Raises `ValueError` for anything else that stands there."""
    said = cms.said(cms.load(_value(pdf, last)))
    if said.places is None:
        raise archive.NotArchived("no places were kept")
    found = []
    for revision in archive.read(pdf, end=last.end, places=said.places):
        if not trust.evidence(revision.added.certificates, revision.added.lists, authorities):
            raise archive.NotArchived("evidence of others")
        found.append(trust.archived(revision.token, revision.digest, authorities))
    return tuple(found)


def _places(pdf: bytes) -> Iterator[_Place]:
    """The signatures in the order of the file; archive stamps are none of them."""
    for hit in RANGE.finditer(pdf):
        if pdf.endswith(archive.STAMP_HEAD, 0, hit.start()):
            continue
        first, gap, rest, length = (int(part) for part in hit.groups())
        yield _Place(gap if first == 0 else -1, rest, rest + length)


def _read_one(
    pdf: bytes,
    place: _Place,
    authorities: trust.Known,
    at: datetime,
    *,
    whole: int,
    archived: tuple[Archived, ...],
) -> tuple[Signature, set[str]]:
    """The signature at `place`, and the names of those that it says must be there. `whole`: where the signed file ends."""
    damaged = Signature("", "", problems=(_("签名的数据被改动或损坏，或者不是本县系统写成的，不能核验。"),))
    try:
        message = cms.load(_value(pdf, place))
        said = cms.said(message)
        holder = trust.holder(message.certificate)
    except ValueError:
        return damaged, set()
    problems = []
    covered = new_hash(HASHES[message.algorithm], pdf[: place.gap] + pdf[place.rest : place.end]).digest()
    if covered != said.digest:
        problems.append(_("文件在签名之后被改动过：内容与签名不符。"))
    if not trust.signed(message.certificate, message.signature, message.attributes):
        problems.append(_("签名不是这张证书的持有者作出的。"))
    signed_at = _moment(pdf, place)
    stamped_at, spoilt = None, ""
    if message.stamp:
        stamped_at, spoilt = trust.stamped(message.stamp, message.signature, authorities)
    if spoilt:
        problems.append(spoilt)
    verdict = trust.judge(
        message.certificate,
        message.chain,
        authority=AUTHORITIES.get(said.name, ""),
        authorities=authorities,
        signed_at=signed_at,
        stamped_at=stamped_at or (archived[0].since if archived else None),
        now=at,
    )
    problems += verdict.problems
    post, unproven = trust.post(said.attribute_certificate, message.certificate, signed_at or at)
    if unproven:
        problems.append(unproven)
    signature = Signature(
        said.name,
        message.algorithm,
        signer=holder.name,
        issuer=holder.issuer,
        post=post,
        signed_at=signed_at,
        stamped_at=stamped_at,
        ours=verdict.ours,
        whole=place.end == whole,
        problems=tuple(problems),
    )
    return signature, set(said.required)


def _value(pdf: bytes, place: _Place) -> bytes:
    """The signature value (DER) in the gap, which must be filled as this house fills it. Raises `ValueError`."""
    written = pdf[place.gap : place.rest] if 0 <= place.gap < place.rest <= place.end <= len(pdf) else b""
    if written[:1] != b"<" or written[-1:] != b">":
        raise ValueError("the gap is not the value of the signature")
    raw = bytes.fromhex(written[1:-1].decode("ascii"))
    _tag, _start, size = der.read(raw)
    padding = len(raw) - size
    # The value is written in capitals and filled up with zeros; small or capital letters would otherwise be free to choose.
    if written != b"<" + raw[:size].hex().upper().encode() + b"0" * (2 * padding) + b">" or any(raw[size:]):
        raise ValueError("the value of the signature has been changed")
    return raw[:size]


def _moment(pdf: bytes, place: _Place) -> datetime | None:
    """The time of signing as the signature's own dictionary says it; it lies right behind the value, and is signed."""
    hit = MOMENT.search(pdf, place.rest, min(place.rest + 2048, place.end))
    if hit is None:
        return None
    try:
        return datetime.strptime(hit[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def signers(pdf: bytes) -> Iterator[tuple[cms.Said, trust.Holder]]:
    """Of each signature in a PDF of ours, what it says and who made it, unchecked. Raises `ValueError`."""
    for place in _places(pdf):
        message = cms.load(_value(pdf, place))
        yield cms.said(message), trust.holder(message.certificate)
