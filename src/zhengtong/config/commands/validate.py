"""`zhengtong validate`: is this identifier right, and if not, why? Exit 0 or 1; warnings are printed and pass."""

import argparse
from collections.abc import Callable
from datetime import date

from zhengtong.config import bare

KINDS = ("uscc", "resident-id", "matter-code", "case-number", "project-code", "division")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which identifier, and its value."""
    parser.add_argument("kind", choices=KINDS, help="what the value should be")
    parser.add_argument("value", metavar="VALUE", help="the identifier; full-width characters and spaces are put right")
    parser.add_argument(
        "--lawful-exception",
        metavar="REASON",
        default="",
        help="uscc: why a code with a wrong check character is lawful",
    )
    parser.add_argument(
        "--algorithm",
        choices=("", "mod-11-10", "mod-11-2"),
        default="",
        help="project-code: how the check character is computed, where the county knows it (default: layout only)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the finding in sentences; exit 0 when the value is right, 1 when it is not."""
    bare.setup()
    from zhengtong.kernel.identifiers import (
        Finding,
        case_number,
        division,
        matter_code,
        project_code,
        resident_id,
        uscc,
    )

    def of_body(value: str) -> Finding:
        code = uscc.check(value).value
        return uscc.check(value, lawful_exceptions={code: options.lawful_exception.strip()})

    checks: dict[str, tuple[Callable[[str], Finding], Callable[[str], str]]] = {
        "uscc": (of_body, uscc.mask),
        "resident-id": (lambda value: resident_id.check(value, on=date.today()), resident_id.mask),  # noqa: DTZ011
        "matter-code": (matter_code.check, matter_code.mask),
        "case-number": (case_number.check, case_number.mask),
        "project-code": (
            lambda value: project_code.check(value, algorithm=options.algorithm),
            project_code.mask,
        ),
        "division": (division.check, division.mask),
    }
    check, mask = checks[options.kind]
    found = check(options.value)
    for sentence in found.errors:
        print(f"错误：{sentence}")
    for sentence in found.warnings:
        print(f"提示：{sentence}")
    print(f"{mask(found.value) or '（空）'}：{'正确' if found.ok else '不正确'}")
    return 0 if found.ok else 1
