"""`zhengtong verify FILE`: who signed this PDF, signed answer or time-stamp, and was it changed since? Exit 0 when it is good, else 1."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

LARGEST_MB = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and how to answer."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a PDF, a signed answer (JSON) or a time-stamp (DER)")
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print what the signatures prove; 0 when all of it is good, 1 otherwise."""
    try:
        if options.file.stat().st_size > LARGEST_MB * 1024 * 1024:
            return _unread(f"文件超过{LARGEST_MB} MB，没有核验。", as_json=options.json)
        content = options.file.read_bytes()
    except OSError as error:
        return _unread(f"文件读不出来：{error.strerror}。", as_json=options.json)
    import django

    django.setup()
    from django.utils import timezone, translation

    from zhengtong.kernel import official_time
    from zhengtong.security.signatures import public as signatures

    translation.activate("zh-hans")
    now = official_time.now()
    report = signatures.verify_file(content, at=now)
    found = signatures.drawn(report, at=now)
    if options.json:
        print(
            json.dumps(
                {"good": report.good, "verdict": found.verdict, **asdict(report)}, default=_plain, ensure_ascii=False
            )
        )
        return 0 if report.good else 1
    print(f"{found.verdict}：{found.sentence}")
    for problem in report.problems:
        print(f"问题：{problem}")
    for name in found.missing:
        print(f"问题：缺少{name}：签发时有，现在不在了。")
    for name, one in found.lines:
        print(f"{'有效' if one.good and one.ours else '不能采信'}  {name}")
        for label, value in (("签名人", one.signer), ("职务", one.post), ("证书签发者", one.issuer)):
            if value:
                print(f"    {label}：{value}")
        for label, moment in (("签名时间", one.signed_at), ("时间戳", one.stamped_at)):
            if moment:
                print(f"    {label}：{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}")
        for problem in one.problems:
            print(f"    问题：{problem}")
    if found.archive:
        print(f"存档时间戳：{found.archive}")
    return 0 if report.good else 1


def _unread(sentence: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"good": False, "verdict": "", "problems": [sentence]}, ensure_ascii=False))
    else:
        print(sentence, file=sys.stderr)
    return 1


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
