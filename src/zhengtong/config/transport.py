"""How the public address of the site speaks TLS, seen from outside: version, ciphers, certificate (ASVS 5.0 12.1, 12.2).

The product stands behind a proxy that ends TLS; `zhengtong doctor` asks it as a browser would, and as an old or careless one.
"""

import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from socket import create_connection

WITHIN = 5
ENDS_SOON = timedelta(days=21)
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
WEAK = "eNULL:aNULL:RC4:3DES:DES:EXPORT:MD5:PSK:SEED:IDEA:CAMELLIA:kRSA"
"""Suites without authentication, without forward secrecy or with broken parts (RFC 9325 4.1, 4.2)."""

Contexts = Callable[[], ssl.SSLContext]


def faults_of(host: str, port: int, *, now: datetime, trusting: Contexts = ssl.create_default_context) -> list[str]:
    """What is wrong with TLS at this address, each a sentence; empty when a browser may rely on it.

    `trusting` makes the context of a careful visitor. Raises `OSError` when nobody answers at all.
    """
    create_connection((host, port), timeout=WITHIN).close()
    try:
        spoken, until = _careful(host, port, trusting())
    except ssl.SSLCertVerificationError as refusal:
        return [f"证书不被信任（{refusal.verify_message}）。请换成公认机构签发、写着{host}的证书，并带上中间证书。"]
    except ssl.SSLError as refusal:
        return [f"用TLS 1.2以上连不上（{refusal.reason}）。请在TLS代理上启用TLS 1.2和1.3。"]
    found = []
    if until - now < ENDS_SOON:
        found.append(f"证书{until.date().isoformat()}到期。请马上更换，并设好自动续期。")
    if spoken != "TLSv1.3":
        found.append("没有优先用TLS 1.3。请在TLS代理上启用。")
    if _accepts(host, port, old=True):
        found.append("还接受TLS 1.1或更旧的版本。请在TLS代理上只留1.2和1.3。")
    if _accepts(host, port, old=False):
        found.append("还接受弱加密套件。请在TLS代理上只留ECDHE加AES-GCM或ChaCha20。")
    return found


def _careful(host: str, port: int, context: ssl.SSLContext) -> tuple[str, datetime]:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with (
        create_connection((host, port), timeout=WITHIN) as plain,
        context.wrap_socket(plain, server_hostname=host) as spoken,
    ):
        certificate = spoken.getpeercert() or {}
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        return str(spoken.version()), datetime.fromtimestamp(ends, UTC)


def _accepts(host: str, port: int, *, old: bool) -> bool:
    """A visitor who asks for what nobody should offer gets it. Who they talk to is of no interest here: nothing is said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = OLD if old else (ssl.TLSVersion.TLSv1_2,) * 2
    try:
        context.set_ciphers("ALL:@SECLEVEL=0" if old else f"{WEAK}:@SECLEVEL=0")
        with (
            create_connection((host, port), timeout=WITHIN) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except (ssl.SSLError, OSError):
        return False
