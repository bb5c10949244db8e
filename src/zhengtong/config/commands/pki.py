"""`zhengtong pki ceremony FILE`: make the county's keys and authorities; `zhengtong pki renew PURPOSE`: make one of them anew;
`zhengtong pki show`: say what there is.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from zhengtong.kernel.errors import ZhengtongError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for a ceremony the reviewed document."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    ceremony = actions.add_parser("ceremony", help="make root and purpose authorities from a reviewed document")
    ceremony.add_argument("file", type=Path, nargs="?", metavar="FILE", help="default: the document of the demo county")
    ceremony.add_argument("--yes", action="store_true", help="do not ask the two people for their consent")
    renew = actions.add_parser("renew", help="make the key of a purpose or authority anew; two people are asked for")
    renew.add_argument("what", metavar="PURPOSE", help="such as audit, timestamps, papers; or authority:services")
    renew.add_argument("--people", nargs=2, metavar="NAME", help="the two people who are present (default: ask them)")
    actions.add_parser("show", help="authorities, fingerprints, expiry")


def run(options: argparse.Namespace) -> int:
    """Exit 1 with a sentence when something stands in the way; nothing is made then."""
    import django

    django.setup()
    try:
        if options.action == "renew":
            return _renew(options.what, options.people)
        return _ceremony(options.file, asked=not options.yes) if options.action == "ceremony" else _show()
    except ZhengtongError as problem:
        print(problem, file=sys.stderr)
        return 1


def _ceremony(path: Path | None, *, asked: bool) -> int:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.pki import public as pki

    plan = pki.read_ceremony(path) if path else pki.builtin_ceremony()
    print(f"{plan.title}（{plan.place}）")
    for name, post, duty in plan.participants:
        print(f"  {duty}：{name}（{post}）")
        if asked and input("  本人核对仪式文件无误，请输入自己的姓名：").strip() != name:
            print("姓名不符，没有生成任何密钥。", file=sys.stderr)
            return 1
    done = pki.hold_ceremony(plan=plan, at=official_now())
    print(
        "密钥和证书已生成。请核对下面的指纹，两人签字存档，并把根密钥的备份移到离线介质。"
        if done
        else "没有需要生成的，原有密钥不变。"
    )
    return _show()


def _renew(what: str, people: list[str] | None) -> int:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.pki import public as pki

    first, second = people or (input("  操作人姓名："), input("  见证人姓名："))
    what = what if ":" in what else f"purpose:{what}"
    row = pki.renew_together(what=what, people=(first, second), at=official_now())
    if row.done_at is None:
        print("密钥存放处现在连不上。已记下，恢复后由后台自动换发，不会改用别的密钥。", file=sys.stderr)
        return 1
    print(f"已换发 {what}，新证书 {len(row.made)} 张。原证书继续用于核验。")
    return _show()


def _show() -> int:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.pki import public as pki

    print("内部证书，非电子政务电子认证服务")
    import base64

    for row in pki.trust_list()["authorities"]:
        digest = hashlib.sha256(base64.b64decode(row["certificate"])).hexdigest()
        print(f"  {row['name']:<16} {row['not_after'][:10]}  SHA-256 {digest}")
    for one in pki.ending(official_now()):
        print(f"  {one.name}：{one.ends:%Y-%m-%d} 到期，请换发。")
    return 0
