"""A time-stamp authority of its own for a test: a key and a certificate made on the spot, clocks that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from zhengtong.security.crypto import der, keys
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
    """A root, a key under it for stamps, and whether the key is there. Certificates are DER."""

    algorithm: str
    root: bytes
    root_spki: bytes
    certificate: bytes
    signer: keys.Signer
    gone: bool = False

    def key_of(self, algorithm: str) -> StampKey:
        if self.gone or algorithm != self.algorithm:
            raise KeyGone(algorithm)
        return StampKey(algorithm, self.signer.sign, self.certificate)

    def vouch(self, certificate: bytes, at: datetime) -> None:
        tbs, _algorithm, signature = (part[2] for part in der.elements(der.inner(certificate)))
        if not keys.verify(self.root_spki, der.inner(signature)[1:], tbs):
            raise KeyGone("not of this house")
        loaded = x509.load_der_x509_certificate(certificate)
        if not loaded.not_valid_before_utc <= at <= loaded.not_valid_after_utc:
            raise KeyGone("not valid then")

    def authority(self, guard: Guard) -> Authority:
        return Authority(guard, self.key_of, policy=POLICY, accuracy_ms=1000)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(builder: x509.CertificateBuilder, subject: keys.Signer, issuer: keys.Signer) -> bytes:
    """A certificate for a key and by a key of either algorithm: made for a stand-in key, which is then replaced in the DER."""
    stand_in = ec.generate_private_key(ec.SECP256R1())
    made = builder.public_key(stand_in.public_key()).sign(stand_in, hashes.SHA256()).tbs_certificate_bytes
    replaced = keys.P256Signer(stand_in).spki
    assert made.count(replaced) == made.count(keys.ECDSA_SHA256) == 1
    algorithm = keys.SIGNATURE_ALGORITHM[issuer.algorithm]
    tbs = der.sequence(der.inner(made).replace(replaced, subject.spki).replace(keys.ECDSA_SHA256, algorithm))
    return der.sequence(tbs, algorithm, der.bits(issuer.sign(tbs)))


def make_house(
    algorithm: str = "p256",
    *,
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    critical: bool = True,
    years: int = 9,
) -> House:
    """An authority of one algorithm; its certificate ends `years` from now."""
    root_key, key = keys.generate(algorithm), keys.generate(algorithm)
    now = datetime.now(UTC).replace(microsecond=0)

    def build(subject: str, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Root"))
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=4000))
            .not_valid_after(now + timedelta(days=365 * years))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    stamps = build("Stamps", ca=False).add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=critical)
    root = _signed(build("Root", ca=True), root_key, root_key)
    return House(algorithm, root, root_key.spki, _signed(stamps, key, root_key), key)


def pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)
