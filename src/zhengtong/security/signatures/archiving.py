"""Close a signed PDF with archive stamps, and close it again before they run out."""

from datetime import datetime
from functools import partial
from typing import Final

from zhengtong.security.pki import public as pki
from zhengtong.security.signatures import archive, reading
from zhengtong.security.timestamps import public as timestamps

ALGORITHMS: Final = ("sm2", "p256")
"""The national one first: common readers look at the last stamp, and can check that one."""


def closed(pdf: bytes) -> bytes:
    """`pdf` with an archive stamp of each algorithm behind what is there, and what a later reader needs to check all of it.

    Raises `NotArchived` for a file without the places kept for that, `StampUnavailable` without a clock.
    """
    kept = reading.archivable(pdf)
    if kept is None:
        raise archive.NotArchived("no places were kept")
    end, places = kept
    for algorithm in ALGORITHMS:
        named, _tokens = reading.held(pdf)
        certificates, lists = pki.proof_of(named)
        evidence = archive.Evidence(certificates, lists)
        pdf = archive.add(
            pdf, end=end, places=places, evidence=evidence, stamp=partial(timestamps.stamp, algorithm=algorithm)
        )
    return pdf


def protected_until(pdf: bytes) -> datetime | None:
    """Until when the newest archive stamp of a PDF of ours protects it. Raises `ValueError`."""
    _named, tokens = reading.held(pdf)
    return _end_of(timestamps.said(tokens[-1]).certificate) if tokens else None


def new_stamps_until(at: datetime) -> datetime | None:
    """Until when a stamp that is put on now would protect; None while there is no key for stamps."""
    try:
        return _end_of(pki.certificate("timestamps", "p256", at=at))
    except pki.NoCeremony:
        return None


def _end_of(certificate: bytes) -> datetime:
    from cryptography import x509

    return x509.load_der_x509_certificate(certificate).not_valid_after_utc
