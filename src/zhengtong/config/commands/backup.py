"""`zhengtong backup DIR`: the whole installation into a folder, encrypted, signed and proved; only what is new is written."""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zhengtong.config.backup.progress import Progress
from zhengtong.config.backup.refusals import CannotBackUp


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, with which recovery key, and what may go afterwards."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of backups; made when it is not there")
    recovery_argument(parser)
    parser.add_argument(
        "--new-recovery", metavar="FILE", type=Path, help="first make a recovery passphrase in FILE, then use it"
    )
    parser.add_argument("--without-keys", action="store_true", help="leave the keys folder and secrets out")
    parser.add_argument(
        "--copy", metavar="DIR2", type=Path, help="also add what is new to a second folder; never removes there"
    )
    parser.add_argument(
        "--keep", metavar="N", type=int, help="afterwards remove old backups but the newest N (at least 3)"
    )
    parser.add_argument(
        "--keep-days",
        metavar="D",
        type=int,
        default=30,
        help="--keep removes nothing younger than D days (default: 30)",
    )


def recovery_argument(parser: argparse.ArgumentParser) -> None:
    """Which key opens the backups; shared by `restore` and `drill`."""
    parser.add_argument(
        "--recovery",
        metavar="FILE",
        type=Path,
        default=os.environ.get("ZHENGTONG_RECOVERY") or None,
        help="passphrase file or P-256 key in PEM (default: $ZHENGTONG_RECOVERY)",
    )


def run(options: argparse.Namespace) -> int:
    """Back up; exit 1 with a sentence when it was not made, 3 when it was made of an installation that is damaged."""
    try:
        return _run(options)
    except CannotBackUp as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\n已停止，这次没有备份成，以前的备份完好。 / Stopped: no backup was made, earlier ones are whole.",
            file=sys.stderr,
        )
        return 130


def _run(options: argparse.Namespace) -> int:
    import django
    from django.conf import settings

    django.setup()
    from zhengtong.config.backup import recovery
    from zhengtong.config.backup.repository import Repository
    from zhengtong.config.backup.take import take

    data = Path(settings.DATA)
    key = _recovery_file(options, data)
    if options.new_recovery:
        recovery.make_passphrase(key)
        print(f"已生成恢复密钥{key}：请抄写或拷贝两份，存进保险柜，不要留在这台机器上。 / Keep copies of it in a safe.")
    now = datetime.now(UTC)
    say = Progress()
    taken = take(
        data=data,
        database=settings.DATABASES["default"],
        into=options.folder.resolve(),
        recovery=recovery.read(key),
        with_keys=not options.without_keys,
        at=now,
        say=say,
    )
    say.end()
    figures: dict[str, Any] = {
        "backup": taken.manifest.name,
        "seconds": round(say.seconds(), 2),
        "bytes": sum(taken.manifest.body["bytes"].values()),
        "new_bytes": taken.new_bytes,
        "new_pieces": taken.new_pieces,
        "resumed_pieces": taken.resumed,
        "rows": sum(taken.manifest.body["counts"].values()),
        "audit_entries": taken.manifest.body["audit"]["entries"],
        "audit_root": taken.manifest.body["audit"]["root"],
        "signer": taken.manifest.signer,
        "problems": len(taken.problems),
    }
    repository = Repository(options.folder.resolve())
    with repository.held():
        _afterwards(options, repository, figures, now)
    _tell(options, figures, taken.problems)
    return 3 if taken.problems else 0


def _recovery_file(options: argparse.Namespace, data: Path) -> Path:
    path = options.new_recovery or options.recovery
    if path is None:
        raise CannotBackUp(
            "请指明恢复密钥：--recovery 文件，或环境变量ZHENGTONG_RECOVERY；第一次用 --new-recovery 文件 生成。",
            "Name the recovery key: --recovery FILE or $ZHENGTONG_RECOVERY; make the first one with --new-recovery FILE.",
        )
    path = Path(path).resolve()
    folders = (data.resolve(), options.folder.resolve())
    if any(path.is_relative_to(folder) for folder in folders):
        raise CannotBackUp(
            f"恢复密钥不能放在数据文件夹或备份文件夹里（{path}）：和它们一起丢了，备份就打不开。请放到别处。",
            f"The recovery key may not lie in the data or the backup folder ({path}): lost with them, nothing opens.",
        )
    if any(options.folder.resolve().is_relative_to(folder) for folder in folders[:1]):
        raise CannotBackUp(
            "备份文件夹不能在数据文件夹里面。请放到另一块磁盘上。",
            "The folder of backups may not lie in the data folder. Put it on another disk.",
        )
    return path


def _afterwards(options: argparse.Namespace, repository: Any, figures: dict[str, Any], now: datetime) -> None:
    from zhengtong.config.backup.repository import Repository

    if options.copy:
        other = Repository(options.copy.resolve())
        try:
            with other.held():
                figures["copied_files"] = repository.copy_to(other)
        except OSError as error:
            raise CannotBackUp(
                f"备份已做好，但没有拷贝到{options.copy}：{error.strerror}。",
                f"The backup is made, but was not copied to {options.copy}: {error.strerror}.",
            ) from None
    if options.keep is not None:
        figures["removed"] = repository.prune(keep=options.keep, days=options.keep_days, now=now)


def _tell(options: argparse.Namespace, figures: dict[str, Any], problems: list[str]) -> None:
    megabytes, new = figures["bytes"] / 2**20, figures["new_bytes"] / 2**20
    print(
        f"备份{figures['backup']}已做好并读回核对：共{megabytes:.1f} MB，新写{new:.1f} MB，"
        f"{figures['rows']}行，审计记录{figures['audit_entries']}条，用时{figures['seconds']}秒。\n"
        f"Backup made and proved: {megabytes:.1f} MB in all, {new:.1f} MB new, {figures['rows']} rows.\n"
        f"签名密钥 signer {figures['signer']}（请与恢复密钥记在一起 / note it beside the recovery key）"
    )
    if options.without_keys:
        print(
            "没有包含密钥：恢复后，加密的字段要另有密钥才能读。 / Without keys: encrypted fields need them from elsewhere."
        )
    for problem in problems:
        print(f"注意 attention: {problem}", file=sys.stderr)
    print(json.dumps(figures, ensure_ascii=False), flush=True)
