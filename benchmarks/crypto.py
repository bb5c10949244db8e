"""Cryptography: signatures, certificates and lists per second with a peer measured in the same run; then time stamps over HTTP
and signed papers of a whole county with its keys.
"""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import _county, _signing, _stamping

SECONDS = 2.0
ROUNDS = 3
REVOKED = 10_000
MOMENT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TEXT = b"x" * 64
Progress = Callable[..., None]


def run(progress: Progress) -> dict[str, float]:
    """`sm2_sign_per_second`, `sm2_ratio_vs_gmssl` (the pure Python package, same text, same run), `p256_cert_per_second` and
    `sm2_cert_per_second` (built, checked by the linter, signed), `crl_10k_s` (the slower of the two algorithms).

    One thread; the best of three stretches, because the machine has other work too. Then the keys of `_signing` (one process)
    and `_stamping` (the real web processes).
    """
    _county.prepare(progress)
    _hold_ceremony(progress)
    figures: dict[str, float] = {}
    for part in PARTS:
        figures |= part(progress)
    return figures


def _hold_ceremony(progress: Progress) -> None:
    from django.utils import timezone

    from zhengtong.security.pki import public as pki

    progress("key ceremony")
    pki.hold_ceremony(plan=pki.builtin_ceremony(), at=timezone.now())


def _rate(work: Callable[[], Any], seconds: float = SECONDS) -> float:
    """Calls per second of processor time: the best of several stretches."""
    best = 0.0
    for _round in range(ROUNDS):
        count, started = 0, time.process_time()
        while (spent := time.process_time() - started) < seconds / ROUNDS:
            for _n in range(5):
                work()
            count += 5
        best = max(best, count / spent)
    return best


def _signatures(progress: Progress) -> dict[str, float]:
    from gmssl import func, sm2, sm3

    from zhengtong.security.crypto import keys

    ours = keys.generate("sm2")
    mine = _rate(lambda: ours.sign(TEXT))
    checked = ours.sign(TEXT)
    verified = _rate(lambda: keys.verify(ours.spki, checked, TEXT))
    progress(f"SM2: {mine:,.0f} signatures, {verified:,.0f} checks a second")
    private = f"{secrets.randbelow(2**255):064x}"
    public = sm2.CryptSM2(private_key=private, public_key="")._kg(int(private, 16), sm2.default_ecc_table["g"])
    peer = sm2.CryptSM2(private_key=private, public_key=public)
    theirs = _rate(lambda: peer.sign_with_sm3(TEXT, func.random_hex(peer.para_len)))
    assert sm3.sm3_hash is not None
    progress(f"gmssl: {theirs:,.0f} signatures a second")
    return {
        "sm2_sign_per_second": round(mine),
        "sm2_verify_per_second": round(verified),
        "sm2_ratio_vs_gmssl": round(mine / theirs, 1),
    }


def _certificates(progress: Progress) -> dict[str, float]:
    from zhengtong.security.crypto import keys
    from zhengtong.security.pki import lint, x509

    name = (("C", "CN"), ("O", "双峰县人民政府"))
    figures: dict[str, float] = {}
    for algorithm in keys.ALGORITHMS:
        issuer, holder = keys.generate(algorithm), keys.generate(algorithm).spki

        def issue(issuer: keys.Signer = issuer, holder: bytes = holder) -> bytes:
            wanted = x509.Wanted(
                serial=1 << 126 | secrets.randbits(126),
                issuer=(*name, ("CN", "双峰县内部人员签发")),
                subject=(*name, ("OU", "县政务服务中心"), ("CN", "李华")),
                not_before=MOMENT,
                not_after=MOMENT + timedelta(days=730),
                spki=holder,
                issuer_spki=issuer.spki,
                key_usage=(x509.SIGN, x509.COMMIT),
                extended=(x509.CLIENT_AUTH,),
                crl_url="http://127.0.0.1:8000/pki/crl/officials-p256-1.crl",
                ocsp_url="http://127.0.0.1:8000/pki/ocsp/",
                issuer_url="http://127.0.0.1:8000/pki/ca/officials-p256.cer",
            )
            body = x509.certificate_body(wanted, issuer.algorithm)
            if lint.problems(body, issuer.algorithm, "official"):
                raise RuntimeError("the linter refused a proper certificate")
            return x509.signed(body, issuer)

        rate = _rate(issue)
        progress(f"{algorithm}: {rate:,.0f} certificates a second, linted and signed")
        figures[f"{algorithm}_cert_per_second"] = round(rate)
    return figures


def _lists(progress: Progress) -> dict[str, float]:
    from zhengtong.security.crypto import keys
    from zhengtong.security.pki import verifier, x509

    revoked = [(1 << 126 | secrets.randbits(126), MOMENT, "superseded") for _n in range(REVOKED)]
    slowest = 0.0
    for algorithm in keys.ALGORITHMS:
        issuer = keys.generate(algorithm)
        started = time.perf_counter()
        data = x509.revocation_list(
            issuer,
            (("C", "CN"), ("CN", "双峰县内部人员签发")),
            revoked,
            number=1,
            address="http://127.0.0.1:8000/pki/crl/officials-p256-1.crl",
            this_update=MOMENT,
            next_update=MOMENT + timedelta(days=7),
        )
        spent = time.perf_counter() - started
        if len(verifier.read_list(data).revoked) != REVOKED:
            raise RuntimeError("the list lost numbers")
        progress(f"{algorithm}: a list of {REVOKED:,} in {spent:.2f} s, {len(data):,} bytes")
        slowest = max(slowest, spent)
    return {"crl_10k_s": round(slowest, 2)}


PARTS: tuple[Callable[[Progress], dict[str, float]], ...] = (
    _signatures,
    _certificates,
    _lists,
    _signing.figures,
    _stamping.figures,
)
"""What is measured, in order; each part adds its own keys."""
