"""A time-stamp authority of its own for a test: a key and a certificate made on the spot, clocks that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from zhengtong.security.timestamps import sources
from zhengtong.security.timestamps.authority import Authority
from zhengtong.security.timestamps.clock import Guard
from zhengtong.security.timestamps.keys import KeyGone, StampKey
from zhengtong.security.timestamps.sources import Reading

POLICY = "1.3.6.1.4.1.32473.1"
BOOT = bytes(range(16))
START = 1_790_000_000_000_000_000


@dataclass
class World:
    """The clocks around a guard, in nanoseconds; a test moves them."""

    wall: int = START
    steady: int = 77_000_000_000
    boot: bytes = BOOT
    reading: Reading = field(default_factory=lambda: Reading(sources.NONE))

    def passes(self, seconds: float) -> None:
        self.wall += int(seconds * 1e9)
        self.steady += int(seconds * 1e9)

    def steps(self, seconds: float) -> None:
        self.wall += int(seconds * 1e9)

    def restarts(self, after: float, boot: bytes = b"another boot id!") -> None:
        self.passes(after)
        self.steady, self.boot = 5_000_000_000, boot

    def guard(self, path: Path, **more) -> Guard:
        return Guard(
            path,
            source=lambda: self.reading,
            wall_ns=lambda: self.wall,
            steady=lambda: self.steady,
            boot=lambda: self.boot,
            **more,
        )


@dataclass
class House:
    """A root, a key under it for stamps, and whether the key is there."""

    root: x509.Certificate
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    gone: bool = False

    def key_of(self, algorithm: str) -> StampKey:
        if self.gone or algorithm != "p256":
            raise KeyGone(algorithm)
        return StampKey(
            "p256",
            lambda data: self.key.sign(data, ec.ECDSA(hashes.SHA256())),
            self.certificate.public_bytes(serialization.Encoding.DER),
        )

    def vouch(self, certificate: bytes, at: datetime) -> None:
        loaded = x509.load_der_x509_certificate(certificate)
        try:
            loaded.verify_directly_issued_by(self.root)
        except Exception as error:
            raise KeyGone("not of this house") from error
        if not loaded.not_valid_before_utc <= at <= loaded.not_valid_after_utc:
            raise KeyGone("not valid then")

    def authority(self, guard: Guard) -> Authority:
        return Authority(guard, self.key_of, policy=POLICY, accuracy_ms=1000)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_house(*, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), critical: bool = True) -> House:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC).replace(microsecond=0)
    start, end = now - timedelta(days=400), now + timedelta(days=4000)

    def build(subject: str, public_key, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Root"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    root = build("Root", root_key.public_key(), ca=True).sign(root_key, hashes.SHA256())
    stamps = build("Stamps", key.public_key(), ca=False)
    stamps = stamps.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=critical)
    return House(root, stamps.sign(root_key, hashes.SHA256()), key)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
