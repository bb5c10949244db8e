"""`zhengtong witness`: watch a county's audit log from outside, in a folder of its own; refuses a log that was cut or rewritten."""

import argparse
import sys
import time
from pathlib import Path

from zhengtong.security.audit import witness
from zhengtong.security.audit.witness import Refused, Witness


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and where the witness keeps its things."""
    parser.add_argument("action", choices=["init", "run", "compare"])
    parser.add_argument("folder", type=Path, help="the witness's own folder: key, log, last checkpoint")
    parser.add_argument("--name", default="", help="init: the witness's name, such as audit-office.county.example/w1")
    parser.add_argument(
        "--log",
        default="",
        help="init: address of the log, such as https://county.example/audit/log/; run: the log stands here now",
    )
    parser.add_argument("--log-key", type=Path, help="init: file with the log's public keys (else the log is asked)")
    parser.add_argument("--once", action="store_true", help="run: look once and stop")
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="run: default 60")
    parser.add_argument("--quiet", action="store_true", help="run: say only that a log was cut, rewritten or forked")
    parser.add_argument("--with", dest="other", type=Path, help="compare: checkpoint file of another witness")


def run(options: argparse.Namespace) -> int:
    """0: done; 1: the log does not answer or the input is wrong; 2: the log was cut, rewritten or forked."""
    try:
        if options.action == "init":
            return _init(options)
        found = Witness(options.folder, witness.over_http(options.log) if options.log else None)
        if options.action == "compare":
            found.compare(options.other.read_text(encoding="utf-8") if options.other else "")
            print("两份检查点属于同一个日志。 Both checkpoints belong to one log.")
            return 0
        return _run(found, once=options.once, seconds=options.every, quiet=options.quiet)
    except (Refused, OSError) as refused:
        return _say(refused)


def _init(options: argparse.Namespace) -> int:
    lines = options.log_key.read_text(encoding="utf-8").split() if options.log_key else []
    made = witness.establish(options.folder, name=options.name, address=options.log, log_keys=lines)
    print("把下面一行交给县里登记（zhengtong audit add-witness）。 Hand this line to the county:")
    print(made.key.vkey)
    print("请与县里另行公布的公钥核对。 Compare with the keys the county published elsewhere:")
    for key in made.log_keys:
        print(key.vkey)
    return 0


def _run(found: Witness, *, once: bool, seconds: float, quiet: bool) -> int:
    while True:
        try:
            seen = found.look()
            if not quiet:
                print(f"已联署 cosigned {seen.size} {witness.b64(seen.sha256)}", flush=True)
        except Refused as refused:
            if once or refused.grave:
                return _say(refused)
            if not quiet:
                _say(refused)
        if once:
            return 0
        time.sleep(seconds)


def _say(refused: Exception) -> int:
    print(refused, file=sys.stderr, flush=True)
    return 2 if getattr(refused, "grave", False) else 1
