"""Put signatures into a PDF: the national algorithm first, P-256 last, so that common readers see the whole file signed.

Each signature is an addition at the end of the file (ISO 32000-1, 12.8) that covers everything before it, in the form
ETSI.CAdES.detached (PAdES, EN 319 142-1). The document itself, its metadata and its PDF/A-2b form are left as they were.
With the first signature an empty DSS is put into the file, which only an archive revision fills (see `archive`).
"""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from zhengtong.security.signatures import cms
from zhengtong.security.signatures.values import Key

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

HASHES: Final = {"p256": "sha256", "sm2": "sm3"}
SLACK: Final = 512
"""Bytes left free in the file for a signature value or a stamp that is longer than the rehearsal."""

Stamp = Callable[[bytes], bytes]
"""A time-stamp (RFC 3161 token, DER) for the SHA-256 digest given. Raises `Unavailable`."""


def sign(
    pdf: bytes, keys: Sequence[Key], *, required: Sequence[str], at: datetime, stamp: Stamp | None = None
) -> bytes:
    """`pdf` with one signature of each key, in the order given.

    `required`: what every one of them says must be there. `stamp`: makes each a B-T signature. Raises what the keys and
    the stamp raise; then there is no signed file.
    """
    places: tuple[int, int] | None = None
    for key in keys:
        pdf, places = _sign_once(pdf, key, required, at, stamp, places)
    return pdf


def _sign_once(
    pdf: bytes,
    key: Key,
    required: Sequence[str],
    at: datetime,
    stamp: Stamp | None,
    places: tuple[int, int] | None,
) -> tuple[bytes, tuple[int, int]]:
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    writer = _writer()(io.BytesIO(pdf))
    places = places or _keep_places(writer)
    room = len(_message(key, bytes(32), required, None, places).dump()) + SLACK + (_STAMP_ROOM if stamp else 0)
    placeholder = SignatureObject(
        timestamp=at.astimezone(UTC),
        subfilter=SigSeedSubFilter.PADES,
        name=key.name,
        reason=key.reason,
        bytes_reserved=2 * room,
    )
    writing = PdfCMSEmbedder(SigFieldSpec(key.field)).write_cms(field_name=key.field, writer=writer)
    next(writing)
    writing.send(SigObjSetup(sig_placeholder=placeholder))
    prepared, output = writing.send(SigIOSetup(md_algorithm=HASHES[key.algorithm]))
    writing.send(_message(key, prepared.document_digest, required, stamp, places).dump())
    made = output.getvalue()
    assert isinstance(made, bytes)
    return made, places


def _keep_places(writer: "IncrementalPdfFileWriter") -> tuple[int, int]:
    """The numbers of an empty DSS and of the form, put into the document before anybody has signed."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    dss = writer.add_object(generic.DictionaryObject({pdf_name("/Type"): pdf_name("/DSS")}))
    form = writer.add_object(generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject()}))
    writer.root[pdf_name("/DSS")] = dss
    writer.root[pdf_name("/AcroForm")] = form
    writer.update_root()
    return dss.idnum, form.idnum


_STAMP_ROOM = 4096


def _message(
    key: Key, digest: bytes, required: Sequence[str], stamp: Stamp | None, places: tuple[int, int]
) -> cms.Message:
    from hashlib import sha256

    attributes = cms.signed_attributes(digest, key.certificate, key.field, required, key.attribute_certificate, places)
    signature = key.sign(attributes)
    token = stamp(sha256(signature).digest()) if stamp else b""
    return cms.Message(key.algorithm, key.certificate, key.chain, attributes, signature, token)


@lru_cache(maxsize=1)
def _writer() -> "type[IncrementalPdfFileWriter]":
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Writer(IncrementalPdfFileWriter):
        """Adds the signature and nothing else: the paper's own metadata stays, byte for byte."""

        def _update_meta(self) -> None:
            return

    return Writer
