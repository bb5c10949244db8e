"""`zhengtong verify-receipt FILE`: is this receipt genuine? Needs the county's public key, nothing else: no network, no database."""

import argparse
import json
import sys
from pathlib import Path

MOST_BYTES = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The receipt, and whose signature is believed."""
    parser.add_argument("file", type=Path, help="a .tlog-proof file, or a file with the text of the QR code")
    parser.add_argument(
        "--key", type=Path, help="file with the log's public keys, a line each (default: this installation's own)"
    )


def run(options: argparse.Namespace) -> int:
    """0 when it is genuine, 1 with the reason when not."""
    from zhengtong.security.audit import notes, receipts
    from zhengtong.security.audit.merkle import Misfit

    try:
        keys = [notes.parse_vkey(line) for line in _key_lines(options.key)]
        text = options.file.read_bytes()[:MOST_BYTES].decode("utf-8")
        found = receipts.check(text, keys)
    except (OSError, notes.BadNote, Misfit, ValueError) as error:
        print(f"不可信：{error}\nNOT GENUINE: {error}", file=sys.stderr)
        return 1
    print(f"真实。日志 {found.origin} 第 {found.seq} 条，检查点 {found.size} 条。")
    print(f"GENUINE. Entry {found.seq} of {found.size} in the log {found.origin}.")
    print(json.dumps(json.loads(found.entry), ensure_ascii=True))
    return 0


def _key_lines(path: Path | None) -> list[str]:
    if path is not None:
        return path.read_text(encoding="utf-8").split()
    import django

    django.setup()
    from zhengtong.security.audit.signing import known_keys

    return [key.vkey for key in known_keys()]
