"""`zhengtong clock`: the due day of a legal limit, explained day by day, without a database."""

import argparse
import json
from datetime import date

from zhengtong.config import bare
from zhengtong.kernel.errors import ZhengtongError

LONGEST = 20000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Start day, limit, pauses, extension."""
    parser.add_argument("--start", required=True, metavar="DAY", help="the day the clock starts, e.g. 2018-10-15")
    parser.add_argument("--workdays", required=True, metavar="N", help="the limit in working days")
    parser.add_argument(
        "--suspend",
        action="append",
        default=[],
        metavar="A..B",
        help="a suspension: A still counts, B is its last day; A.. is still running; may be given any number of times",
    )
    parser.add_argument("--extend", default="0", metavar="N", help="working days added by an extension")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")


class _BadInput(Exception):
    """A sentence for the person who typed it."""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _BadInput(f"“{text}”不是日期，请写成2018-10-15的样子。") from None


def _number(text: str, what: str) -> int:
    shown = text.strip()
    if not (shown.isascii() and shown.isdigit() and int(shown) <= LONGEST):
        raise _BadInput(f"{what}“{text}”不对，请写0至{LONGEST}的整数。")
    return int(shown)


def _pause(text: str) -> tuple[date, date | None]:
    first, separator, last = text.partition("..")
    if not separator:
        raise _BadInput(f"暂停区间“{text}”不对，请写成2018-10-17..2018-10-19的样子。")
    return _day(first), _day(last) if last.strip() else None


def run(options: argparse.Namespace) -> int:
    """Print the ledger; exit 2 with a sentence when it cannot be computed."""
    bare.setup()
    from zhengtong.foundation.calendars.values import builtin
    from zhengtong.kernel.legal_clock import Budget, Ledger, Pause, ledger

    def compute() -> Ledger:
        pauses = tuple(Pause(start, end) for start, end in map(_pause, options.suspend))
        limit, extension = _number(options.workdays, "时限"), _number(options.extend, "延长天数")
        return ledger(Budget(_day(options.start), limit, pauses, extension), builtin())

    try:
        result = compute()
    except (_BadInput, ZhengtongError) as refusal:
        print(refusal)
        if options.json:
            print(json.dumps({"due": None, "error": str(refusal)}, ensure_ascii=False))
        return 2
    rows = [{"day": str(r.day), "counts": r.counts, "number": r.number, "why": r.why} for r in result.days]
    for row in rows:
        number = f"第{row['number']:>3}日" if row["counts"] else "   不计"
        print(f"{row['day']}  {number}  {row['why']}")
    print(f"到期日：{f'{result.due}（当日结束时）' if result.due else '暂停中，恢复后才能确定'}")
    if options.json:
        print(json.dumps({"due": str(result.due) if result.due else None, "days": rows}, ensure_ascii=False))
    return 0
