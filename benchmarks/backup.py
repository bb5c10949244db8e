"""Backup: the first one, one after a morning's work, a restore and a drill; beside tar and openssl, which prove nothing."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from benchmarks import _county

CASES = 6_000
FILES, FILE_BYTES = int(os.environ.get("ZHENGTONG_BENCH_FILES", "400")), 256 * 1024
TEN_GB_MB = 10 * 1024


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`full_mb_per_second` and `peer_mb_per_second` (tar through openssl AES-256) read the same installation; `incremental_seconds` is a
    backup after 50 new files; `rto_seconds` a drill until the restored web answers; `rto_10gb_minutes` (at most 30) the restore's
    speed times 10 GB (ZHENGTONG_BENCH_FILES=40000 really restores that);
    `rpo_seconds` (at most 300) a timer of 60 s plus the longest backup.
    """
    _county.prepare(progress)
    _county.open_cases(CASES, progress)
    from django.conf import settings

    from zhengtong.config.backup import recovery
    from zhengtong.config.backup.drill import drill
    from zhengtong.config.backup.restore import open_backup, restore
    from zhengtong.config.backup.take import take

    data = Path(settings.DATA)
    outside = data.parent / f"{data.name}-backups"
    key = recovery.Passphrase(secrets.token_bytes(20))

    def back_up() -> tuple[float, float, int]:
        started = time.perf_counter()
        taken = take(
            data=data,
            database=settings.DATABASES["default"],
            into=outside / "repository",
            recovery=key,
            with_keys=True,
            at=datetime.now(UTC),
            say=progress,
        )
        return time.perf_counter() - started, sum(taken.manifest.body["bytes"].values()) / 2**20, taken.new_bytes

    def opened():
        return open_backup(folder=outside / "repository", name="", recovery=key)

    try:
        _files(data, FILES)
        full, megabytes, _new = back_up()
        _files(data, 50)
        incremental, _all, new_bytes = back_up()
        peer = _peer(data, outside)
        started = time.perf_counter()
        restore(reader=opened(), into=outside / "back", address="", say=progress)
        back = time.perf_counter() - started
        figures = drill(open_reader=opened, address="", now=datetime.now(UTC), start=True, say=progress)
    finally:
        shutil.rmtree(outside, ignore_errors=True)
    return {
        "megabytes": round(megabytes, 1),
        "full_mb_per_second": round(megabytes / full, 1),
        "peer_mb_per_second": round(megabytes / peer, 1),
        "incremental_seconds": round(incremental, 2),
        "incremental_new_mb": round(new_bytes / 2**20, 2),
        "restore_mb_per_second": round(megabytes / back, 1),
        "rto_seconds": figures.rto_seconds,
        "rto_10gb_minutes": round(TEN_GB_MB / (megabytes / back) / 60, 1),
        "rpo_seconds": round(60 + max(full, incremental), 1),
    }


def _files(data: Path, count: int) -> None:
    for _ in range(count):
        content = os.urandom(FILE_BYTES)
        digest = sha256(content).hexdigest()
        path = data / "files" / digest[:2] / digest[2:4] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _peer(data: Path, outside: Path) -> float:
    """What is done by hand elsewhere: tar, compressed and encrypted, of the same folder."""
    started = time.perf_counter()
    command = f"tar -C {data} -cf - . | gzip -1 | openssl enc -aes-256-ctr -pbkdf2 -pass pass:x -out {outside}/peer.tar"
    subprocess.run(["bash", "-c", f"set -o pipefail; {command}; sync"], check=False)
    return time.perf_counter() - started
