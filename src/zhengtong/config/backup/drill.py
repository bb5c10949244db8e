"""The drill: bring the newest backup back in a scratch place, start it, and say how much is lost (RPO) and how long it takes (RTO)."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from zhengtong.config.backup import restore
from zhengtong.config.backup.repository import Manifest, Repository
from zhengtong.kernel import scratch as scratch_folders

Progress = Callable[..., None]
START_SECONDS = 60


@dataclass(frozen=True)
class Figures:
    """What a drill found; times in seconds."""

    backup: str
    rpo_seconds: float
    longest_gap_seconds: float
    rto_seconds: float
    restored_bytes: int
    rows: int
    audit_entries: int
    audit_root: str
    answered: bool
    problems: list[str]


def drill(
    *, open_reader: Callable[[], restore.Reader], address: str, now: datetime, start: bool, say: Progress
) -> Figures:
    """Restore into a temporary folder (PostgreSQL: a scratch schema at `address`), check it whole, and start its web.

    RPO is the age of the backup: what was entered since would be lost. RTO runs from the first look at the folder until the restored
    web answers. The worker is not started: it would send notices. Raises as `restore.restore`.
    """
    started = time.monotonic()
    reader = open_reader()
    restore.require_all_pieces(reader)
    scratch = scratch_folders.folder("drill")
    try:
        total = restore.write_files(reader, scratch, say)
        with _database(reader, address) as environment:
            found = restore.checked(reader, scratch, say, **environment)
            answered = _answers(scratch, environment, say) if start else False
            rto = time.monotonic() - started
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    body = reader.manifest.body
    return Figures(
        backup=reader.manifest.name,
        rpo_seconds=round((now - reader.manifest.taken_at).total_seconds(), 1),
        longest_gap_seconds=round(longest_gap(reader.repository), 1),
        rto_seconds=round(rto, 2),
        restored_bytes=total or sum(body["bytes"].values()),
        rows=sum(body["counts"].values()),
        audit_entries=found["audit"]["entries"],
        audit_root=found["audit"]["root"],
        answered=answered,
        problems=body["problems"],
    )


def longest_gap(repository: Repository) -> float:
    """The longest time between two backups one after the other, seconds; the RPO an unlucky moment would have met."""
    moments = [_moment(repository.manifest(name)) for name in repository.names()]
    return max((b - a for a, b in zip(moments, moments[1:], strict=False)), default=0.0)


def _moment(manifest: Manifest) -> float:
    return manifest.taken_at.timestamp()


@contextmanager
def _database(reader: restore.Reader, address: str) -> Iterator[dict[str, str]]:
    """The environment in which a child finds the restored database."""
    if reader.manifest.body["engine"] == "sqlite":
        yield {"DATABASE_URL": ""}
        return
    from zhengtong.config.backup import postgres

    with postgres.scratch(address) as (connection, environment):
        restore.load_scratch(reader, connection)
        yield {**environment, "DATABASE_URL": address}


def _answers(data: Path, environment: dict[str, Any], say: Progress) -> bool:
    """Start the restored web on a free port of this machine and wait until it answers."""
    from zhengtong.config.commands import serve
    from zhengtong.config.processes import Children, answers

    port = serve.other_port(18000 + os.getpid() % 20000)
    say("启动恢复出来的网页 starting the restored web")
    with Children(data, log=data / "drill.log", **environment) as children:
        children.start("网页 web", "serve", "--port", str(port), "--workers", "1")
        children.wait_until(lambda: answers(f"http://127.0.0.1:{port}/"), START_SECONDS)
    return True
