"""`zhengtong restore DIR`: an installation back from its backups, into an empty place."""

import argparse
import json
import os
import sys
from pathlib import Path

from zhengtong.config.backup.progress import Progress
from zhengtong.config.backup.refusals import CannotBackUp
from zhengtong.config.commands.backup import recovery_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From where, which one, where to."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of backups")
    parser.add_argument(
        "--into", metavar="DATA", type=Path, help="data folder to make; absent or empty (default: $DATA or var)"
    )
    parser.add_argument("--backup", metavar="NAME", default="", help="which backup (default: the newest)")
    parser.add_argument("--signer", metavar="FINGERPRINT", default="", help="refuse a backup signed with another key")
    recovery_argument(parser)


def required_recovery(options: argparse.Namespace) -> Path:
    """The recovery key's file. Raises `CannotBackUp` when none is named."""
    if options.recovery is None:
        raise CannotBackUp(
            "请用 --recovery 指明恢复密钥（口令文件或私钥），没有它打不开备份。",
            "Name the recovery key with --recovery (passphrase file or private key): nothing opens without it.",
        )
    return Path(options.recovery)


def run(options: argparse.Namespace) -> int:
    """Restore; exit 1 with a sentence and an unchanged target when it cannot be done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
    try:
        return _run(options)
    except CannotBackUp as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n已停止，目标没有改变。 / Stopped: the target is unchanged.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    from zhengtong.config.backup import recovery
    from zhengtong.config.backup.restore import open_backup, restore

    into = (options.into or Path(os.environ.get("DATA") or "var")).resolve()
    say = Progress()
    reader = open_backup(
        folder=options.folder.resolve(),
        name=options.backup,
        recovery=recovery.read(required_recovery(options)),
        signer=options.signer,
    )
    done = restore(reader=reader, into=into, address=os.environ.get("DATABASE_URL", ""), say=say)
    say.end()
    body = done.manifest.body
    print(
        f"已恢复到{into}：{done.manifest.taken_at.astimezone():%Y-%m-%d %H:%M:%S}的备份，{sum(body['counts'].values())}行，"
        f"审计日志{done.found['audit']['entries']}条完整，用时{say.seconds():.1f}秒。\n"
        f"签名密钥 signer {done.manifest.signer}（请与记下的核对 / compare with your note）\n"
        f"接着：DATA={into} zhengtong manage migrate，再启动两个服务；当时的环境变量见restored-settings。\n"
        f"Next: DATA={into} zhengtong manage migrate, then start both services; settings of then are in restored-settings."
    )
    if not body["keys_included"]:
        print(
            "这份备份不含密钥：登录状态和第二重验证失效，加密的字段读不出；请把密钥放回keys文件夹。\n"
            "This backup holds no keys: put them back into the folder keys, or encrypted fields stay unreadable."
        )
    for problem in body["problems"]:
        print(f"注意 attention: {problem}", file=sys.stderr)
    figures = {"backup": done.manifest.name, "into": str(into), "seconds": round(say.seconds(), 2), "bytes": done.bytes}
    figures |= {"rows": sum(body["counts"].values()), "audit_root": body["audit"]["root"]}
    print(json.dumps(figures, ensure_ascii=False), flush=True)
    return 0
