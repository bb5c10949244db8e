"""`zhengtong drill DIR`: would we come back, how much would be lost, how long would it take? Touches neither the installation nor DIR."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from zhengtong.config.backup.progress import Progress
from zhengtong.config.backup.refusals import CannotBackUp
from zhengtong.config.commands.backup import recovery_argument
from zhengtong.config.commands.restore import required_recovery
from zhengtong.config.processes import CannotRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which backup, and how far."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of backups")
    parser.add_argument("--backup", metavar="NAME", default="", help="which backup (default: the newest)")
    parser.add_argument("--signer", metavar="FINGERPRINT", default="", help="refuse a backup signed with another key")
    parser.add_argument("--no-start", action="store_true", help="do not start the restored web pages")
    recovery_argument(parser)


def run(options: argparse.Namespace) -> int:
    """Rehearse; exit 1 with a sentence when the installation would not come back."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
    try:
        return _run(options)
    except (CannotBackUp, CannotRun) as problem:
        print(f"\n演练没有通过。 / The drill failed.\n{problem}", file=sys.stderr)
        print(json.dumps({"whole": False, "why": str(problem).splitlines()[0]}, ensure_ascii=False))
        return 1
    except KeyboardInterrupt:
        print("\n已停止。 / Stopped.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    from zhengtong.config.backup import recovery
    from zhengtong.config.backup.drill import drill
    from zhengtong.config.backup.restore import Reader, open_backup

    key = recovery.read(required_recovery(options))

    def open_reader() -> Reader:
        folder = options.folder.resolve()
        return open_backup(folder=folder, name=options.backup, recovery=key, signer=options.signer)

    say = Progress()
    figures = drill(
        open_reader=open_reader,
        address=os.environ.get("DATABASE_URL", ""),
        now=datetime.now(UTC),
        start=not options.no_start,
        say=say,
    )
    say.end()
    print(
        f"演练通过：备份{figures.backup}恢复完整，{figures.rows}行，审计日志{figures.audit_entries}条，根{figures.audit_root[:16]}…\n"
        f"RPO {figures.rpo_seconds / 60:.1f}分钟：现在出事，会丢掉这么久的数据（历次备份最长间隔{figures.longest_gap_seconds / 60:.1f}分钟）。\n"
        f"RTO {figures.rto_seconds:.1f}秒：从打开备份到{'网页应答' if figures.answered else '核对完毕'}。\n"
        f"The drill passed. RPO {figures.rpo_seconds / 60:.1f} min, RTO {figures.rto_seconds:.1f} s."
    )
    for problem in figures.problems:
        print(f"注意 attention: {problem}", file=sys.stderr)
    print(json.dumps({"whole": True, **asdict(figures)}, ensure_ascii=False), flush=True)
    return 0
