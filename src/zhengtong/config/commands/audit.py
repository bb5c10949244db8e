"""`zhengtong audit`: sign, check and export the audit log; register a witness."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser(
        "export", help="write checkpoint, keys and tiles of hashes (C2SP tlog-tiles) to a folder"
    )
    export.add_argument("folder", type=Path)
    actions.add_parser("verify", help="check every entry and every signed checkpoint")
    actions.add_parser("checkpoint", help="sign the log as it stands")
    actions.add_parser("keys", help="print the public keys of the log")
    witness = actions.add_parser("add-witness", help="register the key of a witness")
    witness.add_argument("vkey", help="the line that `zhengtong witness init` printed")


def run(options: argparse.Namespace) -> int:
    """0 when it went well, 1 with the reason when not."""
    import django

    django.setup()
    from zhengtong.kernel.errors import ZhengtongError

    actions = {"export": _export, "verify": _verify, "checkpoint": _checkpoint, "keys": _keys, "add-witness": _add}
    try:
        return actions[options.action](options)
    except ZhengtongError as refusal:
        print(refusal.message, file=sys.stderr)
        return 1


def _export(options: argparse.Namespace) -> int:
    from zhengtong.security.audit.export import export

    size, files = export(options.folder)
    print(f"{size} 条，{files} 个文件，写在 {options.folder}。 {size} entries in {files} files.")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from zhengtong.security.audit import public as audit

    found = audit.verify()
    print(f"已核对 {found.checked} 条，{found.checkpoints} 个检查点。 {found.checked} entries checked.")
    if not found.whole:
        print(found.reason, file=sys.stderr)
    return 0 if found.whole else 1


def _checkpoint(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from zhengtong.security.audit import operations

    _require_name()
    made = operations.checkpoint(at=timezone.now())
    print(made.note if made else "没有新记录。 Nothing new.")
    return 0


def _require_name() -> None:
    """Nothing was signed yet: the first checkpoint gives the log its name for good, so the public address must be said, not guessed."""
    import os

    from django.utils.translation import gettext as _

    from zhengtong.kernel.errors import Refusal
    from zhengtong.security.audit import public as audit

    if audit.last_checkpoint() is None and not os.environ.get("ZHENGTONG_URL"):
        raise Refusal(
            _(
                "日志还没有签过检查点，第一个检查点决定日志的名称，以后不能改。请先设置 ZHENGTONG_URL 为公开网址，再运行本命令。"
            )
        )


def _keys(options: argparse.Namespace) -> int:
    from zhengtong.security.audit.signing import log_keys

    _require_name()
    for key in log_keys():
        print(key.vkey)
    return 0


def _add(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from zhengtong.security.audit import operations

    print(f"已登记 registered {operations.add_witness(vkey=options.vkey, at=timezone.now()).name}")
    return 0
