"""The signature under a manifest: made with keys of the installation that lie in its keys folder, P-256 and SM2."""

import os
from hashlib import sha256
from pathlib import Path

from zhengtong.security.crypto import keys as crypto

FILE = "backup-signing.{algorithm}.key"


def signers(folder: Path) -> list[crypto.Signer]:
    """The signers of this installation, one of each algorithm; made when first asked for. `folder` is its keys folder.

    Both signatures must hold. One place to hand over to the key stores of the security service.
    """
    return [_signer(folder, algorithm) for algorithm in crypto.ALGORITHMS]


def _signer(folder: Path, algorithm: crypto.Algorithm) -> crypto.Signer:
    path = folder / FILE.format(algorithm=algorithm)
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, crypto.generate(algorithm).pkcs8())
    return crypto.load(algorithm, path.read_bytes())


def write_private(path: Path, content: bytes) -> None:
    """Write a key file whole or not at all, readable by its owner only."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def signatures(by: list[crypto.Signer], data: bytes) -> list[dict[str, str]]:
    """A signature of each signer over `data`, as JSON objects."""
    return [{"algorithm": s.algorithm, "spki": s.spki.hex(), "signature": s.sign(data).hex()} for s in by]


def hold(found: list[dict[str, str]], data: bytes) -> bool:
    """Is `data` signed with every algorithm, each once, and do all hold? Taking one off is a change like any other."""
    try:
        return [s["algorithm"] for s in found] == list(crypto.ALGORITHMS) and all(
            crypto.algorithm_of(bytes.fromhex(s["spki"])) == s["algorithm"]
            and crypto.verify(bytes.fromhex(s["spki"]), bytes.fromhex(s["signature"]), data)
            for s in found
        )
    except (ValueError, KeyError, TypeError):
        return False


def fingerprint(found: list[dict[str, str]]) -> str:
    """SHA-256 over the public keys, in groups of four digits, for comparing by eye."""
    digits = sha256(b"".join(bytes.fromhex(s["spki"]) for s in found)).hexdigest()[:32]
    return "-".join(digits[at : at + 4] for at in range(0, 32, 4))
