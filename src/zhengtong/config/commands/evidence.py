"""`zhengtong evidence`: the tables of ASVS 5.0 and 等保 8.1.4, each row with its test and what became of it in the last run."""

import argparse
import json
from pathlib import Path

from zhengtong.config import evidence

MARKS = {"passed": "✓", "failed": "✗", "skipped": "✗", "missing": "✗", evidence.NOT_RUN: "?", "": " "}
KINDS = {"test": "测试", "document": "文档", "reason": "说明", "absent": "不适用"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which tables, from where, in which form."""
    root = Path(__file__).resolve().parents[4]
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="asvs, mlps, plan (default: all)")
    parser.add_argument("--folder", type=Path, default=root / "docs" / "evidence", help="where the tables are")
    parser.add_argument(
        "--results", type=Path, default=root / "build" / "evidence" / "results.json", help="what the last tests wrote"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the tables; exit 1 when a row is open (its test failed, was skipped or is missing), 2 without a table."""
    chosen = options.tables or list(evidence.TABLES)
    if unknown := [name for name in chosen if name not in evidence.TABLES]:
        print(f"没有这张表：{'、'.join(unknown)}。可选：{'、'.join(evidence.TABLES)}。")
        return 2
    missing = [evidence.TABLES[name] for name in chosen if not (options.folder / evidence.TABLES[name]).exists()]
    if missing:
        print(f"{options.folder}里没有{'、'.join(missing)}。请在源代码目录里运行，或用--folder指明。")
        return 2
    outcomes = evidence.results(options.results)
    root = options.folder.resolve().parents[1]
    tree = root if (root / "tests").is_dir() else None
    found = {n: evidence.join(evidence.rows(options.folder / evidence.TABLES[n]), outcomes, tree) for n in chosen}
    if options.json:
        tables = {n: [_as_data(one) for one in shown] for n, shown in found.items()}
        print(json.dumps({"tables": tables}, ensure_ascii=False))
    else:
        for name, shown in found.items():
            _print(evidence.TITLES[name], shown)
    return 1 if any(one.open for shown in found.values() for one in shown) else 0


def _as_data(one: evidence.Shown) -> dict[str, object]:
    return {**vars(one.row), "outcome": one.outcome, "day": one.ran_on, "open": one.open}


def _print(title: str, shown: list[evidence.Shown]) -> None:
    print(title)
    for one in shown:
        row = one.row
        day, missing = f"{one.ran_on} " if one.ran_on else "", "未完成 " if one.open else ""
        print(
            f"{MARKS[one.outcome]} {row.id:<9} {row.level:<3} {day}{missing}{KINDS[row.kind]}  {row.demand} ← {row.evidence}"
        )
    said = evidence.counts(shown)
    tests = sum(number for kind, number in said.items() if kind.startswith("test"))
    print(
        f"共{len(shown)}条：测试{tests}（通过{said.get('test passed', 0)}，失败{said.get('test failed', 0)}，"
        f"未运行{said.get('test not run', 0)}），文档{said.get('document', 0)}，说明{said.get('reason', 0)}，"
        f"不适用{said.get('absent', 0)}；适用的有{evidence.share(one.row for one in shown):.1%}由测试说明，"
        f"未完成{sum(one.open for one in shown)}。\n"
    )
