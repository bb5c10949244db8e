"""`zhengtong vault`: the state of the keys; turn the data key over; change the master key; erase a person."""

import argparse
import sys
import time

NOTICED = 22.0
"""Seconds after which every process seals by the new key: each looks at the queue again after twenty."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and for whom."""
    parser.add_argument("what", choices=["status", "rotate", "master", "erase", "erase-again"])
    parser.add_argument(
        "--algorithm", choices=["aes", "sm4"], default="", help="of the new data key (default: setting)"
    )
    parser.add_argument("--person", type=int, help="erase: the account's number")
    parser.add_argument("--basis", default="", help="erase: the ground, such as a request or an article of law")


def run(options: argparse.Namespace) -> int:
    """Carry it out; 0 when done, 1 when refused."""
    import django

    django.setup()
    from zhengtong.kernel.errors import ZhengtongError

    verbs = {"status": _status, "rotate": _rotate, "master": _master, "erase": _erase, "erase-again": _erase_again}
    try:
        verbs[options.what](options)
    except ZhengtongError as refused:
        print(refused.message, file=sys.stderr)
        return 1
    return 0


def _status(options: argparse.Namespace) -> None:
    from zhengtong.security.vault.models import DataKey, Rotation

    for row in DataKey.objects.order_by("number"):
        print(f"{row.number:5d}  {row.get_purpose_display()}  {row.get_algorithm_display()}  {row.get_state_display()}")
    for rotation in Rotation.objects.filter(finished_at__isnull=True):
        print(f"轮换到 {rotation.key.number}：{rotation.rows} 条记录，{rotation.files} 个文件 {rotation.progress}")


def _rotate(options: argparse.Namespace) -> None:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.vault import public as vault

    rotation = vault.start_rotation(by=None, at=official_now(), algorithm=options.algorithm)
    if not rotation.progress:
        print(f"密钥 {rotation.key.number} 已启用，等各进程都换用后开始。", flush=True)
        time.sleep(NOTICED)
    counted: dict[str, int] = {}

    def tell(what: str, done: int) -> None:
        counted[what] = counted.get(what, 0) + done
        print(f"\r{what} {counted[what]}", end="", flush=True)

    while not vault.carry_on(rotation=rotation, by=None, at=official_now(), progress=tell):
        time.sleep(NOTICED)
    rotation.refresh_from_db()
    print(f"\n已轮换到密钥 {rotation.key.number}：{rotation.rows} 条记录，{rotation.files} 个文件。")


def _master(options: argparse.Namespace) -> None:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.vault import public as vault

    print(f"主密钥已更换为 {vault.change_master_key(by=None, at=official_now())}。")


def _erase(options: argparse.Namespace) -> None:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.vault import public as vault

    rows = vault.erase_person(person_id=options.person or 0, basis=options.basis, by=None, at=official_now())
    print(f"已按规定删除：{rows} 条记录中的个人信息不能再读出。")


def _erase_again(options: argparse.Namespace) -> None:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.vault import public as vault

    print(f"{vault.erase_again(at=official_now())} 条记录。")
