"""`zhengtong advisories PATH`: known holes of the pinned packages. Exit 0: none; 1: some; 2: the advisories clear nobody."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from zhengtong.config import advisories
from zhengtong.config.commands import sbom


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the advisories are, and which lock file."""
    root = Path(__file__).resolve().parents[4]
    parser.add_argument("source", type=Path, metavar="PATH", help="a folder or ZIP archive of OSV files (PyPI)")
    parser.add_argument("--lock", type=Path, default=root / "requirements.lock", help="the lock file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print what is found, the most urgent first."""
    now = datetime.now(UTC)
    if not options.lock.exists():
        print(f"没有找到{options.lock}。请在源代码目录里运行，或用--lock指明。")
        return 2
    bill = sbom.document(options.lock.read_text(encoding="utf-8"))
    pinned = {one["name"]: one["version"] for one in bill["components"]}
    try:
        answer = advisories.examine(pinned, options.source)
    except (OSError, ValueError, KeyError) as error:
        print(f"读不了{options.source}里的漏洞公告（{type(error).__name__}）。须是OSV格式的JSON文件夹或ZIP。")
        return 2
    if options.json:
        rows = [{**vars(hole), "due": hole.due.isoformat(), "overdue": hole.due < now} for hole in answer.holes]
        print(json.dumps({"read": answer.read, "newest": str(answer.newest), "holes": rows}, ensure_ascii=False))
    else:
        for hole in answer.holes:
            late = "，已过期限" if hole.due < now else ""
            print(
                f"✗ {hole.package} {hole.version}：{hole.advisory}（{hole.severity}）{hole.summary}，"
                f"应在{hole.due.date().isoformat()}前修补{late}。"
            )
    if answer.newest is None or now - answer.newest > advisories.TOO_OLD:
        print(f"公告最新的是{answer.newest and answer.newest.date()}，太旧，不能据此放行。请取最新的公告再运行。")
        return 2
    if not options.json:
        print(f"对照了{len(pinned)}个组件和{answer.read}条公告，发现{len(answer.holes)}个已知漏洞。")
    return 1 if answer.holes else 0
