"""The field vault: values sealed and opened a second, and a million rows sealed anew while another process reads without pause.

The peer is Fernet (AES-128-CBC and HMAC-SHA256), which the usual Django field packages encrypt with: it binds a value to nothing, so
a ciphertext can be moved to another row, and it is as long as its base64.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import _county

ROWS = 1_000_000
VALUES = 100_000
READER = """
import os, random, sys
import django
django.setup()
from pathlib import Path
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.accounts.models import Enterprise
folder, rows = Path(sys.argv[1]), int(sys.argv[2])
reads = failures = 0
while not (folder / "stop").exists():
    for body in Enterprise.objects.filter(pk__in=random.sample(range(1, rows + 1), 200)):
        reads += 1
        try:
            failures += body.phone != f"138{body.pk:08d}"
        except ZhengtongError:
            failures += 1
    (folder / "reading").touch()
(folder / "read").write_text(f"{reads} {failures}")
"""


def figures(progress: Callable[..., None]) -> dict[str, float]:
    """`vault_rotate_1m_rows_s`: seconds for a million rows with one sealed value each, on one core beside the reader;
    `vault_failed_reads`: of the reads meanwhile. The rest is a second on one core.
    """
    measured = _values(progress)
    _fill(progress)
    return {**measured, **_rotate(progress)}


def _rate(name: str, work: Callable[[int], object], progress: Callable[..., None]) -> float:
    started = time.process_time()
    for number in range(VALUES):
        work(number)
    rate = VALUES / (time.process_time() - started)
    progress(f"{name}: {rate:,.0f} a second")
    return round(rate)


def _values(progress: Callable[..., None]) -> dict[str, float]:
    from cryptography.fernet import Fernet

    from zhengtong.security.vault.ciphers import SM4
    from zhengtong.security.vault.ring import Key
    from zhengtong.security.vault.sealing import FieldVault, sealed_by

    vault, seal, value = FieldVault(), os.urandom(16), "431321197103091234"
    sealed, fernet = vault.seal("accounts_user.resident_id", seal, value.encode()), Fernet(Fernet.generate_key())
    token, sm4 = fernet.encrypt(value.encode()), Key(7, SM4, os.urandom(32), b"\2\0\7")
    ours = _rate("sealed", lambda n: vault.seal("accounts_user.resident_id", seal, value.encode()), progress)
    opened = _rate("opened", lambda n: vault.open("accounts_user.resident_id", seal, sealed), progress)
    return {
        "seal_per_second": ours,
        "open_per_second": opened,
        "seal_sm4_per_second": _rate("sealed by SM4", lambda n: sealed_by(sm4, "a.b", seal, value.encode()), progress),
        "blind_index_per_second": _rate("indexed", lambda n: vault.index("a.b", value), progress),
        "seal_ratio_vs_fernet": round(ours / _rate("Fernet", lambda n: fernet.encrypt(value.encode()), progress), 2),
        "bytes_per_identity_number": len(sealed),
        "bytes_ratio_vs_fernet": round(len(sealed) / len(token), 2),
    }


def _fill(progress: Callable[..., None]) -> None:
    from django.db import connection, transaction

    from zhengtong.kernel.sealed import new_seal, vault

    sql = (
        "INSERT INTO accounts_enterprise (id, uscc, name, legal_representative, seal, phone, address) "
        "VALUES (%s, %s, '示例商行', '甲', %s, %s, %s)"
    )
    for first in range(1, ROWS + 1, 50_000):
        rows = []
        for pk in range(first, min(first + 50_000, ROWS + 1)):
            seal = new_seal()
            phone = vault().seal("accounts_enterprise.phone", seal, f"138{pk:08d}".encode())
            rows.append((pk, f"{pk:018d}", seal, phone, b""))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(sql, rows)
        progress("rows", first + len(rows) - 1, ROWS)


def _rotate(progress: Callable[..., None]) -> dict[str, float]:
    from zhengtong.security.vault import public as vault

    folder = Path(os.environ["DATA"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "zhengtong.config.settings"}
    with subprocess.Popen([sys.executable, "-c", READER, str(folder), str(ROWS)], env=environment) as reader:
        while not (folder / "reading").exists():
            time.sleep(0.05)
        started = time.monotonic()
        rotation = vault.start_rotation(by=None, at=_county.FOUNDED)
        whole = vault.carry_on(rotation=rotation, by=None, at=_county.FOUNDED)
        seconds = time.monotonic() - started
        (folder / "stop").touch()
        reader.wait()
    reads, failures = map(int, (folder / "read").read_text().split())
    rotation.refresh_from_db()
    if not whole or rotation.rows != ROWS:
        raise RuntimeError(f"{rotation.rows} rows were sealed anew")
    progress(f"{ROWS:,} rows in {seconds:.1f} s, {reads:,} reads meanwhile, {failures} failed")
    return {"vault_rotate_1m_rows_s": round(seconds, 1), "vault_reads": reads, "vault_failed_reads": failures}
