"""`zhengtong doctor`: is this deployment safe and sound, and if not, what is to be mended? Exit 0, or 1 with a fault."""

import argparse
import json

MARKS = {"fine": "✓", "care": "!", "fault": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to print."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")


def run(options: argparse.Namespace) -> int:
    """Examine everything; faults make the exit status 1, what only needs care does not."""
    import django

    django.setup()
    from zhengtong.config import checkup

    findings = list(checkup.examine())
    faults = sum(one.level == checkup.FAULT for one in findings)
    if options.json:
        rows = [{"key": f.key, "level": f.level, "said": f.said, "mend": f.mend} for f in findings]
        print(json.dumps({"ok": not faults, "faults": faults, "findings": rows}, ensure_ascii=False))
        return 1 if faults else 0
    for one in findings:
        print(f"{MARKS[one.level]} {one.said}")
        if one.mend:
            print(f"    怎么办：{one.mend}")
    care = sum(one.level == checkup.CARE for one in findings)
    print(f"共{len(findings)}项：{faults}项要改，{care}项请留意。")
    return 1 if faults else 0
