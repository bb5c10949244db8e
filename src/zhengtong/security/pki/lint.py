"""What no certificate of ours may lack: read back by another parser than the writer, before anything is signed."""

from collections.abc import Iterator
from typing import Any

from cryptography import x509 as foreign
from cryptography.x509.oid import ExtendedKeyUsageOID

from zhengtong.security.crypto.keys import Algorithm, algorithm_of
from zhengtong.security.pki import x509

LEAST_SERIAL_BITS = 64
LONGEST_DAYS = {"root": 25 * 366, "authority": 12 * 366, "service": 5 * 366, "official": 3 * 366}
LONGEST_OTHER_DAYS = 3 * 366
_UNSIGNED = b"\x30\x06\x02\x01\x01\x02\x01\x01"


def problems(body: bytes, algorithm: Algorithm, kind: str) -> list[str]:
    """What is wrong with a TBSCertificate of `kind` (root, authority, service, official, department, node); empty: sign.

    RFC 5280 4.1–4.2 and the CA/Browser rule of at least 64 random bits in the serial number.
    """
    try:
        parsed = foreign.load_der_x509_certificate(x509.assembled(body, algorithm, _UNSIGNED))
        parts = x509.cut(x509.assembled(body, algorithm, _UNSIGNED))
        extensions = parsed.extensions
        algorithm_of(parts.spki)
    except (ValueError, foreign.DuplicateExtension, foreign.UnsupportedGeneralNameType) as error:
        return [f"unreadable: {error}"]
    found = {one.oid.dotted_string: one for one in extensions}
    return [
        *_serial(parsed.serial_number),
        *_validity(parsed, kind),
        *_usage(found, kind),
        *_identity(parsed, found, kind),
    ]


def _serial(serial: int) -> Iterator[str]:
    if serial <= 0 or serial.bit_length() > 159:
        yield "serial number must be positive and at most 20 octets"
    if serial.bit_length() < LEAST_SERIAL_BITS:
        yield "serial number has fewer than 64 bits"


def _validity(parsed: foreign.Certificate, kind: str) -> Iterator[str]:
    days = (parsed.not_valid_after_utc - parsed.not_valid_before_utc).total_seconds() / 86400
    if days <= 0:
        yield "ends before it begins"
    if days > LONGEST_DAYS.get(kind, LONGEST_OTHER_DAYS):
        yield f"valid for {days:.0f} days, longer than a {kind} may be"


def _usage(found: dict[str, Any], kind: str) -> Iterator[str]:
    basic, usage = found.get("2.5.29.19"), found.get("2.5.29.15")
    if basic is None or not basic.critical or usage is None or not usage.critical:
        yield "basic constraints and key usage must be there and critical"
        return
    authority = kind in ("root", "authority")
    if basic.value.ca != authority:
        yield "authority bit does not fit the kind"
    if usage.value.key_cert_sign != authority or usage.value.crl_sign != authority:
        yield "keyCertSign and cRLSign belong to authorities, and to them alone"
    if authority and basic.value.path_length != {"root": 1, "authority": 0}[kind]:
        yield "path length must be 1 for a root and 0 below it"
    if authority and usage.value.digital_signature:
        yield "an authority signs certificates and lists only"
    if not authority and not usage.value.digital_signature:
        yield "a holder must be able to sign"
    extended = found.get("2.5.29.37")
    purposes = list(extended.value) if extended else []
    if ExtendedKeyUsageOID.TIME_STAMPING in purposes and (len(purposes) > 1 or not extended.critical):
        yield "time stamping must stand alone and be critical"
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes:
        yield "any purpose is no purpose"


def _identity(parsed: foreign.Certificate, found: dict[str, Any], kind: str) -> Iterator[str]:
    for needed in ("2.5.29.14", "2.5.29.35"):
        if needed not in found:
            yield f"key identifier {needed} is missing"
    if not parsed.subject.get_attributes_for_oid(foreign.NameOID.COMMON_NAME):
        yield "the subject has no name"
    if kind == "node" and "2.5.29.17" not in found:
        yield "a node needs its host names as alternative names"
    if kind == "authority" and ("2.5.29.30" not in found or not found["2.5.29.30"].critical):
        yield "an authority below the root needs critical name constraints"
    if kind not in ("root", "authority") and "2.5.29.30" in found:
        yield "name constraints belong to authorities"
    if kind != "root" and ("2.5.29.31" not in found or "1.3.6.1.5.5.7.1.1" not in found):
        yield "revocation list and status address are missing"
