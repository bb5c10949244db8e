"""TLS of the public address as a visitor meets it: each thing that is wrong is named with what to do."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from zhengtong.config import checkup, transport

NOW = datetime.now(UTC)
Serve = Callable[..., int]


def certificate(path: Path, days: int) -> None:
    """A certificate for 127.0.0.1 that is its own authority, and its key, in one PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    made = {}
    for days in (90, 5):
        made[days] = tmp_path_factory.mktemp("tls") / f"{days}.pem"
        certificate(made[days], days)
    return made


@pytest.fixture
def serve(certificates: dict[int, Path]) -> Iterator[Serve]:
    """`serve(days=…, **what the context is told)`: a TLS server on its own port."""
    running: list[tuple[socket.socket, threading.Thread]] = []

    def start(days: int = 90, ciphers: str = "", **told: Any) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates[days])
        for name, value in told.items():
            setattr(context, name, value)
        if ciphers:
            context.set_ciphers(ciphers)
        listening = socket.create_server(("127.0.0.1", 0))

        def answer() -> None:
            while True:
                try:
                    plain, _address = listening.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    plain.close()

        thread = threading.Thread(target=answer)
        thread.start()
        running.append((listening, thread))
        return int(listening.getsockname()[1])

    yield start
    for listening, thread in running:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def faults(port: int, trusted: Path | None) -> str:
    def trusting() -> ssl.SSLContext:
        context = ssl.create_default_context()
        if trusted:
            context.load_verify_locations(trusted)
        return context

    return " ".join(transport.faults_of("127.0.0.1", port, now=NOW, trusting=trusting))


STRONG = "ECDHE+AESGCM"
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "as it should be": ({"ciphers": STRONG, "minimum_version": ssl.TLSVersion.TLSv1_2}, ""),
    "ends soon": ({"days": 5, "ciphers": STRONG}, "到期"),
    "old versions": ({"ciphers": "ALL:@SECLEVEL=0", "minimum_version": ssl.TLSVersion.TLSv1}, "TLS 1.1或更旧"),
    "weak suites": ({"ciphers": "ALL:@SECLEVEL=0", "minimum_version": ssl.TLSVersion.TLSv1_2}, "弱加密套件"),
    "without 1.3": ({"ciphers": STRONG, "maximum_version": ssl.TLSVersion.TLSv1_2}, "没有优先用TLS 1.3"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_a_visitor_meets(case: str, serve: Serve, certificates: dict[int, Path]) -> None:
    """ASVS 12.1.1, 12.1.2."""
    told, said = CASES[case]
    found = faults(serve(**told), certificates[told.get("days", 90)])
    assert found == "" if not said else said in found


def test_a_certificate_browsers_do_not_know_is_named(serve: Serve) -> None:
    """ASVS 12.2.2: it is for the public, so the trust of the machine counts and no list of ours."""
    assert "证书不被信任" in faults(serve(ciphers=STRONG), None)


def test_the_check_of_the_deployment_says_it(serve: Serve, settings: Any) -> None:
    settings.PUBLIC_URL = f"https://127.0.0.1:{serve(ciphers=STRONG)}"
    found = checkup.tls()
    assert (found.level, "证书不被信任" in found.mend) == (checkup.FAULT, True)
    settings.PUBLIC_URL = "https://127.0.0.1:1"
    assert checkup.tls().level == checkup.CARE
    settings.PUBLIC_URL = "http://zw.example"
    assert checkup.tls().level == checkup.FAULT
